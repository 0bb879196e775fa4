#include "train/settings.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/files.h"

namespace maskscope {

namespace {

constexpr int64_t kMostBytes = int64_t{1} << 20;

template <typename Number>
bool ReadsAs(const std::string& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  return failure == std::errc() && rest == end;
}

nlohmann::json ScalarToJson(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  int64_t whole = 0;
  if (ReadsAs(text, whole)) return whole;
  double number = 0;
  if (ReadsAs(text, number) && std::isfinite(number)) return number;
  return text;
}

nlohmann::json NodeToJson(const YAML::Node& node) {
  if (node.IsSequence()) {
    nlohmann::json list = nlohmann::json::array();
    for (const YAML::Node& item : node) list.push_back(NodeToJson(item));
    return list;
  }
  if (node.IsMap()) {
    nlohmann::json map = nlohmann::json::object();
    for (const auto& pair : node) map[pair.first.as<std::string>()] = NodeToJson(pair.second);
    return map;
  }
  return node.IsScalar() ? ScalarToJson(node) : nlohmann::json();
}

void Emit(const nlohmann::json& json, YAML::Emitter& out) {
  if (json.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [name, value] : json.items()) {
      out << YAML::Key << name << YAML::Value;
      Emit(value, out);
    }
    out << YAML::EndMap;
  } else if (json.is_array()) {
    out << YAML::Flow << YAML::BeginSeq;
    for (const nlohmann::json& value : json) Emit(value, out);
    out << YAML::EndSeq;
  } else if (json.is_string()) {
    // In quotes, so that a folder called 12 or true stays a text.
    out << YAML::DoubleQuoted << json.get_ref<const std::string&>();
  } else {
    out << json.dump();
  }
}

}  // namespace

nlohmann::json ReadYaml(const std::filesystem::path& path) {
  const std::string text = ReadFileText(path, kMostBytes);
  try {
    return NodeToJson(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    throw Error{ErrorKind::kBadData,
                path.string() + ": line " + std::to_string(error.mark.line + 1) + ": " + error.msg};
  }
}

std::string ToYaml(const nlohmann::json& json) {
  YAML::Emitter out;
  Emit(json, out);
  return std::string(out.c_str()) + "\n";
}

void SetTask(nlohmann::json& json, const std::string& task) { json["run"] = {{"task", task}}; }

nlohmann::json WithoutTask(const nlohmann::json& json, const std::string& task, const std::string& source) {
  nlohmann::json settings = json;
  if (!settings.is_object() || !settings.contains("run")) return settings;
  const nlohmann::json& run = settings["run"];
  if (!run.is_object() || !run.contains("task") || run["task"] != task) {
    throw Error{ErrorKind::kBadData, source + " is of a training of another kind, not '" + task + "': " + run.dump()};
  }
  settings.erase("run");
  return settings;
}

nlohmann::json RecipeForRecord(nlohmann::json settings) {
  const auto file_name = [](nlohmann::json& group, const char* name) {
    if (group.contains(name)) group[name] = std::filesystem::path(group[name].get<std::string>()).filename().string();
  };
  settings["data"].erase("data");
  settings["data"].erase("extra");
  settings["training"].erase("threads");
  settings["training"].erase("device");
  file_name(settings["network"], "init");
  file_name(settings["data"], "teacher");
  if (settings.contains("loss")) file_name(settings["loss"], "teacher");
  return settings;
}

void RefuseUnknownSettings(const nlohmann::json& json, const std::vector<std::pair<std::string, std::string>>& known,
                           const std::string& source) {
  const auto hint = [](const std::string& word, const std::vector<std::string>& candidates) {
    const std::string nearest = NearestWord(word, candidates);
    return nearest.empty() ? std::string() : "; did you mean '" + nearest + "'?";
  };
  if (!json.is_object()) throw Error{ErrorKind::kBadData, source + " is not a list of named settings"};
  std::vector<std::string> groups;
  for (const auto& [group, name] : known) groups.push_back(group);
  for (const auto& [group, values] : json.items()) {
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) {
      throw Error{ErrorKind::kBadData, source + ": '" + group + "' is not known" + hint(group, groups)};
    }
    if (!values.is_object()) throw Error{ErrorKind::kBadData, source + ": '" + group + "' must hold named settings"};
    std::vector<std::string> names;
    for (const auto& [of, name] : known) {
      if (of == group) names.push_back(name);
    }
    for (const auto& [name, value] : values.items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        throw Error{ErrorKind::kBadData, source + ": " + group + ": '" + name + "' is not known" + hint(name, names)};
      }
    }
  }
}

}  // namespace maskscope
