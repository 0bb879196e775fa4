#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "train/classifier_trainer.h"
#include "train/settings.h"

namespace maskscope {

namespace {

constexpr const char* kTask = "classifier";

// Names every field once, for writing and for reading. Visitor: (group, name, field).
template <typename Options, typename Visitor>
void VisitFields(Options& o, Visitor&& visit) {
  visit("data", "data", o.samples.data);
  visit("data", "extra", o.samples.extra);
  visit("data", "exclude_sets", o.samples.exclude_sets);
  visit("data", "exclude_absent", o.samples.exclude_absent);
  visit("data", "validation_share", o.samples.validation_share);
  visit("data", "validation_seed", o.samples.validation_seed);
  visit("data", "least_face", o.samples.least_face);
  visit("data", "least_face_of_set", o.samples.least_face_of_set);
  visit("data", "limit", o.samples.limit);
  visit("data", "draws_per_epoch", o.draws_per_epoch);
  visit("data", "shares", o.shares);
  visit("data", "synthetic_share", o.synthetic_share);
  visit("data", "prior_correction", o.prior_correction);
  visit("data", "memory_mb", o.memory_mb);

  visit("network", "arch", o.arch);
  visit("network", "init", o.init);
  visit("network", "width", o.width);
  visit("network", "dropout", o.dropout);
  visit("network", "hidden", o.hidden);
  visit("network", "pixels", o.pixels);
  visit("network", "sizes", o.sizes);
  visit("network", "crop_sides", o.crop_sides);
  visit("network", "margin", o.margin);
  visit("network", "freeze", o.freeze);
  visit("network", "freeze_epochs", o.freeze_epochs);

  VisitLoopFields(o.loop, visit);
  visit("training", "batch", o.batch);

  visit("loss", "label_smoothing", o.loss.label_smoothing);
  visit("loss", "focal_gamma", o.loss.focal_gamma);
  visit("loss", "class_weights", o.loss.class_weights);
  visit("loss", "mixup", o.loss.mixup);
  visit("loss", "cutmix", o.loss.cutmix);
  visit("loss", "teacher", o.loss.teacher);
  visit("loss", "teacher_share", o.loss.teacher_share);
  visit("loss", "teacher_temperature", o.loss.teacher_temperature);

  visit("sample", "canvas_extent", o.canvas_extent);
  visit("sample", "canvas_side", o.canvas_side);
  visit("sample", "scene_smallest", o.scene_jitter.smallest);
  visit("sample", "scene_largest", o.scene_jitter.largest);
  visit("sample", "whole_smallest", o.whole_jitter.smallest);
  visit("sample", "whole_largest", o.whole_jitter.largest);

  visit("augment", "rotation", o.augment.rotation);
  visit("augment", "shift", o.augment.shift);
  visit("augment", "aspect", o.augment.aspect);
  visit("augment", "low_resolution", o.augment.low_resolution);
  visit("augment", "least_side", o.augment.least_side);
  visit("augment", "jpeg", o.augment.jpeg);
  visit("augment", "blur", o.augment.blur);
  visit("augment", "noise", o.augment.noise);
  visit("augment", "colour", o.augment.colour);
  visit("augment", "grey", o.augment.grey);
  visit("augment", "cutout", o.augment.cutout);
}

}  // namespace

PixelScaling ParsePixelScaling(const std::string& name) {
  if (name == "half") return {{127.5f, 127.5f, 127.5f}, {127.5f, 127.5f, 127.5f}};
  if (name == "unit") return {{0, 0, 0}, {255, 255, 255}};
  if (name == "imagenet") return {{123.675f, 116.28f, 103.53f}, {58.395f, 57.12f, 57.375f}};
  throw Error{ErrorKind::kUsage, "pixel scaling '" + name + "' is not known, wanted half, unit or imagenet"};
}

void ClassifierTrainingOptions::Validate() const {
  Problems problems;
  const auto share = [&](const char* field, double value) {
    problems.Require(value >= 0 && value < 1, field, std::to_string(value), "0 or more, below 1");
  };
  problems.Require(!sizes.empty(), "sizes", "none", "at least one input size");
  for (const int size : sizes) {
    // The JPEG augmentation works in blocks of 8 pixels.
    problems.Require(size >= 32 && size <= 1024 && size % 8 == 0, "size", std::to_string(size),
                     "a multiple of 8 between 32 and 1024");
  }
  for (size_t i = 0; i < crop_sides.size(); ++i) {
    const bool good = crop_sides[i] >= 32 && crop_sides[i] <= 1024 && crop_sides[i] % 32 == 0;
    problems.Require(good && (i == 0 || crop_sides[i - 1] < crop_sides[i]), "crop_sides", std::to_string(crop_sides[i]),
                     "ascending multiples of 32 between 32 and 1024");
  }
  problems.Require(batch >= 2 && batch <= 65536, "batch", std::to_string(batch), "2 to 65536");
  problems.Require(draws_per_epoch >= 0, "draws_per_epoch", std::to_string(draws_per_epoch), "0 or more");
  share("dropout", dropout);
  problems.Require(width > 0 && width <= 4, "width", std::to_string(width), "above 0, at most 4");
  problems.Require(hidden >= 0 && hidden <= 65536, "hidden", std::to_string(hidden), "0 to 65536");
  problems.Require(freeze_epochs >= 0, "freeze_epochs", std::to_string(freeze_epochs), "0 or more");
  problems.Require(shares.size() == kMaskStates, "shares", std::to_string(shares.size()) + " numbers", "3");
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  problems.Require(
      std::abs(sum - 1) < 1e-6 && std::all_of(shares.begin(), shares.end(), [](double s) { return s > 0; }), "shares",
      "a sum of " + std::to_string(sum), "positive numbers that add up to 1");
  problems.Require(synthetic_share >= 0 && synthetic_share <= 1, "synthetic_share", std::to_string(synthetic_share),
                   "0 to 1");
  problems.Require(prior_correction >= 0 && prior_correction <= 1, "prior_correction", std::to_string(prior_correction),
                   "0 to 1");
  problems.Require(margin >= 0 && margin <= 2, "margin", std::to_string(margin), "0 to 2");
  problems.Require(canvas_extent >= 1 && canvas_extent <= 4, "canvas_extent", std::to_string(canvas_extent), "1 to 4");
  problems.Require(memory_mb >= 0 && memory_mb <= 1 << 24, "memory_mb", std::to_string(memory_mb), "0 to 16777216");
  problems.Require(canvas_side >= 32 && canvas_side <= 2048, "canvas_side", std::to_string(canvas_side), "32 to 2048");
  for (const CropJitter& jitter : {scene_jitter, whole_jitter}) {
    problems.Require(jitter.smallest > 0 && jitter.smallest <= jitter.largest, "jitter",
                     std::to_string(jitter.smallest) + " to " + std::to_string(jitter.largest),
                     "0 < smallest <= largest");
  }
  problems.ThrowIfAny(ErrorKind::kUsage, "classifier training");
  ParsePixelScaling(pixels);
  samples.Validate();
  loss.Validate();
  loop.Validate();
}

int LargestSide(const ClassifierTrainingOptions& options) {
  return options.crop_sides.empty() ? options.sizes.back() : options.crop_sides.back();
}

int SizeOfStep(const ClassifierTrainingOptions& options, int epoch, int64_t step) {
  if (!options.crop_sides.empty()) {
    Random random(StepSeed(options.loop.seed, epoch, step, 0));
    return options.crop_sides[random.Below(options.crop_sides.size())];
  }
  const size_t parts = options.sizes.size();
  const size_t part = static_cast<size_t>(epoch) * parts / static_cast<size_t>(options.loop.epochs);
  return options.sizes[std::min(part, parts - 1)];
}

nlohmann::json ToJson(const ClassifierTrainingOptions& options) {
  nlohmann::json json = WriteSettings([&](auto&& visit) { VisitFields(options, visit); });
  SetTask(json, kTask);
  return json;
}

void ReadClassifierSettings(const nlohmann::json& json, const std::string& source, ClassifierTrainingOptions& options) {
  const nlohmann::json settings = WithoutTask(json, kTask, source);
  ReadSettings(settings, source, [&](auto&& visit) { VisitFields(options, visit); });
}

}  // namespace maskscope
