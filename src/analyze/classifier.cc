#include "analyze/classifier.h"

#include <algorithm>
#include <cmath>
#include <map>

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
  const std::vector<Dim>& shape = graph.inputs[0].shape;
  const bool any_size = shape.size() == 4 && shape[2].value < 0 && shape[3].value < 0;
  if (record_.input.sides.size() > 1 && !any_size) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': its record names several input sides, but its " +
                                          "input '" + graph.inputs[0].name + "' has a fixed size");
  }
  input_name_ = graph.inputs[0].name;
  output_name_ = graph.outputs[0].name;
}

std::vector<std::vector<float>> Classifier::Classify(const Image& image, const std::vector<Box>& regions) const {
  std::vector<std::vector<float>> probabilities(regions.size());
  std::map<std::pair<int, int>, std::vector<size_t>> of_size;  // regions by the input size they are fed at
  for (size_t i = 0; i < regions.size(); ++i) {
    const InputSize size = ClassifierInputSize(record_.input, regions[i]);
    of_size[{size.width, size.height}].push_back(i);
  }
  for (const auto& [size, members] : of_size) {
    for (size_t done = 0; done < members.size();) {
      const size_t batch = NextBatch(members.size() - done);
      ClassifyBatch(image, regions, {size.first, size.second}, std::span(members).subspan(done, batch), probabilities);
      done += batch;
    }
  }
  return probabilities;
}

void Classifier::ClassifyBatch(const Image& image, const std::vector<Box>& regions, const InputSize& size,
                               std::span<const size_t> members, std::vector<std::vector<float>>& probabilities) const {
  const size_t crop_floats = size_t(3) * size.width * size.height, batch = members.size();
  const size_t classes = record_.classes.size();
  static thread_local std::vector<float> buffer;
  buffer.resize(batch * crop_floats);
  for (size_t i = 0; i < batch; ++i) {
    FillClassifierInput(record_.input, image, regions[members[i]], size, buffer.data() + i * crop_floats);
  }
  const Shape shape{static_cast<int64_t>(batch), 3, size.height, size.width};
  const RunResult run = engine_->Run({{input_name_, {buffer.data(), shape}}});
  const TensorView& logits = run.Get(output_name_);
  if (logits.size() != static_cast<int64_t>(batch * classes)) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': output '" + output_name_ + "' is " +
                                          ToString(logits.shape) + ", wanted " + std::to_string(batch) + " x " +
                                          std::to_string(classes) + " as the record names classes");
  }
  for (size_t i = 0; i < batch; ++i) {
    probabilities[members[i]] = Probabilities(logits.data + i * classes, classes, record_.temperature);
  }
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
