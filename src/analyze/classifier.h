#ifndef MASKSCOPE_ANALYZE_CLASSIFIER_H_
#define MASKSCOPE_ANALYZE_CLASSIFIER_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyze/preprocess.h"
#include "engine/engine.h"
#include "graph/model_record.h"
#include "image/image.h"

namespace maskscope {

// A mask classifier ready to run. Thread-safe.
class Classifier {
 public:
  // Errors: kBadModel when the record is of another task or the graph has not one input and one output.
  Classifier(std::shared_ptr<Engine> engine, ModelRecord record);

  // One probability per class of the record for every region (pixels of `image`, from ClassifierRegion or a whole
  // picture), calibrated by the record's temperature.
  std::vector<std::vector<float>> Classify(const Image& image, const std::vector<Box>& regions) const;

  // Variance of the Laplacian of each region, grey, at the classifier's input size: comparable between faces of any
  // size.
  std::vector<float> Sharpness(const Image& image, const std::vector<Box>& regions) const;

  const ModelRecord& record() const { return record_; }

 private:
  // Runs the regions `members`, all fed at `size`, and sets their probabilities.
  void ClassifyBatch(const Image& image, const std::vector<Box>& regions, const InputSize& size,
                     std::span<const size_t> members, std::vector<std::vector<float>>& probabilities) const;

  std::shared_ptr<Engine> engine_;
  ModelRecord record_;
  std::string input_name_, output_name_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_CLASSIFIER_H_
