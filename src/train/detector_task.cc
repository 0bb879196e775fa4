#include "train/detector_task.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "image/decode.h"
#include "train/detector_validation.h"

namespace maskscope {

namespace {

constexpr int64_t kBatchesAhead = 3;
constexpr float kValidationScore = 0.02f;  // upstream's evaluation keeps detections from this score on

double Weight(const LabelledImage& picture) {
  const auto faces =
      std::count_if(picture.faces.begin(), picture.faces.end(), [](const LabelledFace& face) { return !face.ignore; });
  return std::clamp(std::sqrt(static_cast<double>(faces)), 1.0, 3.0);
}

// RGB bytes -> normalised floats, still [height, width, 3]: channels-last, as convolutions on CPUs like it.
void Normalize(const Preprocessing& rule, const Image& image, float* out) {
  const bool bgr = rule.channels == ChannelOrder::kBgr;
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    for (size_t c = 0; c < 3; ++c) {
      const float value = image.pixels[i + (bgr ? 2 - c : c)];
      out[i + c] = (value - rule.mean[c]) / rule.std[c];
    }
  }
}

// Row `row` of the targets.
void WriteTargets(const DetectorSample& sample, const AnchorTargets& matched, const std::vector<Prior>& priors,
                  const ModelRecord& record, int64_t row, MultiboxTargets& targets) {
  const int64_t anchors = static_cast<int64_t>(priors.size());
  const int size = sample.image.width;
  auto* roles = targets.roles.data_ptr<int8_t>() + row * anchors;
  auto* boxes = targets.boxes.data_ptr<float>() + row * anchors * 4;
  auto* landmarks = targets.landmarks.data_ptr<float>() + row * anchors * 10;
  auto* states = targets.states.data_ptr<int64_t>() + row * anchors;
  auto* has_landmarks = targets.has_landmarks.data_ptr<bool>() + row * anchors;
  for (size_t a = 0; a < priors.size(); ++a) {
    roles[a] = static_cast<int8_t>(matched.roles[a]);
    if (matched.face[a] < 0) continue;
    const TrainingFace& face = sample.faces[static_cast<size_t>(matched.face[a])];
    const auto code = EncodeBox(face.box, priors[a], size, size, record.decoding.variances);
    std::copy(code.begin(), code.end(), boxes + 4 * a);
    has_landmarks[a] = face.landmarks.size() == 5;
    if (face.state) states[a] = static_cast<int64_t>(*face.state);
    for (size_t k = 0; k < face.landmarks.size() && k < 5; ++k) {
      const auto point = EncodePoint(face.landmarks[k], priors[a], size, size, record.decoding.variances);
      landmarks[10 * a + 2 * k] = point[0];
      landmarks[10 * a + 2 * k + 1] = point[1];
    }
  }
}

constexpr const char* kStateLogits = "state_logits";

// Rare states weigh more, by the root of their rarity; the mean over all faces is 1. [states]
at::Tensor StateWeights(const std::vector<LabelledImage>& pictures) {
  at::Tensor counts = at::zeros({kMaskStates}, at::kFloat);
  for (const LabelledImage& picture : pictures) {
    for (const LabelledFace& face : picture.faces) {
      if (face.state && !face.ignore) counts[static_cast<int64_t>(*face.state)] += 1;
    }
  }
  const at::Tensor weights = counts.clamp_min(1).rsqrt();
  return weights / ((weights * counts).sum() / counts.sum().clamp_min(1));
}

}  // namespace

void DetectorTaskOptions::Validate() const {
  Problems problems;
  problems.Require(batch >= 1 && batch <= 4096, "batch", std::to_string(batch), "1 to 4096");
  problems.Require(batch % share.count == 0, "batch", std::to_string(batch),
                   "a multiple of the " + std::to_string(share.count) + " processes");
  problems.Require(workers >= 1 && workers <= 256, "workers", std::to_string(workers), "1 to 256");
  problems.ThrowIfAny(ErrorKind::kUsage, "detector training");
  sample.Validate();
  match.Validate();
  loss.Validate();
}

DetectorTask::DetectorTask(std::vector<LabelledImage> train, std::vector<LabelledImage> validation, ModelRecord record,
                           const DetectorTaskOptions& options)
    : train_(std::move(train)), validation_(std::move(validation)), record_(std::move(record)), options_(options) {
  options_.Validate();
  priors_ = MakePriors(record_.decoding, options_.sample.size, options_.sample.size);
  double sum = 0;
  for (const LabelledImage& picture : train_) weight_sums_.push_back(sum += Weight(picture));
  if (one_stage()) state_weights_ = StateWeights(train_);
}

DetectorTask::~DetectorTask() = default;

