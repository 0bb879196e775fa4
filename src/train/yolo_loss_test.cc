#include "train/yolo_loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "base/error.h"
#include "base/random.h"

namespace maskscope {
namespace {

// A batch of some shape, filled by lot.
struct Case {
  at::Tensor predictions;
  YoloTargets targets;
  YoloLossOptions options;
  at::Tensor class_weights;
  int size = 0;
};

at::Tensor Draw(Random& random, const std::vector<int64_t>& shape, double low, double high) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < tensor.numel(); ++i)
    tensor.data_ptr<float>()[i] = static_cast<float>(random.Uniform(low, high));
  return tensor;
}

Case DrawCase(Random& random) {
  Case made;
  made.size = 64 * random.Int(1, 10);
  const int64_t batch = random.Int(1, 3), classes = random.Int(1, 4), matches = random.Int(0, 9);
  made.targets.level_rows = {random.Int(1, 30), random.Int(1, 12), random.Int(1, 5)};
  const int64_t rows = made.targets.level_rows[0] + made.targets.level_rows[1] + made.targets.level_rows[2];
  made.predictions = Draw(random, {batch, rows, 5 + classes}, -4, 4);
  made.targets.silent = Draw(random, {batch, rows}, 0, 1) < 0.3;
  made.targets.row = at::empty({matches}, at::kLong);
  made.targets.level = at::empty({matches}, at::kLong);
  made.targets.classes = at::empty({matches}, at::kLong);
  for (int64_t m = 0; m < matches; ++m) {
    const int64_t row = static_cast<int64_t>(random.Below(static_cast<uint64_t>(batch * rows)));
    const int64_t within = row % rows, first = made.targets.level_rows[0], second = made.targets.level_rows[1];
    made.targets.row[m] = row;
    made.targets.level[m] = within < first ? 0 : within < first + second ? 1 : 2;
    made.targets.classes[m] = random.Int(-1, static_cast<int>(classes) - 1);
    made.targets.silent[row / rows][within] = false;
  }
  made.targets.cell = Draw(random, {matches, 2}, 0, 8).floor();
  made.targets.stride = Draw(random, {matches, 1}, 4, 32);
  made.targets.anchor = Draw(random, {matches, 2}, 5, 60);
  made.targets.box = at::cat({(made.targets.cell + 0.5) * made.targets.stride, made.targets.anchor * 1.3}, 1) +
                     Draw(random, {matches, 4}, -3, 3);
  made.options.label_smoothing = random.Chance(0.5) ? 0.1 : 0;
  made.options.balance = {random.Uniform(0.1, 4), random.Uniform(0.1, 4), random.Uniform(0.1, 4)};
  if (random.Chance(0.5)) made.class_weights = Draw(random, {classes}, 0.5, 2);
  return made;
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double SlowBce(double logit, double wanted) {
  return -wanted * std::log(Sigmoid(logit)) - (1 - wanted) * std::log(1 - Sigmoid(logit));
}

using Four = std::array<double, 4>;

double SlowCompleteIou(const Four& a, const Four& b) {
  const auto low = [](const Four& box, int i) {
    return box[static_cast<size_t>(i)] - box[static_cast<size_t>(i + 2)] / 2;
  };
  const auto high = [](const Four& box, int i) {
    return box[static_cast<size_t>(i)] + box[static_cast<size_t>(i + 2)] / 2;
  };
  double shared = 1, diagonal = 0, distance = 0;
  for (const int i : {0, 1}) {
    shared *= std::max(0.0, std::min(high(a, i), high(b, i)) - std::max(low(a, i), low(b, i)));
    diagonal += std::pow(std::max(high(a, i), high(b, i)) - std::min(low(a, i), low(b, i)), 2);
    distance += std::pow(a[static_cast<size_t>(i)] - b[static_cast<size_t>(i)], 2);
  }
  const double iou = shared / (a[2] * a[3] + b[2] * b[3] - shared);
  const double aspect =
      4 / std::pow(std::numbers::pi, 2) * std::pow(std::atan(b[2] / b[3]) - std::atan(a[2] / a[3]), 2);
  const double weight = aspect == 0 ? 0 : aspect / (1 - iou + aspect);
  return iou - distance / diagonal - weight * aspect;
}

struct SlowLoss {
  double box = 0, objectness = 0, classes = 0;
};

// Written from the description of the loss, one number at a time.
SlowLoss ComputeSlowly(const Case& c) {
  const auto at = [](const at::Tensor& tensor, int64_t i, int64_t j) { return tensor[i][j].item<double>(); };
  const int64_t batch = c.predictions.size(0), rows = c.predictions.size(1), classes = c.predictions.size(2) - 5;
  SlowLoss loss;
  std::map<int64_t, double> wanted;  // by row of the batch
  for (int64_t level = 0; level < 3; ++level) {
    double box = 0, of_class = 0, count = 0, known = 0;
    for (int64_t m = 0; m < c.targets.row.numel(); ++m) {
      if (c.targets.level[m].item<int64_t>() != level) continue;
      const int64_t row = c.targets.row[m].item<int64_t>();
      const at::Tensor values = c.predictions[row / rows][row % rows];
      const auto value = [&](int64_t i) { return values[i].item<double>(); };
      const double stride = at(c.targets.stride, m, 0);
      Four found, face;
      for (int64_t i = 0; i < 2; ++i) {
        found[static_cast<size_t>(i)] = (2 * Sigmoid(value(i)) - 0.5 + at(c.targets.cell, m, i)) * stride;
        found[static_cast<size_t>(i + 2)] = std::pow(2 * Sigmoid(value(i + 2)), 2) * at(c.targets.anchor, m, i);
      }
      for (int64_t i = 0; i < 4; ++i) face[static_cast<size_t>(i)] = at(c.targets.box, m, i);
      const double quality = SlowCompleteIou(found, face);
      wanted[row] = std::max({wanted[row], quality, 0.0});
      box += 1 - quality;
      ++count;
      const int64_t right = c.targets.classes[m].item<int64_t>();
      if (right < 0) continue;
      double sum = 0;
      for (int64_t k = 0; k < classes; ++k) {
        const double smooth = c.options.label_smoothing / 2;
        sum += SlowBce(value(5 + k), k == right ? 1 - smooth : smooth);
      }
      const double weight = c.class_weights.defined() ? c.class_weights[right].item<double>() : 1;
      of_class += weight * sum / static_cast<double>(classes);
      ++known;
    }
    if (count > 0) loss.box += box / count;
    if (known > 0) loss.classes += of_class / known;
  }
  int64_t first = 0;
  for (size_t level = 0; level < 3; ++level) {
    double sum = 0, count = 0;
    for (int64_t picture = 0; picture < batch; ++picture) {
      for (int64_t row = first; row < first + c.targets.level_rows[level]; ++row) {
        if (c.targets.silent[picture][row].item<bool>()) continue;
        const auto target = wanted.find(picture * rows + row);
        sum += SlowBce(c.predictions[picture][row][4].item<double>(), target == wanted.end() ? 0 : target->second);
        ++count;
      }
    }
    loss.objectness += c.options.balance[level] * sum / std::max(count, 1.0);
    first += c.targets.level_rows[level];
  }
  loss.box *= c.options.box_gain;
  loss.objectness *= c.options.objectness_gain * c.size * c.size / (640.0 * 640.0);
  loss.classes *= c.options.class_gain * static_cast<double>(classes) / 80;
  return loss;
}

TEST(YoloLoss, AgreesWithTheSlowOneOnAnyShape) {
  Random random(7);
  for (int round = 0; round < 60; ++round) {
    const Case c = DrawCase(random);
    const YoloLoss found = ComputeYoloLoss(c.predictions, c.targets, c.size, c.options, c.class_weights);
    const SlowLoss wanted = ComputeSlowly(c);
    const auto near = [&](double a, double b, const char* part) {
      EXPECT_NEAR(a, b, 2e-5 * std::max(1.0, std::abs(b)))
          << part << ", round " << round << ", predictions " << c.predictions.sizes() << ", matches "
          << c.targets.row.numel();
    };
    near(found.box, wanted.box, "box");
    near(found.objectness, wanted.objectness, "objectness");
    near(found.class_, wanted.classes, "class");
    const double total = (wanted.box + wanted.objectness + wanted.classes) * static_cast<double>(c.predictions.size(0));
    near(found.total.item<double>(), total, "total");
  }
}

TEST(YoloLoss, SilentRowsAndUnknownClassesGetNoGradient) {
  Random random(11);
  Case c = DrawCase(random);
  while (c.targets.row.numel() < 3) c = DrawCase(random);
  c.targets.classes.fill_(-1);
  c.predictions.requires_grad_(true);
  ComputeYoloLoss(c.predictions, c.targets, c.size, c.options, c.class_weights).total.backward();
  const at::Tensor gradient = c.predictions.grad();
  EXPECT_EQ(gradient.slice(2, 5).abs().max().item<double>(), 0.0);
  ASSERT_TRUE(c.targets.silent.any().item<bool>());
  EXPECT_EQ(gradient.index({c.targets.silent}).abs().max().item<double>(), 0.0);
  EXPECT_GT(gradient.index({c.targets.silent.logical_not()}).select(1, 4).abs().min().item<double>(), 0.0);
  EXPECT_GT(gradient.slice(2, 0, 4).abs().max().item<double>(), 0.0);
}

TEST(YoloLoss, AGoodBoxCostsNothing) {
  const at::Tensor box = torch::tensor({{30.0f, 40.0f, 20.0f, 10.0f}});
  EXPECT_NEAR(CompleteIou(box, box).item<double>(), 1, 1e-5);
  const at::Tensor away = torch::tensor({{330.0f, 40.0f, 20.0f, 10.0f}});
  EXPECT_LT(CompleteIou(box, away).item<double>(), -0.8);
}

TEST(YoloLossOptions, NamesBadFields) {
  YoloLossOptions options;
  options.balance = {1, 1};
  options.greatest_ratio = 1;
  try {
    options.Validate();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("balance"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("greatest_ratio"), std::string::npos);
  }
}

}  // namespace
}  // namespace maskscope
