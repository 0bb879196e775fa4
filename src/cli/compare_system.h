#ifndef MASKSCOPE_CLI_COMPARE_SYSTEM_H_
#define MASKSCOPE_CLI_COMPARE_SYSTEM_H_

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analyze/analyzer.h"
#include "data/dataset.h"

namespace maskscope {

// One system as the command line names it.
struct SystemSpec {
  std::string name;
  std::string detector;    // "shipped", a model, or predictions
  std::string record;      // of the detector; "" = its own
  std::string classifier;  // "" = none, "shipped"
  std::optional<float> score;
  std::optional<int> size;
  bool predictions = false;
};

// NAME=PART,PART... Errors: kUsage naming the part, what was found and what was wanted.
SystemSpec ParseSystem(const std::string& text);
// Errors: kUsage when two have one name.
void CheckNames(const std::vector<SystemSpec>& specs);

using Analyze = std::function<Result(const std::filesystem::path&)>;

// Ready to run, or what was said already.
struct System {
  Analyze answer, candidates;        // empty for predictions
  std::vector<Result> answers, all;  // of predictions
  std::string settings;              // for people
  std::vector<std::string> notes;
};
// Errors: those of the models and of ReadPredictions.
System OpenSystem(const SystemSpec& spec, const std::vector<LabelledImage>& images, AnalyzerOptions settings,
                  float candidate_score);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_COMPARE_SYSTEM_H_
