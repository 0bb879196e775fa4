#ifndef MASKSCOPE_DATA_SUSPECTS_LOGISTIC_H_
#define MASKSCOPE_DATA_SUSPECTS_LOGISTIC_H_

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace maskscope {

// Rows of numbers: [rows, columns], row-major.
struct FeatureMatrix {
  size_t rows = 0, columns = 0;
  std::vector<float> values;
  std::span<const float> row(size_t i) const { return {values.data() + i * columns, columns}; }
};

struct LogisticOptions {
  // Strength of the penalty l2 / 2 * |weights|^2 (features scaled to deviation 1, loss averaged over rows, bias free).
  // Strong enough that a few wrong labels cannot be learnt by heart.
  double l2 = 0.03;
  bool balanced = true;     // every class weighs the same, however many rows it has
  int max_steps = 200;      // of L-BFGS
  double tolerance = 1e-3;  // ends when no part of the gradient is greater
  // Errors: kUsage naming every bad field.
  void Validate() const;
};

// Multinomial logistic regression on standardised features. Nothing is drawn by lot: the same rows give the same model.
class LogisticRegression {
 public:
  // Learns from the rows `members` of `features`; labels[i] in [0, classes) belongs to row i of `features`. Errors:
  // kUsage (options; no members; members, labels and features that do not fit). Ends early when `stop` says so: the
  // model is then of no use.
  LogisticRegression(const FeatureMatrix& features, std::span<const int> labels, std::span<const size_t> members,
                     int classes, const LogisticOptions& options, const std::function<bool()>& stop = {});

  // One probability a class. `row` has as many columns as were learnt from.
  std::vector<double> Predict(std::span<const float> row) const;

  // [classes, columns], of the features as given, and [classes].
  std::vector<double> Weights() const;
  std::vector<double> Biases() const;

 private:
  int classes_;
  size_t columns_;
  std::vector<float> mean_, scale_;  // [columns]; fed = (value - mean) * scale
  std::vector<double> parameters_;   // [classes, columns] weights, then [classes] biases
};

// Minimises a smooth function by L-BFGS (Nocedal 1980) with halving steps (Armijo). `function` returns the value at x
// and sets its gradient. Returns the number of steps taken. `stop` ends it early.
int MinimiseLbfgs(const std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>& function,
                  std::vector<double>& x, int max_steps, double tolerance, const std::function<bool()>& stop = {});

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SUSPECTS_LOGISTIC_H_
