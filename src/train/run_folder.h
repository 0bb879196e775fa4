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

// What one training leaves: args.yaml (all settings), environment.json, results.csv (a row an epoch),
// weights/best.onnx, weights/last.onnx, weights/checkpoint.safetensors, and what the task draws. Every file appears
// whole or not at all.
class RunFolder {
 public:
  // Makes `parent`/`name`, or `parent`/`name`2, 3, ... where that exists. Errors: kUsage (a name with a slash),
  // kOutput.
  static RunFolder Create(const std::filesystem::path& parent, const std::string& name);
  // Of a process that writes nothing, because another one does (Peers::writes).
  static RunFolder Nowhere() { return RunFolder({}); }
  // An existing run. Errors: kNotFound when it has no args.yaml.
  static RunFolder Open(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path best_model() const { return path_ / "weights" / "best.onnx"; }
  std::filesystem::path last_model() const { return path_ / "weights" / "last.onnx"; }
  std::filesystem::path checkpoint() const { return path_ / "weights" / "checkpoint.safetensors"; }

  std::filesystem::path args() const { return path_ / "args.yaml"; }
  void WriteArgs(const nlohmann::json& settings) const;
  nlohmann::json ReadArgs() const;  // Errors: kBadData
  // Whole or not at all. Errors: kOutput.
  void Write(const std::string& name, const std::string& text) const;
  void WriteEnvironment(const nlohmann::json& environment) const;
  // All rows so far; the columns are those of the first row, a row without a number leaves the cell empty.
  void WriteResults(const std::vector<NamedNumbers>& rows) const;

  // Keeps every other training out of the folder for as long as it lives, in any process.
  class Lock {
   public:
    explicit Lock(const RunFolder& folder);  // Errors: kOutput when a training is at work in it
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    int folder_;
  };

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_RUN_FOLDER_H_
