#ifndef MASKSCOPE_TRAIN_SETTINGS_H_
#define MASKSCOPE_TRAIN_SETTINGS_H_

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "train/training_loop.h"

// A training's settings as text: groups of named values, in a run's args.yaml (all of them) and in recipes (those that
// differ from the defaults). An options struct names its fields once, in a function VisitFields(options, visit) that
// calls visit(group, name, field) for each.
namespace maskscope {

// What a YAML file holds, as JSON: maps, lists, and scalars that are whole numbers, numbers, true, false, null or text
// (quoted scalars are text). Errors: kNotFound, kUnreadable, kBadData with the line; kTooLarge above 1 MiB.
nlohmann::json ReadYaml(const std::filesystem::path& path);
// Groups on lines of their own, values after their names; read back by ReadYaml as it was.
std::string ToYaml(const nlohmann::json& json);

// Errors: kBadData for a group or a name in `json` that is not among `known` ([group, name]), with the nearest.
void RefuseUnknownSettings(const nlohmann::json& json, const std::vector<std::pair<std::string, std::string>>& known,
                           const std::string& source);

inline std::string_view EnumText(OptimizerKind kind) { return OptimizerName(kind); }
inline std::string_view EnumText(ScheduleKind kind) { return ScheduleName(kind); }
inline void ParseEnum(const std::string& text, OptimizerKind& kind) { kind = ParseOptimizer(text); }
inline void ParseEnum(const std::string& text, ScheduleKind& kind) { kind = ParseSchedule(text); }

namespace settings_internal {

template <typename Field>
nlohmann::json ToSetting(const Field& field) {
  if constexpr (std::is_enum_v<Field>) {
    return EnumText(field);  // found by its argument: other headers add theirs
  } else if constexpr (std::is_same_v<Field, std::filesystem::path>) {
    return field.string();
  } else if constexpr (std::is_same_v<Field, float>) {
    return std::stod(fmt::format("{}", field));  // 0.1, not the 17 digits of the float nearest to it
  } else {
    return field;
  }
}

template <typename Field>
void FromSetting(const nlohmann::json& value, Field& field) {
  if constexpr (std::is_enum_v<Field>) {
    ParseEnum(value.get<std::string>(), field);
  } else if constexpr (std::is_same_v<Field, std::filesystem::path>) {
    field = value.get<std::string>();
  } else {
    field = value.get<Field>();
  }
}

}  // namespace settings_internal

// All fields that `visit_fields(visitor)` names, in groups.
template <typename VisitFields>
nlohmann::json WriteSettings(VisitFields&& visit_fields) {
  nlohmann::json json = nlohmann::json::object();
  visit_fields([&](const char* group, const char* name, const auto& field) {
    json[group][name] = settings_internal::ToSetting(field);
  });
  return json;
}

// The group "run" says what the settings are of: put in, and checked and taken out. A recipe may leave it out. Errors:
// kBadData when `json` is of another task.
void SetTask(nlohmann::json& json, const std::string& task);
nlohmann::json WithoutTask(const nlohmann::json& json, const std::string& task, const std::string& source);

// Settings as a model's record tells them: without the paths and cores of the machine it was made on.
nlohmann::json RecipeForRecord(nlohmann::json settings);

// Sets the fields that `json` has; the others stay. Errors: kBadData naming source, group and name.
template <typename VisitFields>
void ReadSettings(const nlohmann::json& json, const std::string& source, VisitFields&& visit_fields) {
  std::vector<std::pair<std::string, std::string>> known;
  visit_fields([&](const char* group, const char* name, auto& field) {
    known.emplace_back(group, name);
    if (!json.contains(group) || !json[group].contains(name)) return;
    try {
      settings_internal::FromSetting(json[group][name], field);
    } catch (const std::exception& error) {
      throw Error{ErrorKind::kBadData, source + ": " + group + ": " + name + ": " + error.what()};
    }
  });
  RefuseUnknownSettings(json, known, source);
}

// The fields of LoopOptions, group "training".
template <typename Options, typename Visitor>
void VisitLoopFields(Options& loop, Visitor&& visit) {
  constexpr const char* kGroup = "training";
  visit(kGroup, "epochs", loop.epochs);
  visit(kGroup, "patience", loop.patience);
  visit(kGroup, "threads", loop.threads);
  visit(kGroup, "seed", loop.seed);
  visit(kGroup, "device", loop.device);
  visit(kGroup, "precision", loop.precision);
  visit(kGroup, "schedule", loop.schedule.kind);
  visit(kGroup, "learning_rate", loop.schedule.peak);
  visit(kGroup, "warm_share", loop.schedule.warm_share);
  visit(kGroup, "start_divisor", loop.schedule.start_divisor);
  visit(kGroup, "final_divisor", loop.schedule.final_divisor);
  visit(kGroup, "step_share", loop.schedule.step_share);
  visit(kGroup, "gamma", loop.schedule.gamma);
  visit(kGroup, "optimizer", loop.optimizer.kind);
  visit(kGroup, "weight_decay", loop.optimizer.weight_decay);
  visit(kGroup, "momentum", loop.optimizer.momentum);
  visit(kGroup, "beta1", loop.optimizer.beta1);
  visit(kGroup, "beta2", loop.optimizer.beta2);
  visit(kGroup, "epsilon", loop.optimizer.epsilon);
  visit(kGroup, "clip_norm", loop.optimizer.clip_norm);
  visit(kGroup, "average_decay", loop.average_decay);
  visit(kGroup, "batch_norm_momentum", loop.batch_norm_momentum);
  visit(kGroup, "joined_statistics", loop.joined_statistics);
}

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_SETTINGS_H_
