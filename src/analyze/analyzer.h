#ifndef MASKSCOPE_ANALYZE_ANALYZER_H_
#define MASKSCOPE_ANALYZE_ANALYZER_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "analyze/classifier.h"
#include "analyze/detector.h"
#include "analyze/result.h"
#include "image/decode.h"

namespace maskscope {

struct AnalyzerOptions {
  DetectorOptions detector;
  std::optional<float> min_confidence;  // 0..1; below: unsure (low_confidence). Default: the classifier's record
  std::optional<float> min_face;        // picture pixels, shorter side; below: unsure (small)
  std::optional<float> min_sharpness;   // variance of the Laplacian of the grey crop at the classifier's input size;
                                        // below: unsure (blurred)
  DecodeOptions decode;
  Precision precision = Precision::kAuto;
  int threads = 0;           // cores to use in all; 0 = all there are
  int images_in_flight = 0;  // pictures analysed at once; 0 = threads (each then runs on one core)
  void Validate() const;
};

// Picture in, mask states out: a face detector and a classifier behind one door. Thread-safe.
class Analyzer {
 public:
  // Loads both models. With an empty `classifier` path the detector must tell mask states itself (task mask_detector).
  // Errors: kNotFound, kBadModel, kUnsupported, kUsage (options).
  Analyzer(const std::filesystem::path& detector, const std::filesystem::path& classifier,
           const AnalyzerOptions& options = {});

  // Analyses an encoded picture. Never throws for what is wrong with the picture: that is in Result::error.
  Result AnalyzeBytes(std::span<const uint8_t> bytes, const std::string& source) const;
  Result AnalyzeFile(const std::filesystem::path& path) const;
  // A decoded picture (upright).
  Result AnalyzeImage(const Image& image, const std::string& source) const;
  // States for given boxes (detection skipped, score 1); an empty list = the whole picture is one face, already framed.
  Result ClassifyBoxes(const Image& image, const std::vector<Box>& boxes, const std::string& source) const;

  const Detector& detector() const;
  bool has_classifier() const;           // false: the detector tells the states itself
  const Classifier& classifier() const;  // Errors: kUsage when there is none
  const AnalyzerOptions& options() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Runs `analyze(i)` for i in [0, count) on `workers` threads and hands results to `sink` in order of i, with at most a
// few waiting: memory does not grow with `count`. `sink` runs on the calling thread. Stops early when `sink` returns
// false.
void AnalyzeInOrder(size_t count, int workers, const std::function<Result(size_t)>& analyze,
                    const std::function<bool(size_t, Result&&)>& sink);

// Where the shipped models are: beside the binary, in its source tree or install prefix (../share/maskscope/models), or
// $MASKSCOPE_MODELS. Errors: kNotFound naming the places looked at.
std::filesystem::path FindShippedModel(const std::string& file_name);
// The same for recipes/NAME.yaml and $MASKSCOPE_RECIPES. Errors: kNotFound listing the names there are.
std::filesystem::path FindShippedRecipe(const std::string& name);

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_ANALYZER_H_
