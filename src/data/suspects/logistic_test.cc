#include "data/suspects/logistic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

std::vector<size_t> All(size_t count) {
  std::vector<size_t> all(count);
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

TEST(Lbfgs, FindsTheMinimumOfRosenbrocksValley) {
  std::vector<double> x{-1.2, 1};
  MinimiseLbfgs(
      [](const std::vector<double>& at, std::vector<double>& gradient) {
        const double a = 1 - at[0], b = at[1] - at[0] * at[0];
        gradient[0] = -2 * a - 400 * at[0] * b;
        gradient[1] = 200 * b;
        return a * a + 100 * b * b;
      },
      x, 500, 1e-8);
  EXPECT_NEAR(x[0], 1, 1e-6);
  EXPECT_NEAR(x[1], 1, 1e-6);
}

// One yes-no feature and next to no penalty: the answer is how often each class goes with each value.
TEST(Logistic, LearnsFrequenciesWhereNothingElseIsKnown) {
  FeatureMatrix features{10, 1, {0, 0, 0, 0, 0, 1, 1, 1, 1, 1}};
  const std::vector<int> labels{0, 0, 0, 1, 2, 0, 1, 1, 2, 2};
  LogisticOptions options;
  options.l2 = 1e-9, options.balanced = false, options.tolerance = 1e-8, options.max_steps = 1000;
  const LogisticRegression model(features, labels, All(10), 3, options);
  const float zero = 0, one = 1;
  const std::vector<double> at_zero = model.Predict({&zero, 1}), at_one = model.Predict({&one, 1});
  const double expected_zero[] = {0.6, 0.2, 0.2}, expected_one[] = {0.2, 0.4, 0.4};
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(at_zero[c], expected_zero[c], 1e-3);
    EXPECT_NEAR(at_one[c], expected_one[c], 1e-3);
  }
}

TEST(Logistic, BalancedClassesWeighTheSame) {
  FeatureMatrix features{10, 1, std::vector<float>(10, 3.0f)};  // says nothing
  const std::vector<int> labels{0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  LogisticOptions options;
  options.tolerance = 1e-7;
  const float value = 7;
  EXPECT_NEAR(LogisticRegression(features, labels, All(10), 2, options).Predict({&value, 1})[1], 0.5, 1e-3);
  options.balanced = false;
  EXPECT_NEAR(LogisticRegression(features, labels, All(10), 2, options).Predict({&value, 1})[1], 0.1, 1e-3);
}

// At the optimum the gradient of the loss vanishes: worked out here from the model's own weights, in doubles.
TEST(Logistic, SolutionIsStationary) {
  Random random(5);
  const size_t rows = 60, columns = 5;
  FeatureMatrix features{rows, columns, {}};
  std::vector<int> labels;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) features.values.push_back(static_cast<float>(random.Normal() * 2 + 3));
    labels.push_back(static_cast<int>(random.Below(3)));
  }
  LogisticOptions options;
  options.l2 = 0.05, options.balanced = false, options.tolerance = 1e-6, options.max_steps = 1000;
  const LogisticRegression model(features, labels, All(rows), 3, options);
  const std::vector<double> weights = model.Weights(), biases = model.Biases();
  for (size_t j = 0; j < columns; ++j) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < rows; ++i) mean += features.row(i)[j] / double(rows);
    for (size_t i = 0; i < rows; ++i) square += std::pow(features.row(i)[j] - mean, 2) / double(rows);
    for (size_t c = 0; c < 3; ++c) {
      double slope = 0;
      for (size_t i = 0; i < rows; ++i) {
        double logits[3], sum = 0;
        for (size_t k = 0; k < 3; ++k) {
          logits[k] = biases[k];
          for (size_t m = 0; m < columns; ++m) logits[k] += weights[k * columns + m] * features.row(i)[m];
          sum += std::exp(logits[k]);
        }
        const double error = std::exp(logits[c]) / sum - (labels[i] == int(c) ? 1 : 0);
        slope += error * (features.row(i)[j] - mean) / std::sqrt(square) / double(rows);
      }
      slope += options.l2 * weights[c * columns + j] * std::sqrt(square);
      EXPECT_NEAR(slope, 0, 2e-4);
    }
  }
}

TEST(Logistic, RefusesWhatDoesNotFit) {
  FeatureMatrix features{2, 1, {0, 1}};
  const std::vector<int> labels{0, 3};
  ExpectError(ErrorKind::kUsage, {"logistic"}, [&] { LogisticRegression(features, labels, All(2), 3, {}); });
  ExpectError(ErrorKind::kUsage, {"logistic"}, [&] { LogisticRegression(features, labels, {}, 3, {}); });
  LogisticOptions bad;
  bad.l2 = -1, bad.tolerance = 0;
  ExpectError(ErrorKind::kUsage, {"l2", "tolerance"}, [&] { bad.Validate(); });
}

}  // namespace
}  // namespace maskscope
