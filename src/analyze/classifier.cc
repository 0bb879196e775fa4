#include "analyze/classifier.h"

#include <algorithm>
#include <cmath>

#include "analyze/preprocess.h"
#include "base/error.h"
#include "image/quality.h"
#include "image/transform.h"

namespace maskscope {
namespace {

constexpr size_t kLargestBatch = 16;

// Every batch size is a plan of its own in the engine, so only powers of two are used: five plans serve any number of
// faces.
size_t NextBatch(size_t left) {
  size_t batch = kLargestBatch;
  while (batch > left) batch /= 2;
  return batch;
}

// Softmax of logits / temperature, in double: the greatest is subtracted first, so nothing overflows.
std::vector<float> Probabilities(const float* logits, size_t classes, float temperature) {
  const double greatest = *std::max_element(logits, logits + classes);
  std::vector<double> powers(classes);
  double sum = 0;
  for (size_t i = 0; i < classes; ++i) sum += powers[i] = std::exp((logits[i] - greatest) / temperature);
  std::vector<float> probabilities(classes);
  for (size_t i = 0; i < classes; ++i) probabilities[i] = static_cast<float>(powers[i] / sum);
  return probabilities;
}

}  // namespace

Classifier::Classifier(std::shared_ptr<Engine> engine, ModelRecord record)
    : engine_(std::move(engine)), record_(std::move(record)) {
  if (record_.task != ModelTask::kMaskClassifier) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': found a detector, wanted a mask classifier");
  }
  const Graph& graph = engine_->graph();
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': found " + std::to_string(graph.inputs.size()) +
                                          " inputs and " + std::to_string(graph.outputs.size()) +
                                          " outputs, wanted one of each");
  }
  if (record_.classes.empty()) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': its record names no classes");
  }
  if (record_.input.width <= 0 || record_.input.height <= 0) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': a classifier's record needs a fixed input size");
  }
  input_name_ = graph.inputs[0].name;
  output_name_ = graph.outputs[0].name;
}

std::vector<std::vector<float>> Classifier::Classify(const Image& image, const std::vector<Box>& regions) const {
  const Preprocessing& rule = record_.input;
  const size_t crop_size = size_t(3) * rule.width * rule.height, classes = record_.classes.size();
  static thread_local std::vector<float> buffer;
  std::vector<std::vector<float>> probabilities;
  for (size_t done = 0; done < regions.size();) {
    const size_t batch = NextBatch(regions.size() - done);
    buffer.resize(batch * crop_size);
    for (size_t i = 0; i < batch; ++i)
      FillClassifierInput(rule, image, regions[done + i], buffer.data() + i * crop_size);
    const Shape shape{static_cast<int64_t>(batch), 3, rule.height, rule.width};
    const RunResult run = engine_->Run({{input_name_, {buffer.data(), shape}}});
    const TensorView& logits = run.Get(output_name_);
    if (logits.size() != static_cast<int64_t>(batch * classes)) {
      throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': output '" + output_name_ + "' is " +
                                            ToString(logits.shape) + ", wanted " + std::to_string(batch) + " x " +
                                            std::to_string(classes) + " as the record names classes");
    }
    for (size_t i = 0; i < batch; ++i) {
      probabilities.push_back(Probabilities(logits.data + i * classes, classes, record_.temperature));
    }
    done += batch;
  }
  return probabilities;
}

std::vector<float> Classifier::Sharpness(const Image& image, const std::vector<Box>& regions) const {
  std::vector<float> sharpness;
  for (const Box& region : regions) {
    const Image crop = CropResize(image, region, record_.input.width, record_.input.height);
    sharpness.push_back(static_cast<float>(LaplacianVariance(crop)));
  }
  return sharpness;
}

}  // namespace maskscope
