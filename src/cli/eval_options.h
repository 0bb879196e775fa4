#ifndef MASKSCOPE_CLI_EVAL_OPTIONS_H_
#define MASKSCOPE_CLI_EVAL_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/analysis_options.h"
#include "cli/command.h"
#include "data/formats/labelled_parts.h"
#include "evaluate/analyze_set.h"
#include "graph/model_record.h"

// What the commands that measure have in common.
namespace maskscope {

struct DataOptions {
  std::string data, split = "test";
  std::vector<std::string> sets;
  double validation_share = 0.1;
  uint64_t validation_seed = 1;
};
// Returns the option that names the data, which is required.
CLI::Option* AddDataOptions(CLI::App& app, DataOptions& options, const std::string& name = "--data");

// Where numbers go.
struct EvalOutput {
  std::string json, markdown, report;
  int resamples = 1000;
  int gallery = 24;
};
void AddEvalOutput(CLI::App& app, EvalOutput& output);
// What can be known to be wrong before anything is measured. Errors: kUsage.
void CheckEvalOutput(const EvalOutput& output);

// Errors: kUsage with the nearest name.
DatasetSplit SplitToRead(const DataOptions& options);
inline ValidationRule RuleOf(const DataOptions& options) { return {options.validation_share, options.validation_seed}; }

// What was asked for out of all that was read. Errors: kUsage naming a set that is not there; kBadData when nothing is
// left.
template <typename Item>
std::vector<Item> ChooseSets(std::vector<Item> items, const DataOptions& options) {
  std::set<std::string> known;
  for (const Item& item : items) known.insert(item.set);
  for (const std::string& set : options.sets) {
    if (known.count(set) > 0) continue;
    std::string names;
    for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
    throw Error(ErrorKind::kUsage, "--set: there is no '" + set + "' in this split, only " + names);
  }
  std::erase_if(items, [&](const Item& item) {
    return !options.sets.empty() && std::find(options.sets.begin(), options.sets.end(), item.set) == options.sets.end();
  });
  if (items.empty()) {
    throw Error(ErrorKind::kBadData, "'" + options.data + "' has no pictures to measure on in the split '" +
                                         options.split + "'; --split names another");
  }
  return items;
}

inline std::vector<LabelledImage> ScenesToMeasure(const DataOptions& options) {
  return ChooseSets(ReadScenesToMeasure(options.data, SplitToRead(options), RuleOf(options)), options);
}
inline std::vector<LabelledCrop> CropsToMeasure(const DataOptions& options) {
  return ChooseSets(ReadFacesToMeasure(options.data, SplitToRead(options), RuleOf(options)), options);
}

// At most `most` (0 = all), evenly out of all, so that every set has its share.
std::vector<LabelledImage> ThinOut(std::vector<LabelledImage> images, int most);

// Where the page lies that was written into `folder`.
void SayReport(const std::string& folder, const CommandContext& context);

StepCallback Steps(Progress& progress, const CommandContext& context);

nlohmann::ordered_json DescribeModel(const ModelRecord& record, const std::string& file);

// Names and values of settings, as a report shows them.
using Settings = std::vector<std::pair<std::string, std::string>>;
// Data, split and sets.
Settings DataSettings(const DataOptions& options);
// From when on a face is unsure.
void AddUnsureSettings(const AnalysisOptions& options, const Thresholds& record, Settings& settings);

// Subcommands of eval.
void AddEvalScenesCommand(CLI::App& group, CommandContext& context);
void AddEvalCropsCommand(CLI::App& group, CommandContext& context);
void AddEvalThresholdsCommand(CLI::App& group, CommandContext& context);
void AddEvalCorruptCommand(CLI::App& group, CommandContext& context);
void AddEvalSiteCommand(CLI::App& group, CommandContext& context);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_EVAL_OPTIONS_H_
