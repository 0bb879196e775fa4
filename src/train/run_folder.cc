#include "train/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>

#include "base/error.h"
#include "base/files.h"
#include "train/settings.h"

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
    if (std::filesystem::create_directory(folder, failure)) {
      MakeFolder(folder / "weights");
      return RunFolder(folder);
    }
    if (failure && failure != std::errc::file_exists) {
      throw Error{ErrorKind::kOutput, "cannot make the folder " + folder.string() + ": " + failure.message()};
    }
  }
}

RunFolder RunFolder::Open(const std::filesystem::path& folder) {
  if (!std::filesystem::is_regular_file(folder / "args.yaml")) {
    throw Error{ErrorKind::kNotFound, folder.string() + " is not the folder of a training: it has no args.yaml"};
  }
  return RunFolder(folder);
}

void RunFolder::WriteArgs(const nlohmann::json& settings) const { WriteFileAtomically(args(), ToYaml(settings)); }

nlohmann::json RunFolder::ReadArgs() const { return ReadYaml(args()); }

RunFolder::Lock::Lock(const RunFolder& folder) : folder_(open(folder.path().c_str(), O_RDONLY | O_DIRECTORY)) {
  if (folder_ >= 0 && flock(folder_, LOCK_EX | LOCK_NB) == 0) return;
  const bool taken = folder_ >= 0 && errno == EWOULDBLOCK;
  const std::string reason = taken ? "another training is at work in it" : std::strerror(errno);
  if (folder_ >= 0) close(folder_);
  throw Error{ErrorKind::kOutput, "cannot use the run folder " + folder.path().string() + ": " + reason};
}

RunFolder::Lock::~Lock() { close(folder_); }

void RunFolder::Write(const std::string& name, const std::string& text) const {
  WriteFileAtomically(path_ / name, text);
}

void RunFolder::WriteEnvironment(const nlohmann::json& environment) const {
  WriteFileAtomically(path_ / "environment.json", environment.dump(2) + "\n");
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
