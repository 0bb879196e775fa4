#include "metrics/classification.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "metrics/distribution.h"

namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kNormal975 = 1.959963984540054;  // 97.5 % point of the standard normal distribution

double Ratio(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : kNaN;
}

// Derivative of the mean negative log likelihood by b = 1 / T: the mean of (expected logit - logit of the label). It
// grows with b, for the likelihood is log-concave in b.
double LikelihoodSlope(const std::vector<float>& logits, const std::vector<int>& labels, size_t classes, double b) {
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const float* row = logits.data() + i * classes;
    const double top = *std::max_element(row, row + classes);
    double weight = 0, weighted = 0;
    for (size_t c = 0; c < classes; ++c) {
      const double w = std::exp(b * (row[c] - top));
      weight += w;
      weighted += w * row[c];
    }
    sum += weighted / weight - row[static_cast<size_t>(labels[i])];
  }
  return sum / static_cast<double>(labels.size());
}

}  // namespace

int64_t ConfusionMatrix::RowSum(int c) const {
  int64_t sum = 0;
  for (int i = 0; i < classes_; ++i) sum += at(c, i);
  return sum;
}

int64_t ConfusionMatrix::ColumnSum(int c) const {
  int64_t sum = 0;
  for (int i = 0; i < classes_; ++i) sum += at(i, c);
  return sum;
}

int64_t ConfusionMatrix::total() const {
  int64_t sum = 0;
  for (const int64_t count : counts_) sum += count;
  return sum;
}

double ConfusionMatrix::Accuracy() const {
  int64_t right = 0;
  for (int c = 0; c < classes_; ++c) right += at(c, c);
  return Ratio(right, total());
}

double ConfusionMatrix::Recall(int c) const { return Ratio(at(c, c), RowSum(c)); }
double ConfusionMatrix::Precision(int c) const { return Ratio(at(c, c), ColumnSum(c)); }
double ConfusionMatrix::F1(int c) const { return Ratio(2 * at(c, c), RowSum(c) + ColumnSum(c)); }

double ConfusionMatrix::MacroF1() const {
  double sum = 0;
  int present = 0;
  for (int c = 0; c < classes_; ++c) {
    const double f1 = F1(c);
    if (std::isnan(f1)) continue;
    sum += f1;
    ++present;
  }
  return present > 0 ? sum / present : kNaN;
}

Interval WilsonInterval(int64_t successes, int64_t trials) {
  if (trials <= 0) return {kNaN, kNaN};
  const double n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double z2 = kNormal975 * kNormal975;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kNormal975 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  // At 0 and n the bounds are exactly 0 and 1; rounding must not say otherwise.
  return {successes == 0 ? 0 : centre - half, successes == trials ? 1 : centre + half};
}

Interval PercentileInterval(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {kNaN, kNaN};
  std::sort(values.begin(), values.end());
  return {Quantile(values, 0.025), Quantile(values, 0.975)};
}

Interval Bootstrap(int units, int resamples, uint64_t seed,
                   const std::function<double(const std::vector<int>&)>& statistic) {
  if (units <= 0) return {kNaN, kNaN};
  Random random(seed);
  std::vector<int> drawn(static_cast<size_t>(units));
  std::vector<double> values;
  for (int i = 0; i < resamples; ++i) {
    for (int& unit : drawn) unit = static_cast<int>(random.Below(static_cast<uint64_t>(units)));
    values.push_back(statistic(drawn));
  }
  return PercentileInterval(std::move(values));
}

double ExpectedCalibrationError(const std::vector<double>& confidence, const std::vector<bool>& right, int bins) {
  if (confidence.size() != right.size() || bins < 1) {
    throw Error(ErrorKind::kBadData, "calibration error: found " + std::to_string(confidence.size()) +
                                         " confidences, " + std::to_string(right.size()) + " judgements and " +
                                         std::to_string(bins) + " bins");
  }
  if (confidence.empty()) return kNaN;
  std::vector<double> gap(static_cast<size_t>(bins));  // sum of confidence - right
  for (size_t i = 0; i < confidence.size(); ++i) {
    // Bins are (k/n, (k+1)/n], as in the paper; 0 falls into the first.
    const int bin = std::clamp(static_cast<int>(std::ceil(confidence[i] * bins)) - 1, 0, bins - 1);
    gap[static_cast<size_t>(bin)] += confidence[i] - (right[i] ? 1 : 0);
  }
  double sum = 0;
  for (const double one : gap) sum += std::abs(one);
  return sum / static_cast<double>(confidence.size());
}

double FitTemperature(const std::vector<float>& logits, const std::vector<int>& labels, int classes) {
  const bool consistent = classes > 0 && logits.size() == labels.size() * static_cast<size_t>(std::max(classes, 0)) &&
                          std::all_of(labels.begin(), labels.end(), [&](int l) { return l >= 0 && l < classes; });
  if (!consistent) {
    throw Error(ErrorKind::kBadData, "temperature: found " + std::to_string(logits.size()) + " logits and " +
                                         std::to_string(labels.size()) + " labels for " + std::to_string(classes) +
                                         " classes");
  }
  if (labels.empty()) return 1;
  double low = 1 / 20.0, high = 1 / 0.05;  // of 1 / T
  for (int i = 0; i < 80; ++i) {
    const double middle = std::sqrt(low * high);
    (LikelihoodSlope(logits, labels, static_cast<size_t>(classes), middle) > 0 ? high : low) = middle;
  }
  return 1 / std::sqrt(low * high);
}

}  // namespace maskscope
