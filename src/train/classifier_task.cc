#include "train/classifier_task.h"

#include <omp.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "metrics/classification.h"

namespace maskscope {

namespace {

constexpr size_t kValidationBatch = 64;

// While the network learns on all cores, a batch is made on one: two teams of threads would wait for each other. The
// first call into libtorch sets the number up for this thread; only then can it be changed for this thread alone.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

// 0..1 -> what the model is fed.
at::Tensor Normalise(const at::Tensor& pictures, const Preprocessing& rule) {
  std::vector<at::Tensor> channels;
  for (int c = 0; c < 3; ++c) {
    const auto i = static_cast<size_t>(c);
    const int source = rule.channels == ChannelOrder::kRgb ? c : 2 - c;
    channels.push_back(pictures.select(1, source).mul(255.0 / rule.std[i]).sub(rule.mean[i] / rule.std[i]));
  }
  return at::stack(channels, 1);
}

}  // namespace

ClassifierTask::ClassifierTask(ClassifierData data, const ClassifierTrainingOptions& options, ModelRecord record)
    : data_(std::move(data)), options_(options), record_(std::move(record)) {
  const auto samples = static_cast<int64_t>(data_.labels.size());
  const int64_t draws = options_.draws_per_epoch > 0 ? options_.draws_per_epoch : samples;
  steps_ = std::max<int64_t>(1, draws / options_.batch);
}

int64_t ClassifierTask::StepsPerEpoch(int) const { return steps_; }
int64_t ClassifierTask::PicturesPerEpoch(int) const { return steps_ * options_.batch; }

std::vector<int64_t> ClassifierTask::OrderOf(int epoch) const {
  return DrawEpoch(data_.rates, steps_ * options_.batch, StepSeed(options_.loop.seed, epoch, -1));
}

void ClassifierTask::BeginEpoch(int epoch, int64_t first_step) {
  batches_.reset();  // its worker reads order_
  order_ = OrderOf(epoch);
  batches_ = std::make_unique<Prefetcher<Batch>>(first_step, steps_, 1, 2,
                                                 [this, epoch](int64_t step) { return MakeBatch(epoch, step); });
}

ClassifierTask::Batch ClassifierTask::MakeBatch(int epoch, int64_t step) const {
  const at::NoGradGuard no_grad;
  const OneThread one_thread;
  const auto first = static_cast<size_t>(step * options_.batch);
  const auto batch = static_cast<size_t>(options_.batch);
  at::Tensor picked = at::empty({options_.batch}, at::kLong), labels = at::empty({options_.batch}, at::kLong);
  std::vector<CropJitter> jitter;
  std::vector<Random> random;
  for (size_t i = 0; i < batch; ++i) {
    const auto sample = static_cast<size_t>(order_.at(first + i));
    picked.data_ptr<int64_t>()[i] = static_cast<int64_t>(sample);
    labels.data_ptr<int64_t>()[i] = data_.labels[sample];
    jitter.push_back(data_.jitter[sample]);
    random.emplace_back(StepSeed(options_.loop.seed, epoch, step, i + 1));
  }
  const at::Tensor canvases = data_.canvases.index_select(0, picked);
  const int size = SizeOfStep(options_, epoch, step);
  const at::Tensor crops = SampleCrops(canvases, options_.canvas_extent, size, jitter, options_.augment, random);
  return {Normalise(DegradeAndColour(crops, options_.augment, random), record_.input), labels};
}

StepResult ClassifierTask::Step(TorchGraph& graph, int, int64_t) {
  const Batch batch = batches_->Next();
  const at::Tensor logits = graph.Forward({{"input", batch.pictures}}, true, {"logits"}).at("logits");
  StepResult result;
  result.loss = at::cross_entropy_loss(logits, batch.labels, {}, at::Reduction::Mean, -100, options_.label_smoothing);
  result.images = batch.labels.size(0);
  const double right = (logits.detach().argmax(1) == batch.labels).to(at::kFloat).mean().item<double>();
  result.parts = {{"train_accuracy", right}};
  return result;
}

std::vector<float> ClassifierTask::ValidationLogits(TorchGraph& graph) const {
  std::map<int64_t, std::vector<size_t>> of_size;
  for (size_t i = 0; i < data_.validation.size(); ++i) of_size[data_.validation[i].size(2)].push_back(i);
  std::vector<float> logits(data_.validation.size() * kMaskStates);
  for (const auto& [size, members] : of_size) {
    for (size_t first = 0; first < members.size(); first += kValidationBatch) {
      const size_t count = std::min<size_t>(members.size() - first, kValidationBatch);
      std::vector<at::Tensor> pictures;
      for (size_t i = 0; i < count; ++i) pictures.push_back(data_.validation[members[first + i]]);
      const at::Tensor out =
          graph.Forward({{"input", at::stack(pictures)}}, false, {"logits"}).at("logits").contiguous();
      for (size_t i = 0; i < count; ++i) {
        std::copy_n(out.data_ptr<float>() + i * kMaskStates, kMaskStates, &logits[members[first + i] * kMaskStates]);
      }
    }
  }
  return logits;
}

NamedNumbers ClassifierTask::Validate(TorchGraph& graph, int) {
  const std::vector<float> logits = ValidationLogits(graph);
  const size_t samples = data_.validation.size();
  const double temperature = FitTemperature(logits, data_.validation_labels, kMaskStates);
  ConfusionMatrix confusion(kMaskStates);
  double loss = 0;
  std::vector<double> confidence;
  std::vector<bool> right;
  for (size_t i = 0; i < data_.validation_labels.size(); ++i) {
    const float* row = &logits[i * kMaskStates];
    const auto best = static_cast<int>(std::max_element(row, row + kMaskStates) - row);
    const int label = data_.validation_labels[i];
    double sum = 0, calibrated = 0;
    for (int c = 0; c < kMaskStates; ++c) {
      sum += std::exp(row[c] - row[best]);
      calibrated += std::exp((row[c] - row[best]) / temperature);
    }
    loss += std::log(sum) + row[best] - row[label];
    confusion.Add(label, best);
    confidence.push_back(1 / calibrated);
    right.push_back(best == label);
  }
  return {{"validation_loss", loss / static_cast<double>(samples)},
          {"accuracy", confusion.Accuracy()},
          {"f1_correct", confusion.F1(0)},
          {"f1_incorrect", confusion.F1(1)},
          {"f1_none", confusion.F1(2)},
          {"recall_incorrect", confusion.Recall(1)},
          {"temperature", temperature},
          {"calibration_error", ExpectedCalibrationError(confidence, right)},
          {"score", confusion.MacroF1()}};
}

Graph ClassifierTask::Package(Graph graph, const NamedNumbers& validation) {
  ModelRecord record = record_;
  record.temperature = static_cast<float>(FindNumber(validation, "temperature"));
  nlohmann::json numbers = nlohmann::json::object();
  for (const auto& [name, value] : validation) {
    if (std::isfinite(value)) numbers[name] = value;
  }
  record.measured["validation"] = {
      {"protocol", "held-out groups of the training data, crops as labelled; score = macro F1"},
      {"faces", data_.validation_labels.size()},
      {"numbers", numbers}};
  StoreModelRecord(record, graph);
  return graph;
}

}  // namespace maskscope
