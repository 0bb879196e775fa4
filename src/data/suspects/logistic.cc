#include "data/suspects/logistic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace maskscope {
namespace {

constexpr size_t kLanes = 16;

// In a fixed order of additions that a compiler can still do many of at once.
float Dot(const float* a, const float* b, size_t count) {
  float lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// Logits in place become probabilities; returns the logarithm of their sum of powers plus the greatest.
double Softmax(std::vector<double>& values) {
  const double greatest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - greatest);
  for (double& value : values) value /= sum;
  return greatest + std::log(sum);
}

struct Problem {
  size_t rows, columns;
  int classes;
  std::vector<float> values;    // [rows, columns], standardised
  std::vector<int> labels;      // [rows]
  std::vector<double> weights;  // [rows], sum 1
  double l2;

  double Evaluate(const std::vector<double>& parameters, std::vector<double>& gradient) const {
    const size_t size = static_cast<size_t>(classes) * columns;
    const std::vector<float> weight(parameters.begin(), parameters.begin() + static_cast<ptrdiff_t>(size));
    std::vector<float> slope(size, 0.0f);
    std::vector<double> bias_slope(static_cast<size_t>(classes), 0.0), logits(static_cast<size_t>(classes));
    double loss = 0;
    for (size_t i = 0; i < rows; ++i) {
      const float* row = values.data() + i * columns;
      for (size_t c = 0; c < logits.size(); ++c) {
        logits[c] = parameters[size + c] + Dot(row, weight.data() + c * columns, columns);
      }
      const auto label = static_cast<size_t>(labels[i]);
      const double of_label = logits[label];
      loss += weights[i] * (Softmax(logits) - of_label);
      for (size_t c = 0; c < logits.size(); ++c) {
        const double error = weights[i] * (logits[c] - (c == label ? 1 : 0));
        bias_slope[c] += error;
        const auto factor = static_cast<float>(error);
        float* to = slope.data() + c * columns;
        for (size_t j = 0; j < columns; ++j) to[j] += factor * row[j];
      }
    }
    for (size_t k = 0; k < size; ++k) {
      loss += l2 / 2 * parameters[k] * parameters[k];
      gradient[k] = slope[k] + l2 * parameters[k];
    }
    std::copy(bias_slope.begin(), bias_slope.end(), gradient.begin() + static_cast<ptrdiff_t>(size));
    return loss;
  }
};

std::vector<double> RowWeights(const std::vector<int>& labels, int classes, bool balanced) {
  std::vector<double> count(static_cast<size_t>(classes), 0.0);
  for (const int label : labels) ++count[static_cast<size_t>(label)];
  const auto present =
      static_cast<double>(std::count_if(count.begin(), count.end(), [](double number) { return number > 0; }));
  std::vector<double> weights;
  for (const int label : labels) {
    weights.push_back(balanced ? 1 / (present * count[static_cast<size_t>(label)])
                               : 1 / static_cast<double>(labels.size()));
  }
  return weights;
}

void CheckInput(const FeatureMatrix& features, std::span<const int> labels, std::span<const size_t> members,
                int classes) {
  const bool fits = !members.empty() && classes >= 2 && labels.size() == features.rows &&
                    features.values.size() == features.rows * features.columns &&
                    std::all_of(members.begin(), members.end(),
                                [&](size_t i) { return i < features.rows && labels[i] >= 0 && labels[i] < classes; });
  if (!fits) {
    throw Error(ErrorKind::kUsage,
                fmt::format("logistic regression: found {} rows, {} labels, {} rows to learn from, {} classes; wanted "
                            "a label for each row, each below the number of classes",
                            features.rows, labels.size(), members.size(), classes));
  }
}

}  // namespace

void LogisticOptions::Validate() const {
  Problems problems;
  problems.Require(l2 > 0 && l2 <= 1e6, "l2", std::to_string(l2), "more than 0, at most 1000000");
  problems.Require(max_steps >= 1 && max_steps <= 100000, "max_steps", std::to_string(max_steps), "1 to 100000");
  problems.Require(tolerance > 0 && tolerance < 1, "tolerance", std::to_string(tolerance), "more than 0, below 1");
  problems.ThrowIfAny(ErrorKind::kUsage, "logistic regression");
}

LogisticRegression::LogisticRegression(const FeatureMatrix& features, std::span<const int> labels,
                                       std::span<const size_t> members, int classes, const LogisticOptions& options,
                                       const std::function<bool()>& stop)
    : classes_(classes), columns_(features.columns) {
  options.Validate();
  CheckInput(features, labels, members, classes);
  std::vector<double> sum(columns_), squares(columns_);
  for (const size_t i : members) {
    const std::span<const float> row = features.row(i);
    for (size_t j = 0; j < columns_; ++j) sum[j] += row[j], squares[j] += double(row[j]) * row[j];
  }
  const auto count = static_cast<double>(members.size());
  for (size_t j = 0; j < columns_; ++j) {
    const double mean = sum[j] / count, variance = squares[j] / count - mean * mean;
    mean_.push_back(static_cast<float>(mean));
    // A column that never changes says nothing; it must not blow up on a new row either.
    scale_.push_back(variance > 1e-10 * (1 + mean * mean) ? static_cast<float>(1 / std::sqrt(variance)) : 0.0f);
  }
  Problem problem{members.size(), columns_, classes, {}, {}, {}, options.l2};
  problem.values.reserve(members.size() * columns_);
  for (const size_t i : members) {
    const std::span<const float> row = features.row(i);
    for (size_t j = 0; j < columns_; ++j) problem.values.push_back((row[j] - mean_[j]) * scale_[j]);
    problem.labels.push_back(labels[i]);
  }
  problem.weights = RowWeights(problem.labels, classes, options.balanced);
  parameters_.assign(static_cast<size_t>(classes) * (columns_ + 1), 0.0);
  MinimiseLbfgs(
      [&problem](const std::vector<double>& x, std::vector<double>& gradient) { return problem.Evaluate(x, gradient); },
      parameters_, options.max_steps, options.tolerance, stop);
}

std::vector<double> LogisticRegression::Predict(std::span<const float> row) const {
  std::vector<double> logits;
  for (size_t c = 0; c < static_cast<size_t>(classes_); ++c) {
    double logit = parameters_[static_cast<size_t>(classes_) * columns_ + c];
    for (size_t j = 0; j < columns_; ++j) {
      logit += parameters_[c * columns_ + j] * ((row[j] - mean_[j]) * scale_[j]);
    }
    logits.push_back(logit);
  }
  Softmax(logits);
  return logits;
}

std::vector<double> LogisticRegression::Weights() const {
  std::vector<double> weights(parameters_.begin(),
                              parameters_.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(classes_) * columns_));
  for (size_t k = 0; k < weights.size(); ++k) weights[k] *= scale_[k % columns_];
  return weights;
}

std::vector<double> LogisticRegression::Biases() const {
  std::vector<double> biases(parameters_.end() - classes_, parameters_.end());
  const std::vector<double> weights = Weights();
  for (size_t k = 0; k < weights.size(); ++k) biases[k / columns_] -= weights[k] * mean_[k % columns_];
  return biases;
}

}  // namespace maskscope
