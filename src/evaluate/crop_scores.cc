#include "evaluate/crop_scores.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "evaluate/predicted_state.h"

namespace maskscope {
namespace {

struct JudgedCrop {
  const LabelledCrop* crop;
  PredictedState predicted;
};

// Shares of crops for which `holds` is true.
template <typename Holds>
Estimate Share(const std::vector<JudgedCrop>& crops, const Resampler& resampler, const Holds& holds) {
  std::vector<Part> parts;
  for (const JudgedCrop& one : crops) parts.push_back({holds(one), 1});
  return resampler.Ratio(parts);
}

Estimate F1(const std::vector<JudgedCrop>& crops, const Resampler& resampler, MaskState state) {
  std::vector<Part> parts;
  int64_t labelled_in_all = 0;
  for (const JudgedCrop& one : crops) {
    const bool labelled = one.crop->state == state, called = one.predicted.best == state;
    parts.push_back({2 * (labelled && called), labelled + called});
    labelled_in_all += labelled;
  }
  if (labelled_in_all == 0) return {};
  Estimate estimate = resampler.Ratio(parts);
  estimate.count = labelled_in_all;
  return estimate;
}

CropScores Score(const std::string& name, bool faces, const std::vector<JudgedCrop>& crops,
                 const CropScoreOptions& options) {
  CropScores scores;
  scores.name = name;
  scores.faces = faces;
  scores.crops = static_cast<int64_t>(crops.size());
  std::vector<std::string> groups;
  for (const JudgedCrop& one : crops) {
    groups.push_back(one.crop->group);
    ++scores.called[static_cast<size_t>(one.predicted.best)];
    scores.unsure += one.predicted.unsure;
    if (!faces) continue;
    const int actual = static_cast<int>(*one.crop->state), best = static_cast<int>(one.predicted.best);
    scores.confusion.Add(actual, one.predicted.unsure ? kMaskStates : best);
    scores.best_guess.Add(actual, best);
  }
  if (!faces) return scores;
  const Resampler resampler(groups, options.resamples, options.seed);
  const auto right = [](const JudgedCrop& one) { return one.predicted.best == *one.crop->state; };
  scores.accuracy = Share(crops, resampler, right);
  scores.accuracy_strict =
      Share(crops, resampler, [&](const JudgedCrop& one) { return right(one) && !one.predicted.unsure; });
  scores.two_class_accuracy = Share(crops, resampler, [](const JudgedCrop& one) {
    return (one.predicted.best == MaskState::kNone) == (*one.crop->state == MaskState::kNone);
  });
  for (int s = 0; s < kMaskStates; ++s) {
    scores.f1[static_cast<size_t>(s)] = F1(crops, resampler, static_cast<MaskState>(s));
  }
  return scores;
}

}  // namespace

void CropScoreOptions::Validate() const {
  Problems problems;
  problems.Require(resamples > 0, "resamples", std::to_string(resamples), "1 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "crop scores");
}

std::vector<CropScores> ScoreCrops(const std::vector<LabelledCrop>& crops, const std::vector<Result>& results,
                                   const CropScoreOptions& options) {
  options.Validate();
  if (crops.size() != results.size()) {
    throw Error(ErrorKind::kInternal, "crop scores: found " + std::to_string(results.size()) + " results for " +
                                          std::to_string(crops.size()) + " crops");
  }
  using Key = std::pair<std::string, bool>;  // set, are they faces
  std::vector<Key> keys;
  std::map<Key, std::vector<JudgedCrop>> parts;
  std::vector<JudgedCrop> pool;
  std::set<std::string> sets_in_pool;
  for (size_t i = 0; i < crops.size(); ++i) {
    if (results[i].error) throw Error(results[i].error->kind, results[i].error->message);
    if (results[i].faces.size() != 1) {
      throw Error(ErrorKind::kInternal, "'" + crops[i].path.string() + "': found " +
                                            std::to_string(results[i].faces.size()) + " faces for one crop");
    }
    const JudgedCrop judged{&crops[i], ToPredictedState(results[i].faces[0], crops[i].path.string())};
    const Key key{crops[i].set, crops[i].state.has_value()};
    if (parts.count(key) == 0) keys.push_back(key);
    parts[key].push_back(judged);
    if (key.second && options.pooled.count(key.first) > 0) {
      pool.push_back(judged);
      sets_in_pool.insert(key.first);
    }
  }
  std::vector<CropScores> scores;
  for (const Key& key : keys) scores.push_back(Score(key.first, key.second, parts[key], options));
  if (sets_in_pool.size() > 1) scores.push_back(Score("pooled", true, pool, options));
  return scores;
}

}  // namespace maskscope
