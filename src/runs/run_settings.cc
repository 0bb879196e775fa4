#include "runs/run_settings.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cmath>
#include <cstdlib>
#include <system_error>

#include "base/error.h"
#include "base/files.h"

namespace maskscope {
namespace {

constexpr int64_t kMostBytes = int64_t{4} << 20;

// Numbers that were written by different hands compare equal: 1e-3 and 0.001, 0.1 and the float 0.10000000149.
std::string NormalScalar(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const bool is_number = !text.empty() && *end == '\0' && std::isfinite(number);
  if (!is_number) return text;
  // Seeds are whole numbers of more than six digits.
  const bool whole = text.find_first_not_of("0123456789-") == std::string::npos;
  return whole ? text : fmt::format("{:.6g}", number);
}

std::string ValueText(const YAML::Node& node) {
  if (node.IsNull()) return "null";
  if (node.IsScalar()) return NormalScalar(node.Scalar());
  std::string text;
  for (const auto& part : node) {
    if (!text.empty()) text += ", ";
    text += node.IsMap() ? part.first.Scalar() + ": " + ValueText(part.second) : ValueText(part);
  }
  return node.IsMap() ? "{" + text + "}" : "[" + text + "]";
}

void Flatten(const YAML::Node& node, const std::string& path, std::vector<RunSetting>& settings) {
  for (const auto& part : node) {
    const std::string name = (path.empty() ? "" : path + ".") + part.first.Scalar();
    if (part.second.IsMap() && part.second.size() > 0) {
      Flatten(part.second, name, settings);
    } else {
      settings.push_back({name, ValueText(part.second)});
    }
  }
}

bool EndsInName(const std::string& path, const std::string& name) {
  return path.size() > name.size() && path.ends_with(name) && path[path.size() - name.size() - 1] == '.';
}

}  // namespace

std::vector<RunSetting> ReadRunSettings(const std::filesystem::path& folder) {
  std::filesystem::path path = folder / "args.yaml";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) path = folder / "config.json";
  if (!std::filesystem::exists(path, ignored)) {
    throw Error(ErrorKind::kNotFound,
                "'" + folder.string() + "' is not the folder of a training: it has neither args.yaml nor config.json");
  }
  const std::string text = ReadFileText(path, kMostBytes);
  std::vector<RunSetting> settings;
  try {
    // YAML reads JSON as well: all of JSON's notation is part of it.
    const YAML::Node root = YAML::Load(text);
    if (!root.IsMap()) {
      throw Error(ErrorKind::kBadData, "'" + path.string() + "', line 1: found no settings, wanted NAME: VALUE");
    }
    Flatten(root, "", settings);
  } catch (const YAML::Exception& error) {
    throw Error(ErrorKind::kBadData,
                "'" + path.string() + "', line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
  return settings;
}

const RunSetting* FindSetting(const std::vector<RunSetting>& settings, const std::string& name) {
  const RunSetting* found = nullptr;
  for (const RunSetting& setting : settings) {
    if (setting.path == name) return &setting;
    if (!EndsInName(setting.path, name)) continue;
    if (found != nullptr) return nullptr;  // which of them?
    found = &setting;
  }
  return found;
}

}  // namespace maskscope
