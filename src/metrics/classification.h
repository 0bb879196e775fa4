#ifndef MASKSCOPE_METRICS_CLASSIFICATION_H_
#define MASKSCOPE_METRICS_CLASSIFICATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace maskscope {

// Counts, rows = actual, columns = predicted.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes)
      : classes_(classes), counts_(static_cast<size_t>(classes) * static_cast<size_t>(classes)) {}
  void Add(int actual, int predicted, int64_t n = 1) { counts_[Index(actual, predicted)] += n; }
  int64_t at(int actual, int predicted) const { return counts_[Index(actual, predicted)]; }
  int classes() const { return classes_; }
  int64_t total() const;
  // NaN where undefined (no such row, no such column).
  double Accuracy() const;
  double Recall(int c) const;
  double Precision(int c) const;
  double F1(int c) const;  // 2 hits / (actual + predicted); NaN when the class has neither
  double MacroF1() const;  // mean over classes that have actual or predicted members

 private:
  size_t Index(int actual, int predicted) const {
    return static_cast<size_t>(actual) * static_cast<size_t>(classes_) + static_cast<size_t>(predicted);
  }
  int64_t RowSum(int c) const;
  int64_t ColumnSum(int c) const;

  int classes_;
  std::vector<int64_t> counts_;
};

struct Interval {
  double low = 0, high = 0;
};

// Wilson score interval of a proportion, 95 % (Wilson 1927). NaN without trials.
Interval WilsonInterval(int64_t successes, int64_t trials);

// The 2.5 and 97.5 percentiles, linear between order statistics. NaN values are left out; both ends are NaN when
// nothing is left.
Interval PercentileInterval(std::vector<double> values);

// Percentile bootstrap, 95 % (Efron 1979): `statistic` gets resampled unit indices (with repetition), `units` in
// number. Resampling by picture keeps faces of one picture together. NaN results are left out; both ends are NaN when
// nothing is left. Deterministic in `seed`.
Interval Bootstrap(int units, int resamples, uint64_t seed,
                   const std::function<double(const std::vector<int>&)>& statistic);

// Expected calibration error with equal-width bins (Guo et al. 2017, section 2): the mean over samples of |confidence -
// accuracy| of their bin. confidence in 0..1; NaN without samples.
double ExpectedCalibrationError(const std::vector<double>& confidence, const std::vector<bool>& right, int bins = 15);

// Temperature in [0.05, 20] that minimises the negative log likelihood of softmax(logits / T) (Guo et al. 2017,
// section 4.2). logits: [samples * classes]; labels: 0..classes-1. 1 without samples. Errors: kBadData when the sizes
// disagree.
double FitTemperature(const std::vector<float>& logits, const std::vector<int>& labels, int classes);

}  // namespace maskscope

#endif  // MASKSCOPE_METRICS_CLASSIFICATION_H_
