#include "train/run_folder.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <system_error>

#include "base/error.h"
#include "base/files.h"

namespace maskscope {

double FindNumber(const NamedNumbers& numbers, const std::string& name) {
  for (const auto& [key, value] : numbers) {
    if (key == name) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

RunFolder RunFolder::Create(const std::filesystem::path& parent, const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    throw Error{ErrorKind::kUsage, "the run's name '" + name + "' must be a plain folder name"};
  }
  MakeFolder(parent);
  for (int number = 1;; ++number) {
    const std::filesystem::path folder = parent / (number == 1 ? name : name + std::to_string(number));
    std::error_code failure;
    if (std::filesystem::create_directory(folder, failure)) return RunFolder(folder);
    if (failure && failure != std::errc::file_exists) {
      throw Error{ErrorKind::kOutput, "cannot make the folder " + folder.string() + ": " + failure.message()};
    }
  }
}

RunFolder RunFolder::Open(const std::filesystem::path& folder) {
  if (!std::filesystem::is_regular_file(folder / "config.json")) {
    throw Error{ErrorKind::kNotFound, folder.string() + " is not the folder of a training: it has no config.json"};
  }
  return RunFolder(folder);
}

void RunFolder::WriteConfig(const nlohmann::json& config) const {
  WriteFileAtomically(path_ / "config.json", config.dump(2) + "\n");
}

nlohmann::json RunFolder::ReadConfig() const {
  nlohmann::json config = nlohmann::json::parse(ReadFileText(path_ / "config.json"), nullptr, false);
  if (!config.is_object()) {
    throw Error{ErrorKind::kBadData, (path_ / "config.json").string() + " is not a JSON object"};
  }
  return config;
}

void RunFolder::WriteResults(const std::vector<NamedNumbers>& rows) const {
  if (rows.empty()) return;
  std::string text;
  for (const auto& [name, value] : rows.front()) text += (text.empty() ? "" : ",") + name;
  text += "\n";
  for (const NamedNumbers& row : rows) {
    std::string line;
    for (const auto& [name, unused] : rows.front()) {
      const double value = FindNumber(row, name);
      if (name != rows.front().front().first) line += ",";
      if (!std::isnan(value)) line += fmt::format("{:.6g}", value);
    }
    text += line + "\n";
  }
  WriteFileAtomically(path_ / "results.csv", text);
}

}  // namespace maskscope