int64_t DetectorTask::StepsPerEpoch(int) const {
  return std::max<int64_t>(1, static_cast<int64_t>(train_.size()) / options_.batch);
}

int64_t DetectorTask::PicturesPerEpoch(int epoch) const { return StepsPerEpoch(epoch) * options_.batch; }

void DetectorTask::BeginEpoch(int epoch, int64_t first_step) {
  batches_.reset();
  batches_ =
      std::make_unique<Prefetcher<DetectorBatch>>(first_step, StepsPerEpoch(epoch), options_.workers, kBatchesAhead,
                                                  [this, epoch](int64_t step) { return MakeBatch(epoch, step); });
}

DetectorBatch DetectorTask::MakeBatch(int epoch, int64_t step) const {
  const int64_t batch = options_.batch / options_.share.count, skipped = batch * options_.share.index;
  const int64_t size = options_.sample.size, anchors = static_cast<int64_t>(priors_.size());
  DetectorBatch made;
  const at::Tensor pixels = at::empty({batch, size, size, 3}, at::kFloat);
  made.targets.roles = at::empty({batch, anchors}, at::kChar);
  made.targets.boxes = at::zeros({batch, anchors, 4}, at::kFloat);
  made.targets.landmarks = at::zeros({batch, anchors, 10}, at::kFloat);
  made.targets.has_landmarks = at::zeros({batch, anchors}, at::kBool);
  made.targets.states = at::full({batch, anchors}, -1, at::kLong);
  for (int64_t i = 0; i < batch; ++i) {
    Random random(StepSeed(options_.seed, epoch, step, static_cast<uint64_t>(skipped + i)));
    const double at = random.Uniform() * weight_sums_.back();
    const auto picked = std::upper_bound(weight_sums_.begin(), weight_sums_.end() - 1, at) - weight_sums_.begin();
    const LabelledImage& labels = train_[static_cast<size_t>(picked)];
    const DetectorSample sample = DrawDetectorSample(ReadImage(labels.path).image, labels, options_.sample, random);
    Normalize(record_.input, sample.image, pixels.data_ptr<float>() + i * size * size * 3);
    const AnchorTargets matched =
        MatchAnchors(priors_, options_.sample.size, options_.sample.size, sample.faces, sample.ignored, options_.match);
    WriteTargets(sample, matched, priors_, record_, i, made.targets);
  }
  made.input = pixels.permute({0, 3, 1, 2});
  return made;
}

StepResult DetectorTask::Step(TorchGraph& graph, int, int64_t) {
  const DetectorBatch batch = batches_->Next();
  std::vector<std::string> wanted{record_.decoding.boxes_output, "score_logits"};
  const std::string& landmarks = record_.decoding.landmarks_output;
  if (!landmarks.empty()) wanted.push_back(landmarks);
  if (one_stage()) wanted.push_back(kStateLogits);
  const auto values = graph.Forward({{"input", batch.input}}, true, wanted);
  const MultiboxLoss loss = ComputeMultiboxLoss(
      values.at(wanted[0]), values.at(wanted[1]), landmarks.empty() ? at::Tensor() : values.at(landmarks),
      batch.targets, options_.loss, one_stage() ? StateOutput{values.at(kStateLogits), state_weights_} : StateOutput{});
  NamedNumbers parts{{"face_loss", loss.face}, {"box_loss", loss.box}, {"landmark_loss", loss.landmark}};
  if (one_stage()) parts.emplace_back("state_loss", loss.state);
  return {loss.total, options_.batch, parts};
}

NamedNumbers DetectorTask::Validate(TorchGraph& graph, int) {
  const auto engine = std::make_shared<Engine>(graph.Export(), EngineOptions{.precision = Precision::kF32});
  DetectorOptions detector;
  detector.score_threshold = kValidationScore;
  NamedNumbers numbers = MeasureDetector(Detector(engine, record_, detector), validation_, options_.validation_workers);
  const double face = FindNumber(numbers, "ap50");
  numbers.insert(numbers.begin(), {"score", one_stage() ? (face + FindNumber(numbers, "map50_states")) / 2 : face});
  return numbers;
}

Graph DetectorTask::Package(Graph graph, const NamedNumbers& validation) {
  ModelRecord record = record_;
  nlohmann::json measured = nlohmann::json::object();
  for (const auto& [name, value] : validation) {
    if (std::isfinite(value)) measured[name] = value;
  }
  record.measured["validation"] = measured;
  record.measured["validation_protocol"] =
      "held-back groups of the training rows; face AP at IoU 0.5, faces at least 16 px high, longest side " +
      std::to_string(record.input.longest_side) + " px";
  StoreModelRecord(record, graph);
  return graph;
}

}  // namespace maskscope
