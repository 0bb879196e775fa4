#include "evaluate/scene_scores.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "base/error.h"
#include "evaluate/predicted_state.h"

namespace maskscope {
namespace {

constexpr size_t kStates = kMaskStates;

size_t Index(MaskState state) { return static_cast<size_t>(state); }

// The pictures of one set, or of the pool, with all that is scored on them.
class Scorer {
 public:
  Scorer(std::string name, SceneView view, const SceneScoreOptions& options)
      : view_(std::move(view)), options_(options), resampler_(view_.Groups(), options.resamples, options.seed) {
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
  void Count() {
    scores_.pictures = resampler_.pictures();
    scores_.groups = resampler_.groups();
    for (const ScenePicture& picture : view_.pictures) {
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
    for (const ScenePicture& picture : view_.pictures) {
      for (const FaceResult& face : picture.candidates->faces) {
        scores_.states = scores_.states || ToPredictedState(face, picture.truth->path.string()).known;
      }
    }
  }

  void ScoreFaces() {
    const ClassList list = MakeList(view_, ListKind::kFace);
    scores_.face_ap = AveragePrecision(list, 0);
    scores_.face_ap_16 = AveragePrecision(list, 16);
    scores_.face_ap_32 = AveragePrecision(list, 32);
  }

  void ScoreStateLists() {
    for (size_t s = 0; s < kStates; ++s) {
      constexpr std::array<ListKind, kStates> kLists{ListKind::kCorrect, ListKind::kIncorrect, ListKind::kNone};
      scores_.state_ap[s] = AveragePrecision(MakeList(view_, kLists[s]), 0);
    }
    const ClassList mask = MakeList(view_, ListKind::kMask), no_mask = MakeList(view_, ListKind::kNoMask);
    scores_.mask_ap = AveragePrecision(mask, 0);
    scores_.no_mask_ap = AveragePrecision(no_mask, 0);
    scores_.mask_ap_16 = AveragePrecision(mask, 16);
    scores_.no_mask_ap_16 = AveragePrecision(no_mask, 16);
  }

  Estimate AveragePrecision(const ClassList& list, double min_height) const {
    VocOptions options = view_.match;
    options.min_height = min_height;
    return resampler_.AveragePrecision(list.truths, list.detections, options);
  }

  // Pairs faces with the detections that the program would show, whatever the state.
  void Match() {
    std::vector<Part> found(view_.pictures.size()), true_of_found(view_.pictures.size());
    for (const FaceRow& row : MatchAnswers(view_)) {
      const size_t picture = static_cast<size_t>(row.picture);
      if (row.kind == FaceRow::Kind::kIgnored) continue;
      found[picture].denominator += row.truth >= 0;
      true_of_found[picture].denominator += row.detection >= 0;
      if (row.kind != FaceRow::Kind::kFound) continue;
      ++true_of_found[picture].numerator;
      ++found[picture].numerator;
      matches_.push_back(
          {row.picture, TruthOf(view_, row), row.predicted, DetectionOf(view_, row)->confidence, row.undecided});
    }
    scores_.recall = resampler_.Ratio(found);
    scores_.precision = resampler_.Ratio(true_of_found);
  }

  // F1 of a state over matched faces at least `min_height` high, as a ratio: 2 hits / (labelled + called).
  Estimate F1(MaskState state, double min_height, bool strict) const {
    std::vector<Part> parts(view_.pictures.size());
    for (const FaceMatch& match : matches_) {
      if (!match.face->state || match.face->box.height() < min_height || match.undecided) continue;
      const bool labelled = *match.face->state == state;
      const bool called = match.predicted.best == state && !(strict && match.predicted.unsure);
      Part& part = parts[static_cast<size_t>(match.picture)];
      part.numerator += 2 * (labelled && called);
      part.denominator += labelled + called;
    }
    Estimate estimate = resampler_.Ratio(parts);
    estimate.count = 0;
    for (const FaceMatch& match : matches_) {
      estimate.count += match.face->state == state && match.face->box.height() >= min_height && !match.undecided;
    }
    // Where no face carries the label, an F1 of 0 would say nothing but that some were called so.
    if (estimate.count == 0) return {};
    return estimate;
  }

  void ScoreMatches() {
    std::vector<Part> right(view_.pictures.size());
    std::vector<double> confidence;
    std::vector<bool> judged;
    for (const FaceMatch& match : matches_) {
      if (!match.face->state) continue;
      const int actual = static_cast<int>(*match.face->state), best = static_cast<int>(match.predicted.best);
      scores_.confusion.Add(actual, match.predicted.unsure ? kMaskStates : best);
      scores_.best_guess.Add(actual, best);
      scores_.unsure += match.predicted.unsure;
      if (match.undecided) {
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
    std::vector<Part> parts(view_.pictures.size());
    for (size_t i = 0; i < view_.pictures.size(); ++i) {
      for (const LabelledFace& face : view_.pictures[i].truth->faces) {
        parts[i].denominator += !face.ignore && face.state && face.box.height() >= min_height;
      }
    }
    for (const FaceMatch& match : matches_) {
      if (!match.face->state || match.face->box.height() < min_height) continue;
      Part& part = parts[static_cast<size_t>(match.picture)];
      if (match.undecided) {
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

  // A labelled face that was found, and what was said of it.
  struct FaceMatch {
    int picture;
    const LabelledFace* face;
    PredictedState predicted;
    double confidence;
    bool undecided;
  };

  SceneView view_;
  const SceneScoreOptions& options_;
  Resampler resampler_;
  std::vector<FaceMatch> matches_;
  SceneScores scores_;
};

VocOptions MatchOptions(bool centre_hit, const SceneScoreOptions& options) {
  return {options.iou, false, 0, centre_hit};
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

SceneView PooledView(const std::vector<LabelledImage>& images, const std::vector<Result>& answers,
                     const std::vector<Result>& candidates, const SceneScoreOptions& options) {
  SceneView all, pool;
  bool by_centre = !images.empty();
  for (const ScenePicture& picture : PairPictures(images, answers, candidates)) {
    all.pictures.push_back(picture);
    by_centre = by_centre && options.centre_hit_sets.count(picture.truth->set) > 0;
    if (options.not_pooled.count(picture.truth->set) == 0) pool.pictures.push_back(picture);
  }
  if (pool.pictures.empty()) pool.pictures = std::move(all.pictures);
  pool.match = MatchOptions(by_centre, options);
  return pool;
}

SceneScores ScoreView(std::string name, SceneView view, const SceneScoreOptions& options) {
  options.Validate();
  return Scorer(std::move(name), std::move(view), options).Run();
}

std::vector<SceneScores> ScoreScenes(const std::vector<LabelledImage>& images, const std::vector<Result>& answers,
                                     const std::vector<Result>& candidates, const SceneScoreOptions& options) {
  options.Validate();
  std::vector<std::string> sets;
  std::map<std::string, SceneView> views;
  SceneView pool = PooledView(images, answers, candidates, options);
  for (const ScenePicture& picture : PairPictures(images, answers, candidates)) {
    const std::string& set = picture.truth->set;
    if (views.count(set) == 0) {
      sets.push_back(set);
      views[set].match = MatchOptions(options.centre_hit_sets.count(set) > 0, options);
    }
    views[set].pictures.push_back(picture);
  }
  std::vector<SceneScores> scores;
  size_t pooled_sets = 0;
  for (const std::string& set : sets) {
    scores.push_back(Scorer(set, std::move(views[set]), options).Run());
    pooled_sets += options.not_pooled.count(set) == 0;
  }
  if (pooled_sets > 1) scores.push_back(Scorer("pooled", std::move(pool), options).Run());
  return scores;
}

}  // namespace maskscope
