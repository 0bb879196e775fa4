#include "train/classifier_task.h"

#include <fmt/format.h>
#include <omp.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "graph/onnx_io.h"
#include "metrics/classification.h"
#include "train/classifier_head.h"
#include "train/classifier_pictures.h"
#include "train/run_charts.h"

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

// A teacher sees the student's batches as they are: both must be fed alike.
std::unique_ptr<TorchGraph> ReadTeacher(const std::string& path, const ModelRecord& student, const at::Device& device) {
  const Graph graph = ReadOnnx(path);
  const std::optional<ModelRecord> record = ReadModelRecord(graph, path);
  if (!record || record->task != ModelTask::kMaskClassifier || record->classes != student.classes) {
    throw Error{ErrorKind::kBadModel, path + " cannot be a teacher: it is no classifier of correct, incorrect, none"};
  }
  if (record->input.mean != student.input.mean || record->input.std != student.input.std ||
      record->input.channels != student.input.channels) {
    throw Error{ErrorKind::kBadModel,
                path +
                    " cannot be the teacher: its pixels are scaled otherwise than the student's; train the student "
                    "with the same --pixels"};
  }
  return std::make_unique<TorchGraph>(graph, device);
}

// Per state: how much rarer or commoner it is in photos as they come than among what is drawn, its logarithm times
// `share`.
std::vector<double> PriorCorrection(const ClassifierData& data, double share) {
  std::vector<double> bias(kMaskStates, 0), drawn(kMaskStates, 0);
  if (share == 0 || data.prevalence.empty()) return bias;
  for (size_t i = 0; i < data.labels.size(); ++i) drawn[static_cast<size_t>(data.labels[i])] += data.rates[i];
  const double all_drawn = std::accumulate(drawn.begin(), drawn.end(), 0.0);
  const double all = std::accumulate(data.prevalence.begin(), data.prevalence.end(), 0.0);
  for (size_t s = 0; s < bias.size(); ++s) {
    // A state that is never met, or never learnt, tells nothing.
    if (data.prevalence[s] == 0 || drawn[s] == 0) continue;
    bias[s] = share * std::log(data.prevalence[s] / all * all_drawn / drawn[s]);
  }
  return bias;
}

}  // namespace

ClassifierTask::ClassifierTask(ClassifierData data, const ClassifierTrainingOptions& options, ModelRecord record,
                               BatchShare share)
    : data_(std::move(data)), options_(options), record_(std::move(record)), share_(share) {
  if (options_.batch % share_.count != 0) {
    throw Error{ErrorKind::kUsage,
                fmt::format("a batch of {} cannot be dealt out evenly to {} processes", options_.batch, share_.count)};
  }
  const auto samples = static_cast<int64_t>(data_.labels.size());
  const int64_t draws = options_.draws_per_epoch > 0 ? options_.draws_per_epoch : samples;
  steps_ = std::max<int64_t>(1, draws / options_.batch);
  bias_ = PriorCorrection(data_, options_.prior_correction);
  if (!options_.loss.teacher.empty())
    teacher_ = ReadTeacher(options_.loss.teacher, record_, ParseDevice(options_.loop.device));
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
  const auto batch = static_cast<size_t>(options_.batch / share_.count);
  const size_t skipped = batch * static_cast<size_t>(share_.index);
  const size_t first = static_cast<size_t>(step * options_.batch) + skipped;
  const auto count = static_cast<int64_t>(batch);
  at::Tensor picked = at::empty({count}, at::kLong), labels = at::empty({count}, at::kLong);
  std::vector<CropJitter> jitter;
  std::vector<Random> random;
  for (size_t i = 0; i < batch; ++i) {
    const auto sample = static_cast<size_t>(order_.at(first + i));
    picked.data_ptr<int64_t>()[i] = static_cast<int64_t>(sample);
    labels.data_ptr<int64_t>()[i] = data_.labels[sample];
    jitter.push_back(data_.jitter[sample]);
    random.emplace_back(StepSeed(options_.loop.seed, epoch, step, skipped + i + 1));
  }
  const at::Tensor canvases = data_.canvases.index_select(0, picked);
  const int size = SizeOfStep(options_, epoch, step);
  const at::Tensor crops = SampleCrops(canvases, options_.canvas_extent, size, jitter, options_.augment, random);
  at::Tensor pictures = Normalise(DegradeAndColour(crops, options_.augment, random), record_.input);
  at::Tensor targets = SoftTargets(labels, kMaskStates, options_.loss.label_smoothing);
  Random mixing(StepSeed(options_.loop.seed, epoch, step, static_cast<uint64_t>(options_.batch) + 1));
  MixBatch(options_.loss, mixing, pictures, targets);
  return {pictures, labels, targets};
}

