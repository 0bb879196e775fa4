#include "evaluate/scene_scores.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "evaluate/predicted_state.h"

namespace maskscope {
namespace {

constexpr size_t kStates = kMaskStates;

// A labelled face that was found, and what was said of it.
struct FaceMatch {
  int picture;
  const LabelledFace* face;
  PredictedState predicted;
  double confidence;
};

MetricBox ToMetric(const Box& box) { return {box.x1, box.y1, box.x2, box.y2}; }
size_t Index(MaskState state) { return static_cast<size_t>(state); }

// The pictures of one set, or of the pool, with all that is scored on them.
class Scorer {
 public:
  struct Picture {
    const LabelledImage* truth;
    const Result* answer;
    const Result* candidates;
    bool set_has_incorrect;
  };

  Scorer(std::string name, std::vector<Picture> pictures, bool centre_hit, const SceneScoreOptions& options)
      : pictures_(std::move(pictures)),
        match_{options.iou, false, 0, centre_hit},
        options_(options),
        resampler_(Groups(), options.resamples, options.seed) {
    scores_.name = std::move(name);
  }

  SceneScores Run() {
    Count();
    ReadPredictions();
    Match();
    ScoreFaces();
    if (scores_.states) {
      ScoreStateLists();
      ScoreMatches();
      ScoreRight();
    }
    return scores_;
  }

 private:
  std::vector<std::string> Groups() const {
    std::vector<std::string> groups;
    for (const Picture& picture : pictures_) groups.push_back(picture.truth->group);
    return groups;
  }

  void Count() {
    scores_.pictures = resampler_.pictures();
    scores_.groups = resampler_.groups();
    for (const Picture& picture : pictures_) {
      scores_.has_incorrect = scores_.has_incorrect || picture.set_has_incorrect;
      for (const LabelledFace& face : picture.truth->faces) {
        scores_.ignored += face.ignore;
        if (face.ignore) continue;
        ++scores_.faces;
        if (face.state) ++scores_.faces_of_state[Index(*face.state)];
      }
    }
  }

  void ReadPredictions() {
    for (const Picture& picture : pictures_) {
      candidates_.emplace_back();
      for (const FaceResult& face : picture.candidates->faces) {
        candidates_.back().push_back(ToPredictedState(face, picture.truth->path.string()));
        scores_.states = scores_.states || candidates_.back().back().known;
      }
    }
  }

  // Truths for a list in which `counts` says which faces are looked for and which are passed over; other faces are not
  // there.
  enum class Role { kWanted, kIgnored, kAbsent };
  std::vector<GroundTruth> Truths(const std::function<Role(const LabelledFace&)>& role,
                                  bool only_with_incorrect = false) const {
    std::vector<GroundTruth> truths;
    for (size_t i = 0; i < pictures_.size(); ++i) {
      if (only_with_incorrect && !pictures_[i].set_has_incorrect) continue;
      for (const LabelledFace& face : pictures_[i].truth->faces) {
        const Role what = face.ignore ? Role::kIgnored : role(face);
        if (what == Role::kAbsent) continue;
        truths.push_back({static_cast<int>(i), 0, ToMetric(face.box), what == Role::kIgnored, false});
      }
    }
    return truths;
  }

  // Detections by score(face, predicted); a negative score leaves one out.
  std::vector<ScoredBox> Detections(const std::function<double(const FaceResult&, const PredictedState&)>& score,
                                    bool only_with_incorrect = false) const {
    std::vector<ScoredBox> boxes;
    for (size_t i = 0; i < pictures_.size(); ++i) {
      if (only_with_incorrect && !pictures_[i].set_has_incorrect) continue;
      const std::vector<FaceResult>& faces = pictures_[i].candidates->faces;
      for (size_t k = 0; k < faces.size(); ++k) {
        const double value = score(faces[k], candidates_[i][k]);
        if (value >= 0) boxes.push_back({static_cast<int>(i), 0, ToMetric(faces[k].box), value});
      }
    }
    return boxes;
  }

  void ScoreFaces() {
    const auto truths = Truths([](const LabelledFace&) { return Role::kWanted; });
    const auto boxes = Detections([](const FaceResult& face, const PredictedState&) { return double{face.score}; });
    scores_.face_ap = resampler_.AveragePrecision(truths, boxes, MatchFrom(0));
    scores_.face_ap_16 = resampler_.AveragePrecision(truths, boxes, MatchFrom(16));
    scores_.face_ap_32 = resampler_.AveragePrecision(truths, boxes, MatchFrom(32));
  }

