#ifndef MASKSCOPE_TRAIN_RUN_FOLDER_H_
#define MASKSCOPE_TRAIN_RUN_FOLDER_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace maskscope {

// Numbers with names, in the order in which they are shown.
using NamedNumbers = std::vector<std::pair<std::string, double>>;
// NaN where there is no such name.
double FindNumber(const NamedNumbers& numbers, const std::string& name);

// What one training leaves: config.json (the full configuration), results.csv (a row an epoch), last.onnx, best.onnx
// and checkpoint.safetensors. Every file appears whole or not at all.
class RunFolder {
 public:
  // Makes `parent`/`name`, or `parent`/`name`2, 3, ... where that exists. Errors: kUsage (a name with a slash),
  // kOutput.
  static RunFolder Create(const std::filesystem::path& parent, const std::string& name);
  // An existing run. Errors: kNotFound when it has no config.json.
  static RunFolder Open(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path best_model() const { return path_ / "best.onnx"; }
  std::filesystem::path last_model() const { return path_ / "last.onnx"; }
  std::filesystem::path checkpoint() const { return path_ / "checkpoint.safetensors"; }

  void WriteConfig(const nlohmann::json& config) const;
  nlohmann::json ReadConfig() const;  // Errors: kBadData
  // All rows so far; the columns are those of the first row, a row without a number leaves the cell empty.
  void WriteResults(const std::vector<NamedNumbers>& rows) const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_RUN_FOLDER_H_
