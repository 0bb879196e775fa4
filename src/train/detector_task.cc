#include "train/detector_task.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "image/decode.h"
#include "train/detector_pictures.h"
#include "train/detector_validation.h"
#include "train/mosaic.h"

namespace maskscope {

namespace {

constexpr int64_t kBatchesAhead = 3, kBatchesDrawn = 3;
constexpr uint64_t kSizeDraw = uint64_t{1} << 32;  // apart from the pictures' numbers
constexpr float kValidationScore = 0.02f;          // upstream's evaluation keeps detections from this score on

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

}  // namespace

void DetectorTaskOptions::Validate() const {
  Problems problems;
  problems.Require(batch >= 1 && batch <= 4096, "batch", std::to_string(batch), "1 to 4096");
  problems.Require(batch % share.count == 0, "batch", std::to_string(batch),
                   "a multiple of the " + std::to_string(share.count) + " processes");
  problems.Require(draws_per_epoch >= 0, "draws_per_epoch", std::to_string(draws_per_epoch), "0 or more");
  problems.Require(workers >= 1 && workers <= 256, "workers", std::to_string(workers), "1 to 256");
  problems.ThrowIfAny(ErrorKind::kUsage, "detector training");
  for (DetectorSampleOptions at_size = sample; const int size : sizes) {
    at_size.size = size;
    at_size.Validate();
  }
  sample.Validate();
  criterion.Validate();
}

DetectorTask::DetectorTask(std::vector<LabelledImage> train, std::vector<LabelledImage> validation, ModelRecord record,
                           const DetectorTaskOptions& options)
    : train_(std::move(train)), validation_(std::move(validation)), record_(std::move(record)), options_(options) {
  options_.Validate();
  criterion_ = MakeDetectorCriterion(record_, options_.criterion, train_);
  double sum = 0;
  for (const LabelledImage& picture : train_) weight_sums_.push_back(sum += Weight(picture));
}

DetectorTask::~DetectorTask() = default;

int64_t DetectorTask::StepsPerEpoch(int) const {
  const int64_t draws = options_.draws_per_epoch > 0 ? options_.draws_per_epoch : static_cast<int64_t>(train_.size());
  return std::max<int64_t>(1, draws / options_.batch);
}

int64_t DetectorTask::PicturesPerEpoch(int epoch) const { return StepsPerEpoch(epoch) * options_.batch; }

void DetectorTask::BeginEpoch(int epoch, int64_t first_step) {
  batches_.reset();
  batches_ =
      std::make_unique<Prefetcher<DetectorBatch>>(first_step, StepsPerEpoch(epoch), options_.workers, kBatchesAhead,
                                                  [this, epoch](int64_t step) { return MakeBatch(epoch, step); });
}

// A draw of its own, so that pictures do not depend on how many sizes there are.
int DetectorTask::SizeOfStep(int epoch, int64_t step) const {
  if (options_.sizes.empty()) return options_.sample.size;
  Random random(StepSeed(options_.seed, epoch, step, kSizeDraw));
  return options_.sizes[random.Below(options_.sizes.size())];
}

const LabelledImage& DetectorTask::DrawPicture(Random& random) const {
  const double at = random.Uniform() * weight_sums_.back();
  const auto picked = std::upper_bound(weight_sums_.begin(), weight_sums_.end() - 1, at) - weight_sums_.begin();
  return train_[static_cast<size_t>(picked)];
}

DetectorSample DetectorTask::DrawSample(const DetectorSampleOptions& options, Random& random) const {
  if (options.mosaic == 0 || !random.Chance(options.mosaic)) {
    const LabelledImage& labels = DrawPicture(random);
    return DrawDetectorSample(ReadImage(labels.path).image, labels, options, random);
  }
  std::array<Image, kMosaicPictures> sources;
  std::array<const LabelledImage*, kMosaicPictures> labels;
  for (size_t i = 0; i < kMosaicPictures; ++i) {
    labels[i] = &DrawPicture(random);
    sources[i] = ReadImage(labels[i]->path).image;
  }
  return DrawMosaic(sources, labels, options, random);
}

std::vector<DetectorSample> DetectorTask::DrawSamples(int epoch, int64_t step) const {
  DetectorSampleOptions at_size = options_.sample;
  at_size.size = SizeOfStep(epoch, step);
  at_size.longest_side = options_.sample.longest_side * at_size.size / options_.sample.size;
  const int batch = options_.batch / options_.share.count, skipped = batch * options_.share.index;
  std::vector<DetectorSample> samples;
  for (int i = 0; i < batch; ++i) {
    Random random(StepSeed(options_.seed, epoch, step, static_cast<uint64_t>(skipped + i)));
    samples.push_back(DrawSample(at_size, random));
  }
  return samples;
}

DetectorBatch DetectorTask::MakeBatch(int epoch, int64_t step) const {
  const std::vector<DetectorSample> samples = DrawSamples(epoch, step);
  const int64_t batch = static_cast<int64_t>(samples.size()), size = samples[0].image.width;
  const at::Tensor pixels = at::empty({batch, size, size, 3}, at::kFloat);
  for (int64_t i = 0; i < batch; ++i) {
    Normalize(record_.input, samples[static_cast<size_t>(i)].image, pixels.data_ptr<float>() + i * size * size * 3);
  }
  return {pixels.permute({0, 3, 1, 2}), criterion_->Targets(samples, static_cast<int>(size))};
}

StepResult DetectorTask::Step(TorchGraph& graph, int, int64_t) {
  const DetectorBatch batch = batches_->Next();
  const auto values = graph.Forward({{"input", batch.input}}, true, criterion_->values());
  const auto judged = criterion_->Judge(values, batch.targets, static_cast<int>(batch.input.size(3)));
  return {judged.loss, options_.batch, batches_->last_wait(), judged.parts};
}

NamedNumbers DetectorTask::Validate(TorchGraph& graph, int) {
  const auto engine = std::make_shared<Engine>(graph.Export(), EngineOptions{.precision = Precision::kF32});
  DetectorOptions detector;
  detector.score_threshold = kValidationScore;
  validated_.emplace(engine, record_, detector);
  NamedNumbers numbers = MeasureDetector(*validated_, validation_, options_.validation_workers);
  const double face = FindNumber(numbers, "ap50");
  numbers.insert(numbers.begin(), {"score", one_stage() ? (face + FindNumber(numbers, "map50_states")) / 2 : face});
  return numbers;
}

void DetectorTask::DrawStart(const RunFolder& folder) const {
  WriteLabels(train_, folder);
  for (int64_t step = 0; step < std::min(kBatchesDrawn, StepsPerEpoch(0)); ++step) {
    WriteSamples(DrawSamples(0, step), folder.path() / fmt::format("train_batch{}.jpg", step));
  }
}

void DetectorTask::DrawBest(const RunFolder& folder) {
  if (validated_) WriteValidationPictures(validation_, *validated_, record_.thresholds.score, folder);
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
      std::to_string(options_.sample.longest_side) + " px";
  StoreModelRecord(record, graph);
  return graph;
}

}  // namespace maskscope
