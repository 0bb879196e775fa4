#ifndef MASKSCOPE_METRICS_CLASSIFICATION_H_
#define MASKSCOPE_METRICS_CLASSIFICATION_H_

#include <cstdint>
#include <functional>
#include <vector>

namespace maskscope {

// Counts, rows = actual, columns = predicted.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes) : classes_(classes), counts_(size_t(classes) * classes) {}
  void Add(int actual, int predicted, int64_t n = 1) { counts_[size_t(actual) * classes_ + predicted] += n; }
  int64_t at(int actual, int predicted) const { return counts_[size_t(actual) * classes_ + predicted]; }
  int classes() const { return classes_; }
  int64_t total() const;
  // NaN where undefined (no such row, no such column).
  double Accuracy() const;
  double Recall(int c) const;
  double Precision(int c) const;
  double F1(int c) const;
  double MacroF1() const;  // mean over classes that have actual or predicted members

 private:
  int classes_;
  std::vector<int64_t> counts_;
};

struct Interval {
  double low = 0, high = 0;
};
// Wilson score interval of a proportion, 95 %.
Interval WilsonInterval(int64_t successes, int64_t trials);
// Percentile bootstrap, 95 %: `statistic` gets resampled unit indices (with repetition), `units` in number. Resampling by picture keeps
// faces of one picture together. NaN results are left out. Deterministic in `seed`.
Interval Bootstrap(int units, int resamples, uint64_t seed, const std::function<double(const std::vector<int>&)>& statistic);

// Expected calibration error with equal-width bins (Guo et al. 2017).
double ExpectedCalibrationError(const std::vector<double>& confidence, const std::vector<bool>& right, int bins = 15);
// Temperature that minimises the negative log likelihood of softmax(logits / T). logits: [samples * classes].
double FitTemperature(const std::vector<float>& logits, const std::vector<int>& labels, int classes);

}  // namespace maskscope

#endif  // MASKSCOPE_METRICS_CLASSIFICATION_H_