  void ScoreStateLists() {
    for (size_t s = 0; s < kStates; ++s) {
      const MaskState state = static_cast<MaskState>(s);
      const auto truths = Truths(
          [&](const LabelledFace& face) {
            if (!face.state) return Role::kIgnored;
            return *face.state == state ? Role::kWanted : Role::kAbsent;
          },
          true);
      const auto boxes = Detections(
          [&](const FaceResult& face, const PredictedState& predicted) {
            return predicted.best == state ? face.score * predicted.p(state) : -1.0;
          },
          true);
      scores_.state_ap[s] = resampler_.AveragePrecision(truths, boxes, MatchFrom(0));
    }
    for (const bool mask : {true, false}) {
      const MaskState state = mask ? MaskState::kCorrect : MaskState::kNone;
      const auto truths = Truths([&](const LabelledFace& face) {
        if (!face.state || *face.state == MaskState::kIncorrect) return Role::kIgnored;
        return *face.state == state ? Role::kWanted : Role::kAbsent;
      });
      const auto boxes = Detections([&](const FaceResult& face, const PredictedState& predicted) {
        return predicted.mask() == mask ? face.score * predicted.mask_or_not_probability() : -1.0;
      });
      (mask ? scores_.mask_ap : scores_.no_mask_ap) = resampler_.AveragePrecision(truths, boxes, MatchFrom(0));
    }
  }

  // Pairs faces with the detections that the program would show, whatever the state.
  void Match() {
    std::vector<GroundTruth> truths;
    std::vector<const LabelledFace*> face_of_truth;
    std::vector<Part> found(pictures_.size()), true_of_found(pictures_.size());
    for (size_t i = 0; i < pictures_.size(); ++i) {
      for (const LabelledFace& face : pictures_[i].truth->faces) {
        truths.push_back({static_cast<int>(i), 0, ToMetric(face.box), face.ignore, false});
        face_of_truth.push_back(&face);
        found[i].denominator += !face.ignore;
      }
    }
    std::vector<ScoredBox> boxes;
    std::vector<const FaceResult*> face_of_box;
    for (size_t i = 0; i < pictures_.size(); ++i) {
      for (const FaceResult& face : pictures_[i].answer->faces) {
        boxes.push_back({static_cast<int>(i), 0, ToMetric(face.box), face.score});
        face_of_box.push_back(&face);
      }
    }
    const PrCurve curve = VocCurve(truths, boxes, -1, MatchFrom(0));
    for (size_t n = 0; n < curve.order.size(); ++n) {
      const size_t box = static_cast<size_t>(curve.order[n]), picture = static_cast<size_t>(boxes[box].image);
      true_of_found[picture].denominator += curve.outcomes[n] != Outcome::kIgnored;
      if (curve.outcomes[n] != Outcome::kTruePositive) continue;
      ++true_of_found[picture].numerator;
      ++found[picture].numerator;
      matches_.push_back({static_cast<int>(picture), face_of_truth[static_cast<size_t>(curve.matched_truth[n])],
                          ToPredictedState(*face_of_box[box], pictures_[picture].truth->path.string()),
                          face_of_box[box]->confidence});
    }
    scores_.recall = resampler_.Ratio(found);
    scores_.precision = resampler_.Ratio(true_of_found);
  }

  // How detections match faces of at least `min_height` pixels.
  VocOptions MatchFrom(double min_height) const {
    VocOptions options = match_;
    options.min_height = min_height;
    return options;
  }

  // Called incorrect where nothing is: neither right nor wrong.
  bool Undecided(const FaceMatch& match) const {
    return !pictures_[static_cast<size_t>(match.picture)].set_has_incorrect &&
           match.predicted.best == MaskState::kIncorrect;
  }

  // F1 of a state over matched faces at least `min_height` high, as a ratio: 2 hits / (labelled + called).
  Estimate F1(MaskState state, double min_height, bool strict) const {
    std::vector<Part> parts(pictures_.size());
    for (const FaceMatch& match : matches_) {
      if (!match.face->state || match.face->box.height() < min_height || Undecided(match)) continue;
      const bool labelled = *match.face->state == state;
      const bool called = match.predicted.best == state && !(strict && match.predicted.unsure);
      Part& part = parts[static_cast<size_t>(match.picture)];
      part.numerator += 2 * (labelled && called);
      part.denominator += labelled + called;
    }
    Estimate estimate = resampler_.Ratio(parts);
    estimate.count = 0;
    for (const FaceMatch& match : matches_) {
      estimate.count += match.face->state == state && match.face->box.height() >= min_height && !Undecided(match);
    }
    // Where no face carries the label, an F1 of 0 would say nothing but that some were called so.
    if (estimate.count == 0) return {};
    return estimate;
  }

  void ScoreMatches() {
    std::vector<Part> right(pictures_.size());
    std::vector<double> confidence;
    std::vector<bool> judged;
    for (const FaceMatch& match : matches_) {
      if (!match.face->state) continue;
      const int actual = static_cast<int>(*match.face->state), best = static_cast<int>(match.predicted.best);
      scores_.confusion.Add(actual, match.predicted.unsure ? kMaskStates : best);
      scores_.best_guess.Add(actual, best);
      scores_.unsure += match.predicted.unsure;
      if (Undecided(match)) {
        ++scores_.incorrect_without_class;
        continue;
      }
      Part& part = right[static_cast<size_t>(match.picture)];
      ++part.denominator;
      part.numerator += actual == best;
      confidence.push_back(match.confidence);
      judged.push_back(actual == best);
    }
    scores_.state_accuracy = resampler_.Ratio(right);
    scores_.calibration_error = ExpectedCalibrationError(confidence, judged);
    for (size_t s = 0; s < kStates; ++s) {
      const MaskState state = static_cast<MaskState>(s);
      scores_.f1[s] = F1(state, 0, false);
      scores_.f1_strict[s] = F1(state, 0, true);
      scores_.f1_large[s] = F1(state, options_.large_face, false);
      scores_.f1_large_strict[s] = F1(state, options_.large_face, true);
    }
  }

