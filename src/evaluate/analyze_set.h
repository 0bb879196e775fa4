#ifndef MASKSCOPE_EVALUATE_ANALYZE_SET_H_
#define MASKSCOPE_EVALUATE_ANALYZE_SET_H_

#include <filesystem>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "analyze/analyzer.h"
#include "analyze/detector.h"
#include "data/dataset.h"

// Runs models over labelled pictures.
namespace maskscope {

// Called after each picture; false stops.
using StepCallback = std::function<bool()>;

// A detector used alone: a face detector gives faces without state, a mask detector (one network that finds and judges)
// faces whose state is its class, with certainty.
class LoneDetector {
 public:
  // `judge`: an analyzer whose classifier tells the states of what is found; empty = the detector alone.
  explicit LoneDetector(Detector detector, std::optional<Analyzer> judge = {})
      : detector_(std::move(detector)), judge_(std::move(judge)) {}
  // Never throws for what is wrong with the picture: that is in Result::error. Thread-safe.
  Result AnalyzeFile(const std::filesystem::path& path, const DecodeOptions& decode) const;
  const ModelRecord& record() const { return detector_.record(); }

 private:
  void Judge(const Image& image, Result& result) const;

  Detector detector_;
  std::optional<Analyzer> judge_;
};

// Results in the order of `images`. `workers` pictures at once. Errors: kInterrupted when `step` says stop.
std::vector<Result> AnalyzeScenes(const std::vector<LabelledImage>& images, int workers,
                                  const std::function<Result(const std::filesystem::path&)>& analyze,
                                  const StepCallback& step);

// Each crop is one face, framed as it is. Errors: as above.
std::vector<Result> ClassifyCrops(const std::vector<LabelledCrop>& crops, int workers, const Analyzer& analyzer,
                                  const StepCallback& step);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_ANALYZE_SET_H_
