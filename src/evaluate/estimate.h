#ifndef MASKSCOPE_EVALUATE_ESTIMATE_H_
#define MASKSCOPE_EVALUATE_ESTIMATE_H_

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "metrics/classification.h"
#include "metrics/detection.h"

namespace maskscope {

// A measured number with its 95 % interval and how many faces (crops, detections) it rests on. NaN = undefined here.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  Interval interval{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  int64_t count = 0;
  bool defined() const { return !std::isnan(value); }
};

// A share of one picture: its part of the numerator and of the denominator.
struct Part {
  int64_t numerator = 0, denominator = 0;
};

// One class matched once, its average precision under any weights of the pictures.
class WeightedVoc {
 public:
  // `image` of truths and detections: 0 to images - 1. Every label counts as the class.
  WeightedVoc(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
              const VocOptions& options, int images);
  const PrCurve& curve() const { return curve_; }
  const std::vector<int>& image_of() const { return image_of_; }    // of each entry of curve().order
  const std::vector<int>& positives() const { return positives_; }  // counted truths of each image
  ApPair Aps(const std::vector<int>& weight) const { return ResampledAps(curve_, image_of_, positives_, weight); }

 private:
  PrCurve curve_;
  std::vector<int> image_of_, positives_;
};

// Draws pictures anew, with repetition, whole groups at a time (pictures of one series are not independent), and so
// finds how far a number might have been off. The draws are the same for every number of one Resampler.
// Thread-compatible.
class Resampler {
 public:
  // `groups`: the group name of each picture. Deterministic in `seed`.
  Resampler(const std::vector<std::string>& groups, int resamples, uint64_t seed);

  int pictures() const { return static_cast<int>(group_of_.size()); }
  int groups() const { return groups_; }

  // Intervals of several numbers from the same draws: statistic(times each picture was drawn) gives them all.
  std::vector<Interval> Intervals(
      size_t numbers, const std::function<std::vector<double>(const std::vector<int>& weight)>& statistic) const;
  // Sum of numerators over sum of denominators; parts[i] belongs to picture i.
  Estimate Ratio(const std::vector<Part>& parts) const;
  // Average precision (VOC 2010 on) of the one class given; `image` of boxes and truths is the picture's index.
  Estimate AveragePrecision(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
                            const VocOptions& options) const;

 private:
  template <typename Statistic>
  Interval Draw(const Statistic& statistic) const;

  std::vector<int> group_of_;  // index of the group of each picture
  int groups_ = 0;
  int resamples_;
  uint64_t seed_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_ESTIMATE_H_