StepResult ClassifierTask::Step(TorchGraph& graph, int, int64_t step) {
  const Batch batch = batches_->Next();
  // Now and then: what waits in memory of the files would add up to all of them.
  constexpr int64_t kStepsBetweenReleases = 32;
  if (data_.spool && step % kStepsBetweenReleases == 0) data_.spool->Release();
  const at::Tensor logits = graph.Forward({{"input", batch.pictures}}, true, {"logits"}).at("logits");
  StepResult result;
  result.waited = batches_->last_wait();
  result.loss = ClassifierLoss(logits, batch.targets, options_.loss);
  if (teacher_) {
    at::Tensor taught;
    {
      const at::NoGradGuard no_grad;
      taught = teacher_->Forward({{"input", batch.pictures}}, false, {"logits"}).at("logits");
    }
    const double share = options_.loss.teacher_share;
    result.loss =
        result.loss * (1 - share) + DistillationLoss(logits, taught, options_.loss.teacher_temperature) * share;
  }
  result.images = options_.batch;  // of all processes
  const double right = (logits.detach().argmax(1) == batch.targets.argmax(1)).to(at::kFloat).mean().item<double>();
  result.parts = {{"train_accuracy", right}};
  return result;
}

void ClassifierTask::PrepareGraph(TorchGraph& graph, int epoch) {
  if (options_.freeze.empty()) return;
  const bool frozen = options_.freeze_epochs == 0 || epoch < options_.freeze_epochs;
  const std::set<std::string> body = BodyNodes(graph.structure());
  graph.Freeze([&](const Node& node) {
    return frozen && std::any_of(options_.freeze.begin(), options_.freeze.end(), [&](const std::string& prefix) {
             return prefix == "body" ? body.contains(node.name) : node.name.starts_with(prefix);
           });
  });
}

void ClassifierTask::DrawStart(const RunFolder& folder) {
  BeginEpoch(0, 0);
  for (int64_t step = 0; step < std::min<int64_t>(steps_, 3); ++step) {
    const Batch batch = MakeBatch(0, step);
    WriteBatchPicture(batch.pictures, batch.targets, record_, folder.path() / fmt::format("train_batch{}.jpg", step));
  }
  WriteChart(LabelsChart(data_.labels, record_.classes), folder, "labels");
}

void ClassifierTask::DrawBest(const RunFolder& folder) {
  DrawValidation({data_.validation, data_.validation_labels, data_.validation_names, validation_logits_, temperature_},
                 record_, folder);
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

std::vector<double> ClassifierTask::LogitBias() const {
  std::vector<double> bias = bias_;
  for (double& value : bias) value *= temperature_;
  return bias;
}

NamedNumbers ClassifierTask::Validate(TorchGraph& graph, int) {
  validation_logits_ = ValidationLogits(graph);
  const size_t samples = data_.validation.size();
  const double temperature = FitTemperature(validation_logits_, data_.validation_labels, kMaskStates);
  temperature_ = temperature;
  const std::vector<double> bias = LogitBias();
  for (size_t i = 0; i < validation_logits_.size(); ++i) {
    validation_logits_[i] += static_cast<float>(bias[i % bias.size()]);
  }
  const std::vector<float>& logits = validation_logits_;
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
  if (options_.prior_correction > 0) {
    const std::vector<double> bias = LogitBias();
    AddToLogits(bias, graph);
    record.provenance[kLogitBias] = bias;
  }
  StoreModelRecord(record, graph);
  return graph;
}

}  // namespace maskscope