  Estimate Right(double min_height, bool strict) const {
    std::vector<Part> parts(pictures_.size());
    for (size_t i = 0; i < pictures_.size(); ++i) {
      for (const LabelledFace& face : pictures_[i].truth->faces) {
        parts[i].denominator += !face.ignore && face.state && face.box.height() >= min_height;
      }
    }
    for (const FaceMatch& match : matches_) {
      if (!match.face->state || match.face->box.height() < min_height) continue;
      Part& part = parts[static_cast<size_t>(match.picture)];
      if (Undecided(match)) {
        --part.denominator;
      } else {
        part.numerator += match.predicted.best == *match.face->state && !(strict && match.predicted.unsure);
      }
    }
    return resampler_.Ratio(parts);
  }

  void ScoreRight() {
    scores_.right = Right(0, false);
    scores_.right_strict = Right(0, true);
    scores_.right_16 = Right(16, false);
    scores_.right_16_strict = Right(16, true);
  }

  std::vector<Picture> pictures_;
  VocOptions match_;
  const SceneScoreOptions& options_;
  Resampler resampler_;
  std::vector<std::vector<PredictedState>> candidates_;  // what is said of each, per picture
  std::vector<FaceMatch> matches_;
  SceneScores scores_;
};

void CheckPair(const LabelledImage& image, const Result& result) {
  if (result.error) throw Error(result.error->kind, result.error->message);
  if (image.width > 0 && (image.width != result.width || image.height != result.height)) {
    throw Error(ErrorKind::kBadData, "'" + image.path.string() + "' has " + std::to_string(result.width) + "x" +
                                         std::to_string(result.height) + " pixels, its annotation says " +
                                         std::to_string(image.width) + "x" + std::to_string(image.height));
  }
}

}  // namespace

void SceneScoreOptions::Validate() const {
  Problems problems;
  const auto share = [&](double value, const std::string& field) {
    problems.Require(value > 0 && value <= 1, field, std::to_string(value), "above 0, at most 1");
  };
  share(iou, "iou");
  for (const std::string& set : centre_hit_sets) {
    problems.Require(not_pooled.count(set) > 0, "centre_hit_sets", "'" + set + "', which is pooled",
                     "sets in not_pooled: a pool has one rule of matching");
  }
  problems.Require(large_face >= 0, "large_face", std::to_string(large_face), "0 pixels or more");
  problems.Require(resamples > 0, "resamples", std::to_string(resamples), "1 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "scene scores");
}

std::vector<SceneScores> ScoreScenes(const std::vector<LabelledImage>& images, const std::vector<Result>& answers,
                                     const std::vector<Result>& candidates, const SceneScoreOptions& options) {
  options.Validate();
  if (images.size() != answers.size() || images.size() != candidates.size()) {
    throw Error(ErrorKind::kInternal, "scene scores: found " + std::to_string(answers.size()) + " answers and " +
                                          std::to_string(candidates.size()) + " candidates for " +
                                          std::to_string(images.size()) + " pictures");
  }
  std::vector<std::string> sets;
  std::map<std::string, bool> has_incorrect;
  for (size_t i = 0; i < images.size(); ++i) {
    CheckPair(images[i], answers[i]);
    CheckPair(images[i], candidates[i]);
    if (has_incorrect.emplace(images[i].set, false).second) sets.push_back(images[i].set);
    for (const LabelledFace& face : images[i].faces) {
      if (!face.ignore && face.state == MaskState::kIncorrect) has_incorrect[images[i].set] = true;
    }
  }
  std::map<std::string, std::vector<Scorer::Picture>> pictures;
  std::vector<Scorer::Picture> pool;
  for (size_t i = 0; i < images.size(); ++i) {
    const Scorer::Picture picture{&images[i], &answers[i], &candidates[i], has_incorrect[images[i].set]};
    pictures[images[i].set].push_back(picture);
    if (options.not_pooled.count(images[i].set) == 0) pool.push_back(picture);
  }
  std::vector<SceneScores> scores;
  size_t pooled_sets = 0;
  for (const std::string& set : sets) {
    scores.push_back(Scorer(set, pictures[set], options.centre_hit_sets.count(set) > 0, options).Run());
    pooled_sets += options.not_pooled.count(set) == 0;
  }
  if (pooled_sets > 1) scores.push_back(Scorer("pooled", pool, false, options).Run());
  return scores;
}

}  // namespace maskscope
