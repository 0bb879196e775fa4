#ifndef MASKSCOPE_RUNS_VALIDATION_SET_H_
#define MASKSCOPE_RUNS_VALIDATION_SET_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "metrics/classification.h"

namespace maskscope {

// What a classifier said of each face it was validated on.
struct ValidationSet {
  std::vector<std::string> classes;  // of the columns p_CLASS, in their order
  std::vector<int> label;            // true class of each face, index into classes
  std::vector<int> predicted;        // the most probable class, the first of equals
  std::vector<int> group;            // faces of one group (one picture, one series) are not independent: 0, 1 ...
  int groups = 0;
};

// validation.csv: a column `label` (name of the true class), one column p_CLASS a class with its probability, and, if
// wanted, `group`; without it each face is its own group. Other columns are left alone.
// Errors: kNotFound, kBadData with file, line and column.
ValidationSet ReadValidation(const std::filesystem::path& path);

// A number with its interval; NaN where undefined.
struct ScoreEstimate {
  std::string name;  // "accuracy", "macro F1", "F1 incorrect", "recall incorrect"
  double value = 0;
  Interval interval{};
};

// All scores with 95 % intervals: percentile bootstrap over groups. Deterministic in `seed`.
std::vector<ScoreEstimate> EstimateScores(const ValidationSet& set, int resamples, uint64_t seed);

// Whether both were validated on the same faces in the same order, and know the same classes.
bool SameFaces(const ValidationSet& a, const ValidationSet& b);

// How much `b` scores above `a` on the same faces: both are drawn anew together, so that what is hard for both takes no
// part in the interval. Errors: kInternal unless SameFaces.
std::vector<ScoreEstimate> EstimateDifferences(const ValidationSet& a, const ValidationSet& b, int resamples,
                                               uint64_t seed);

}  // namespace maskscope

#endif  // MASKSCOPE_RUNS_VALIDATION_SET_H_
