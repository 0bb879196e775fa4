#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "train/classifier_trainer.h"

namespace maskscope {

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
  share("label_smoothing", label_smoothing);
  problems.Require(shares.size() == kMaskStates, "shares", std::to_string(shares.size()) + " numbers", "3");
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  problems.Require(
      std::abs(sum - 1) < 1e-6 && std::all_of(shares.begin(), shares.end(), [](double s) { return s > 0; }), "shares",
      "a sum of " + std::to_string(sum), "positive numbers that add up to 1");
  problems.Require(synthetic_share >= 0 && synthetic_share <= 1, "synthetic_share", std::to_string(synthetic_share),
                   "0 to 1");
  problems.Require(margin >= 0 && margin <= 2, "margin", std::to_string(margin), "0 to 2");
  problems.Require(canvas_extent >= 1 && canvas_extent <= 4, "canvas_extent", std::to_string(canvas_extent), "1 to 4");
  problems.Require(canvas_side >= 32 && canvas_side <= 2048, "canvas_side", std::to_string(canvas_side), "32 to 2048");
  for (const CropJitter& jitter : {scene_jitter, whole_jitter}) {
    problems.Require(jitter.smallest > 0 && jitter.smallest <= jitter.largest, "jitter",
                     std::to_string(jitter.smallest) + " to " + std::to_string(jitter.largest),
                     "0 < smallest <= largest");
  }
  problems.ThrowIfAny(ErrorKind::kUsage, "classifier training");
  samples.Validate();
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

nlohmann::json ToJson(const ClassifierTrainingOptions& o) {
  return {{"kind", "classifier"},
          {"data", o.samples.data.string()},
          {"extra", o.samples.extra},
          {"exclude_sets", o.samples.exclude_sets},
          {"validation_share", o.samples.validation_share},
          {"validation_seed", o.samples.validation_seed},
          {"least_face", o.samples.least_face},
          {"least_face_of_set", o.samples.least_face_of_set},
          {"limit", o.samples.limit},
          {"epochs", o.loop.epochs},
          {"threads", o.loop.threads},
          {"seed", o.loop.seed},
          {"learning_rate", o.loop.schedule.peak},
          {"warm_share", o.loop.schedule.warm_share},
          {"start_divisor", o.loop.schedule.start_divisor},
          {"final_divisor", o.loop.schedule.final_divisor},
          {"optimizer", std::string(OptimizerName(o.loop.optimizer.kind))},
          {"weight_decay", o.loop.optimizer.weight_decay},
          {"momentum", o.loop.optimizer.momentum},
          {"beta1", o.loop.optimizer.beta1},
          {"beta2", o.loop.optimizer.beta2},
          {"clip_norm", o.loop.optimizer.clip_norm},
          {"average_decay", o.loop.average_decay},
          {"batch_norm_momentum", o.loop.batch_norm_momentum},
          {"init", o.init.string()},
          {"width", o.width},
          {"dropout", o.dropout},
          {"sizes", o.sizes},
          {"crop_sides", o.crop_sides},
          {"batch", o.batch},
          {"draws_per_epoch", o.draws_per_epoch},
          {"label_smoothing", o.label_smoothing},
          {"shares", o.shares},
          {"synthetic_share", o.synthetic_share},
          {"margin", o.margin},
          {"canvas_extent", o.canvas_extent},
          {"canvas_side", o.canvas_side},
          {"scene_jitter", {o.scene_jitter.smallest, o.scene_jitter.largest}},
          {"whole_jitter", {o.whole_jitter.smallest, o.whole_jitter.largest}},
          {"augment",
           {{"rotation", o.augment.rotation},
            {"shift", o.augment.shift},
            {"aspect", o.augment.aspect},
            {"low_resolution", o.augment.low_resolution},
            {"least_side", o.augment.least_side},
            {"jpeg", o.augment.jpeg},
            {"blur", o.augment.blur},
            {"noise", o.augment.noise},
            {"colour", o.augment.colour},
            {"grey", o.augment.grey},
            {"cutout", o.augment.cutout}}}};
}

ClassifierTrainingOptions ClassifierTrainingOptionsFromJson(const nlohmann::json& json, const std::string& source) {
  ClassifierTrainingOptions o;
  try {
    if (json.at("kind") != "classifier") {
      throw Error{ErrorKind::kBadData, source + " is of a training of another kind: " + json.at("kind").dump()};
    }
    o.samples.data = json.at("data").get<std::string>();
    o.init = json.at("init").get<std::string>();
    if (json.contains("extra")) json.at("extra").get_to(o.samples.extra);  // runs begun before there were any have none
    json.at("exclude_sets").get_to(o.samples.exclude_sets);
    json.at("validation_share").get_to(o.samples.validation_share);
    json.at("validation_seed").get_to(o.samples.validation_seed);
    json.at("least_face").get_to(o.samples.least_face);
    json.at("least_face_of_set").get_to(o.samples.least_face_of_set);
    json.at("limit").get_to(o.samples.limit);
    json.at("epochs").get_to(o.loop.epochs);
    json.at("threads").get_to(o.loop.threads);
    json.at("seed").get_to(o.loop.seed);
    json.at("learning_rate").get_to(o.loop.schedule.peak);
    json.at("warm_share").get_to(o.loop.schedule.warm_share);
    json.at("start_divisor").get_to(o.loop.schedule.start_divisor);
    json.at("final_divisor").get_to(o.loop.schedule.final_divisor);
    o.loop.optimizer.kind = ParseOptimizer(json.at("optimizer").get<std::string>());
    json.at("weight_decay").get_to(o.loop.optimizer.weight_decay);
    json.at("momentum").get_to(o.loop.optimizer.momentum);
    json.at("beta1").get_to(o.loop.optimizer.beta1);
    json.at("beta2").get_to(o.loop.optimizer.beta2);
    json.at("clip_norm").get_to(o.loop.optimizer.clip_norm);
    json.at("average_decay").get_to(o.loop.average_decay);
    json.at("batch_norm_momentum").get_to(o.loop.batch_norm_momentum);
    json.at("width").get_to(o.width);
    json.at("dropout").get_to(o.dropout);
    json.at("sizes").get_to(o.sizes);
    json.at("crop_sides").get_to(o.crop_sides);
    json.at("batch").get_to(o.batch);
    json.at("draws_per_epoch").get_to(o.draws_per_epoch);
    json.at("label_smoothing").get_to(o.label_smoothing);
    json.at("shares").get_to(o.shares);
    json.at("synthetic_share").get_to(o.synthetic_share);
    json.at("margin").get_to(o.margin);
    json.at("canvas_extent").get_to(o.canvas_extent);
    json.at("canvas_side").get_to(o.canvas_side);
    o.scene_jitter = {json.at("scene_jitter").at(0).get<double>(), json.at("scene_jitter").at(1).get<double>()};
    o.whole_jitter = {json.at("whole_jitter").at(0).get<double>(), json.at("whole_jitter").at(1).get<double>()};
    const nlohmann::json& augment = json.at("augment");
    augment.at("rotation").get_to(o.augment.rotation);
    augment.at("shift").get_to(o.augment.shift);
    augment.at("aspect").get_to(o.augment.aspect);
    augment.at("low_resolution").get_to(o.augment.low_resolution);
    augment.at("least_side").get_to(o.augment.least_side);
    augment.at("jpeg").get_to(o.augment.jpeg);
    augment.at("blur").get_to(o.augment.blur);
    augment.at("noise").get_to(o.augment.noise);
    augment.at("colour").get_to(o.augment.colour);
    augment.at("grey").get_to(o.augment.grey);
    augment.at("cutout").get_to(o.augment.cutout);
  } catch (const nlohmann::json::exception& error) {
    throw Error{ErrorKind::kBadData, source + ": " + error.what()};
  }
  return o;
}

}  // namespace maskscope
