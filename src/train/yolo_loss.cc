#include "train/yolo_loss.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"

namespace maskscope {

namespace {

constexpr double kGainSide = 640, kGainClasses = 80;  // what the gains are stated for
constexpr double kTiny = 1e-7;

at::Tensor Bce(const at::Tensor& logits, const at::Tensor& wanted) {
  return at::binary_cross_entropy_with_logits(logits, wanted, {}, {}, at::Reduction::None);
}

// [n] -> what each entry counts when entries of one level are averaged and the levels added up.
at::Tensor ShareOfLevel(const at::Tensor& level, size_t levels) {
  return at::bincount(level, {}, static_cast<int64_t>(levels)).index_select(0, level).to(at::kFloat).reciprocal();
}

// [rows]: for each row the greatest `quality` of the matches that want it, at least 0.
at::Tensor BestOfRow(const at::Tensor& quality, const at::Tensor& row, int64_t rows) {
  const at::Tensor values = quality.detach().contiguous();
  at::Tensor best = at::zeros({rows}, at::kFloat);
  auto* out = best.data_ptr<float>();
  for (int64_t m = 0; m < row.numel(); ++m) {
    float& place = out[row.data_ptr<int64_t>()[m]];
    place = std::max(place, values.data_ptr<float>()[m]);
  }
  return best;
}

at::Tensor ClassLoss(const at::Tensor& logits, const YoloTargets& targets, const YoloLossOptions& options,
                     const at::Tensor& class_weights) {
  const at::Tensor known = (targets.classes >= 0).nonzero().squeeze(1);
  if (known.numel() == 0) return at::zeros({}, logits.options());
  const at::Tensor classes = targets.classes.index_select(0, known);
  at::Tensor wanted = at::full({known.numel(), logits.size(1)}, options.label_smoothing / 2, logits.options());
  wanted.scatter_(1, classes.unsqueeze(1), 1 - options.label_smoothing / 2);
  at::Tensor loss = Bce(logits.index_select(0, known), wanted).mean(1);
  if (class_weights.defined()) loss = loss * class_weights.index_select(0, classes);
  return (loss * ShareOfLevel(targets.level.index_select(0, known), targets.level_rows.size())).sum();
}

// `objectness` and `wanted` [batch, R].
at::Tensor ObjectnessLoss(const at::Tensor& objectness, const at::Tensor& wanted, const YoloTargets& targets,
                          const YoloLossOptions& options) {
  const at::Tensor heard = targets.silent.logical_not().to(at::kFloat);
  const at::Tensor loss = Bce(objectness, wanted) * heard;
  at::Tensor sum = at::zeros({}, objectness.options());
  int64_t first = 0;
  for (size_t i = 0; i < targets.level_rows.size(); ++i) {
    const int64_t rows = targets.level_rows[i];
    const at::Tensor count = heard.narrow(1, first, rows).sum().clamp_min(1);
    sum = sum + options.balance[i] * loss.narrow(1, first, rows).sum() / count;
    first += rows;
  }
  return sum;
}

}  // namespace

void YoloLossOptions::Validate() const {
  Problems problems;
  const auto gain = [&](const char* field, double value) {
    problems.Require(value >= 0 && value <= 1e6, field, std::to_string(value), "0 or more");
  };
  gain("box_gain", box_gain);
  gain("objectness_gain", objectness_gain);
  gain("class_gain", class_gain);
  problems.Require(balance.size() == 3, "balance", std::to_string(balance.size()) + " numbers", "3, one a stride");
  for (const double part : balance) gain("balance", part);
  problems.Require(label_smoothing >= 0 && label_smoothing < 1, "label_smoothing", std::to_string(label_smoothing),
                   "0 or more, below 1");
  problems.Require(greatest_ratio > 1 && greatest_ratio <= 100, "greatest_ratio", std::to_string(greatest_ratio),
                   "above 1, at most 100");
  problems.ThrowIfAny(ErrorKind::kUsage, "YOLO loss");
}

at::Tensor CompleteIou(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor centre_a = a.slice(1, 0, 2), centre_b = b.slice(1, 0, 2);
  const at::Tensor size_a = a.slice(1, 2, 4), size_b = b.slice(1, 2, 4);
  const at::Tensor low_a = centre_a - size_a / 2, high_a = centre_a + size_a / 2;
  const at::Tensor low_b = centre_b - size_b / 2, high_b = centre_b + size_b / 2;
  const at::Tensor shared = (at::minimum(high_a, high_b) - at::maximum(low_a, low_b)).clamp_min(0).prod(1);
  const at::Tensor iou = shared / (size_a.prod(1) + size_b.prod(1) - shared + kTiny);
  const at::Tensor diagonal = (at::maximum(high_a, high_b) - at::minimum(low_a, low_b)).square().sum(1) + kTiny;
  const at::Tensor distance = (centre_a - centre_b).square().sum(1);
  const auto angle = [](const at::Tensor& size) { return at::atan(size.select(1, 0) / (size.select(1, 1) + kTiny)); };
  const at::Tensor aspect = (angle(size_b) - angle(size_a)).square() * (4 / (std::numbers::pi * std::numbers::pi));
  const at::Tensor weight = (aspect / (1 - iou + aspect + kTiny)).detach();
  return iou - distance / diagonal - weight * aspect;
}

at::Tensor DecodeYoloBoxes(const at::Tensor& values, const YoloTargets& targets) {
  const at::Tensor share = values.sigmoid();
  const at::Tensor centre = (share.slice(1, 0, 2) * 2 - 0.5 + targets.cell) * targets.stride;
  return at::cat({centre, (share.slice(1, 2, 4) * 2).square() * targets.anchor}, 1);
}

YoloLoss ComputeYoloLoss(const at::Tensor& predictions, const YoloTargets& targets, int size,
                         const YoloLossOptions& options, const at::Tensor& class_weights) {
  const int64_t batch = predictions.size(0), rows = predictions.size(1), values = predictions.size(2);
  at::Tensor wanted = at::zeros({batch * rows}, at::kFloat);
  at::Tensor box_loss = at::zeros({}, predictions.options()), class_loss = box_loss;
  if (targets.row.numel() > 0) {
    const at::Tensor matched = predictions.reshape({batch * rows, values}).index_select(0, targets.row);
    const at::Tensor quality = CompleteIou(DecodeYoloBoxes(matched.slice(1, 0, 4), targets), targets.box);
    box_loss = ((1 - quality) * ShareOfLevel(targets.level, targets.level_rows.size())).sum();
    wanted = BestOfRow(quality, targets.row, batch * rows);
    class_loss = ClassLoss(matched.slice(1, 5), targets, options, class_weights);
  }
  const at::Tensor objectness_loss =
      ObjectnessLoss(predictions.select(2, 4), wanted.view({batch, rows}), targets, options);
  const double area = static_cast<double>(size) * size / (kGainSide * kGainSide);
  const at::Tensor box = options.box_gain * box_loss;
  const at::Tensor objectness = options.objectness_gain * area * objectness_loss;
  const at::Tensor classes = options.class_gain * static_cast<double>(values - 5) / kGainClasses * class_loss;
  YoloLoss loss;
  loss.total = (box + objectness + classes) * batch;
  loss.box = box.item<double>();
  loss.objectness = objectness.item<double>();
  loss.class_ = classes.item<double>();
  return loss;
}

}  // namespace maskscope
