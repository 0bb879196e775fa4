#include "evaluate/estimate.h"

#include <map>
#include <utility>

namespace maskscope {

Resampler::Resampler(const std::vector<std::string>& groups, int resamples, uint64_t seed)
    : resamples_(resamples), seed_(seed) {
  std::map<std::string, int> index;
  for (const std::string& group : groups) {
    group_of_.push_back(index.emplace(group, static_cast<int>(index.size())).first->second);
  }
  groups_ = static_cast<int>(index.size());
}

// statistic(weight of each picture) -> value.
template <typename Statistic>
Interval Resampler::Draw(const Statistic& statistic) const {
  std::vector<int> times(static_cast<size_t>(groups_)), weight(group_of_.size());
  return Bootstrap(groups_, resamples_, seed_, [&](const std::vector<int>& drawn) {
    times.assign(times.size(), 0);
    for (const int group : drawn) ++times[static_cast<size_t>(group)];
    for (size_t i = 0; i < weight.size(); ++i) weight[i] = times[static_cast<size_t>(group_of_[i])];
    return statistic(weight);
  });
}

Estimate Resampler::Ratio(const std::vector<Part>& parts) const {
  const auto ratio = [&](const auto& weight_of) {
    int64_t numerator = 0, denominator = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      numerator += parts[i].numerator * weight_of(i);
      denominator += parts[i].denominator * weight_of(i);
    }
    return denominator > 0 ? static_cast<double>(numerator) / static_cast<double>(denominator)
                           : std::numeric_limits<double>::quiet_NaN();
  };
  Estimate estimate;
  for (const Part& part : parts) estimate.count += part.denominator;
  estimate.value = ratio([](size_t) { return 1; });
  if (!estimate.defined()) return estimate;
  estimate.interval = Draw([&](const std::vector<int>& weight) { return ratio([&](size_t i) { return weight[i]; }); });
  return estimate;
}

std::vector<Interval> Resampler::Intervals(
    size_t numbers, const std::function<std::vector<double>(const std::vector<int>& weight)>& statistic) const {
  std::vector<std::vector<double>> values(numbers);
  Draw([&](const std::vector<int>& weight) {
    const std::vector<double> drawn = statistic(weight);
    for (size_t i = 0; i < numbers; ++i) values[i].push_back(drawn[i]);
    return 0.0;
  });
  std::vector<Interval> intervals;
  for (std::vector<double>& one : values) intervals.push_back(PercentileInterval(std::move(one)));
  return intervals;
}

WeightedVoc::WeightedVoc(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
                         const VocOptions& options, int images)
    : curve_(VocCurve(truths, detections, -1, options)), positives_(static_cast<size_t>(images)) {
  for (const int d : curve_.order) image_of_.push_back(detections[static_cast<size_t>(d)].image);
  for (const GroundTruth& truth : truths) {
    const bool ignored = truth.difficult || truth.crowd || truth.box[3] - truth.box[1] < options.min_height;
    positives_[static_cast<size_t>(truth.image)] += !ignored;
  }
}

Estimate Resampler::AveragePrecision(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
                                     const VocOptions& options) const {
  const WeightedVoc voc(truths, detections, options, pictures());
  Estimate estimate;
  estimate.value = voc.curve().ap_all;
  estimate.count = voc.curve().positives;
  if (!estimate.defined()) return estimate;
  estimate.interval = Draw([&](const std::vector<int>& weight) { return voc.Aps(weight).all; });
  return estimate;
}

}  // namespace maskscope
