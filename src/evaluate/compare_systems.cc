#include "evaluate/compare_systems.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"

namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<ListKind, 6> kLists{ListKind::kFace,    ListKind::kMask,      ListKind::kNoMask,
                                         ListKind::kCorrect, ListKind::kIncorrect, ListKind::kNone};

bool SaysStates(const SceneView& view) {
  return std::any_of(view.pictures.begin(), view.pictures.end(), [](const ScenePicture& picture) {
    const auto& faces = picture.candidates->faces;
    return std::any_of(faces.begin(), faces.end(), [](const FaceResult& face) { return !face.probabilities.empty(); });
  });
}

// All numbers of one system under any weights of the pictures.
class Scored {
 public:
  explicit Scored(const SceneView& view) : states_(SaysStates(view)) {
    const int pictures = static_cast<int>(view.pictures.size());
    for (const ListKind kind : kLists) {
      if (kind != ListKind::kFace && !states_) break;
      const ClassList list = MakeList(view, kind);
      lists_.emplace_back(list.truths, list.detections, view.match, pictures);
    }
    for (auto* parts : {&found_, &true_, &right_, &two_class_, &state_right_}) {
      parts->resize(static_cast<size_t>(pictures));
    }
    for (const FaceRow& row : MatchAnswers(view)) Count(view, row);
  }

  static std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const ListKind kind : kLists) names.push_back("AP50 " + std::string(ListName(kind)));
    for (const char* name :
         {"labelled faces found", "detections that are labelled faces", "found and mask / no mask right",
          "found and state right", "state right, of faces found"}) {
      names.push_back(name);
    }
    return names;
  }

  std::vector<double> At(const std::vector<int>& weight) const {
    std::vector<double> numbers;
    for (size_t i = 0; i < kLists.size(); ++i) {
      numbers.push_back(i < lists_.size() ? lists_[i].Aps(weight).all : kNaN);
    }
    for (const auto* parts : {&found_, &true_, &two_class_, &right_, &state_right_}) {
      int64_t numerator = 0, denominator = 0;
      for (size_t i = 0; i < weight.size(); ++i) {
        numerator += weight[i] * (*parts)[i].numerator;
        denominator += weight[i] * (*parts)[i].denominator;
      }
      const bool of_states = parts != &found_ && parts != &true_;
      numbers.push_back(denominator > 0 && (states_ || !of_states)
                            ? static_cast<double>(numerator) / static_cast<double>(denominator)
                            : kNaN);
    }
    return numbers;
  }

 private:
  void Count(const SceneView& view, const FaceRow& row) {
    if (row.kind == FaceRow::Kind::kIgnored) return;
    const size_t i = static_cast<size_t>(row.picture);
    const bool found = row.kind == FaceRow::Kind::kFound;
    found_[i].denominator += row.truth >= 0;
    found_[i].numerator += found;
    true_[i].denominator += row.detection >= 0;
    true_[i].numerator += found;
    const LabelledFace* face = TruthOf(view, row);
    if (face == nullptr || !face->state) return;
    if (*face->state != MaskState::kIncorrect) {
      ++two_class_[i].denominator;
      two_class_[i].numerator += found && row.predicted.mask() == (*face->state == MaskState::kCorrect);
    }
    if (row.undecided) return;
    const bool right = found && row.predicted.best == *face->state;
    ++right_[i].denominator;
    right_[i].numerator += right;
    state_right_[i].denominator += found;
    state_right_[i].numerator += right;
  }

  bool states_;
  std::vector<WeightedVoc> lists_;
  std::vector<Part> found_, true_, right_, two_class_, state_right_;
};

std::vector<PictureScore> ScorePictures(const SceneView& view) {
  std::vector<PictureScore> scores(view.pictures.size());
  for (const FaceRow& row : MatchAnswers(view)) {
    PictureScore& score = scores[static_cast<size_t>(row.picture)];
    if (row.kind == FaceRow::Kind::kIgnored) continue;
    score.faces += row.truth >= 0;
    score.false_detections += row.truth < 0;
    if (row.kind != FaceRow::Kind::kFound) continue;
    const std::optional<MaskState>& state = TruthOf(view, row)->state;
    const bool judged = row.predicted.known && state && *state != MaskState::kIncorrect;
    const bool right = !judged || row.predicted.mask() == (*state == MaskState::kCorrect);
    ++(right ? score.right : score.wrong);
  }
  return scores;
}

Estimate ToEstimate(double value, const Interval& interval, int64_t count) {
  Estimate estimate;
  estimate.value = value;
  estimate.count = count;
  if (estimate.defined()) estimate.interval = interval;
  return estimate;
}

}  // namespace

Comparison Judge(const Estimate& difference) {
  if (!difference.defined() || std::isnan(difference.interval.low)) return Comparison::kUndefined;
  if (difference.interval.low > 0) return Comparison::kBetter;
  return difference.interval.high < 0 ? Comparison::kWorse : Comparison::kNotTold;
}

SystemComparison CompareSystems(const std::vector<LabelledImage>& images, const std::vector<SystemRun>& runs,
                                const SceneScoreOptions& options) {
  options.Validate();
  if (runs.empty()) throw Error(ErrorKind::kUsage, "there is no system to compare");
  SystemComparison comparison;
  std::vector<Scored> scored;
  for (const SystemRun& run : runs) {
    comparison.names.push_back(run.name);
    comparison.views.push_back(PooledView(images, run.answers, run.candidates, options));
    scored.emplace_back(comparison.views.back());
    comparison.pictures.push_back(ScorePictures(comparison.views.back()));
  }
  comparison.view = comparison.views.front();
  const std::vector<std::string> names = Scored::Names();
  const size_t n = names.size();
  // Numbers of all systems, then their differences from the first.
  const auto statistic = [&](const std::vector<int>& weight) {
    std::vector<double> numbers;
    for (const Scored& one : scored) {
      const std::vector<double> some = one.At(weight);
      numbers.insert(numbers.end(), some.begin(), some.end());
    }
    for (size_t i = 0, all = numbers.size(); i < all; ++i) numbers.push_back(numbers[i] - numbers[i % n]);
    return numbers;
  };
  const Resampler resampler(comparison.view.Groups(), options.resamples, options.seed);
  const std::vector<double> values = statistic(std::vector<int>(comparison.view.pictures.size(), 1));
  const std::vector<Interval> intervals = resampler.Intervals(values.size(), statistic);
  const int64_t pictures = resampler.pictures();
  for (size_t k = 0; k < n; ++k) {
    ComparedNumber number{names[k], {}, {}};
    for (size_t s = 0; s < runs.size(); ++s) {
      const size_t at = s * n + k, difference = runs.size() * n + at;
      number.of_system.push_back(ToEstimate(values[at], intervals[at], pictures));
      number.difference.push_back(s == 0 ? Estimate{}
                                         : ToEstimate(values[difference], intervals[difference], pictures));
    }
    comparison.numbers.push_back(std::move(number));
  }
  return comparison;
}

}  // namespace maskscope
