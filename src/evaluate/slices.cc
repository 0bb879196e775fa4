#include "evaluate/slices.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace maskscope {
namespace {

// What a part may be chosen by: a labelled face or a detection, and its picture.
struct Thing {
  const ScenePicture* picture;
  const Box* box;
  const FaceLook* look;
  const LabelledFace* face;  // null for a detection
};

struct Axis {
  std::string name, file, note;
  std::vector<std::string> parts;
  // Which part a thing is in; -1 = none. Detections are asked too.
  std::function<int(const Thing&)> part_of;
};

int BinOf(double value, const std::vector<double>& limits) {
  return static_cast<int>(std::upper_bound(limits.begin(), limits.end(), value) - limits.begin());
}

class Slicer {
 public:
  Slicer(const SceneView& view, const std::vector<PictureLooks>& looks, bool states, const Resampler& resampler)
      : view_(view),
        looks_(looks),
        states_(states),
        resampler_(resampler),
        rows_(MatchAnswers(view)),
        list_(MakeList(view, ListKind::kFace)),
        curve_(VocCurve(list_.truths, list_.detections, -1, view.match)) {
    is_false_.resize(list_.detections.size());
    for (size_t n = 0; n < curve_.order.size(); ++n) {
      is_false_[static_cast<size_t>(curve_.order[n])] = curve_.outcomes[n] == Outcome::kFalsePositive;
    }
  }

  ScoredAxis Score(const Axis& axis) const {
    ScoredAxis scores{axis.name, axis.file, axis.note, {}};
    for (size_t p = 0; p < axis.parts.size(); ++p) {
      SliceScores one = ScorePart(axis, static_cast<int>(p));
      one.name = axis.parts[p];
      if (one.faces > 0) scores.parts.push_back(std::move(one));
    }
    return scores;
  }

 private:
  Thing TruthThing(int picture, int face) const {
    const size_t i = static_cast<size_t>(picture), k = static_cast<size_t>(face);
    const LabelledFace& truth = view_.pictures[i].truth->faces[k];
    return {&view_.pictures[i], &truth.box, &looks_[i].truths[k], &truth};
  }
  Thing CandidateThing(int picture, int face) const {
    const size_t i = static_cast<size_t>(picture), k = static_cast<size_t>(face);
    return {&view_.pictures[i], &view_.pictures[i].candidates->faces[k].box, &looks_[i].candidates[k], nullptr};
  }

  SliceScores ScorePart(const Axis& axis, int part) const {
    SliceScores scores;
    const size_t pictures = view_.pictures.size();
    std::vector<Part> found(pictures), right(pictures), state_right(pictures), bare(pictures);
    for (const FaceRow& row : rows_) {
      if (row.truth < 0 || row.kind == FaceRow::Kind::kIgnored) continue;
      if (axis.part_of(TruthThing(row.picture, row.truth)) != part) continue;
      const size_t i = static_cast<size_t>(row.picture);
      const LabelledFace& face = *TruthOf(view_, row);
      const bool is_found = row.kind == FaceRow::Kind::kFound;
      ++scores.faces;
      ++found[i].denominator;
      found[i].numerator += is_found;
      if (!face.state || !states_) continue;
      if (is_found && *face.state == MaskState::kNone) {
        ++bare[i].denominator;
        bare[i].numerator += row.predicted.best == MaskState::kCorrect;
      }
      if (row.undecided) continue;
      const bool is_right = is_found && row.predicted.best == *face.state;
      ++right[i].denominator;
      right[i].numerator += is_right;
      state_right[i].denominator += is_found;
      state_right[i].numerator += is_right;
    }
    scores.right = resampler_.Ratio(right);
    scores.state_right = resampler_.Ratio(state_right);
    scores.bare_as_mask = resampler_.Ratio(bare);
    if (view_.crops) return scores;
    scores.found = resampler_.Ratio(found);
    if (scores.faces > 0) scores.face_ap = AveragePrecision(axis, part);
    return scores;
  }

  // A false detection takes no face, so leaving it out changes no match.
  Estimate AveragePrecision(const Axis& axis, int part) const {
    std::vector<GroundTruth> truths = list_.truths;
    for (size_t t = 0; t < truths.size(); ++t) {
      const FacePlace& place = list_.truth_places[t];
      if (axis.part_of(TruthThing(place.picture, place.index)) != part) truths[t].difficult = true;
    }
    std::vector<ScoredBox> boxes;
    for (size_t d = 0; d < list_.detections.size(); ++d) {
      const FacePlace& place = list_.detection_places[d];
      if (is_false_[d] && axis.part_of(CandidateThing(place.picture, place.index)) != part) continue;
      boxes.push_back(list_.detections[d]);
    }
    return resampler_.AveragePrecision(truths, boxes, view_.match);
  }

  const SceneView& view_;
  const std::vector<PictureLooks>& looks_;
  const bool states_;
  const Resampler& resampler_;
  const std::vector<FaceRow> rows_;
  const ClassList list_;
  const PrCurve curve_;
  std::vector<bool> is_false_;
};

Axis BySet(const SceneView& view) {
  Axis axis{"source set", "source_set", "The set that a picture comes from.", {}, {}};
  std::map<std::string, int> index;
  for (const ScenePicture& picture : view.pictures) {
    if (index.emplace(picture.truth->set, static_cast<int>(index.size())).second) {
      axis.parts.push_back(picture.truth->set);
    }
  }
  axis.part_of = [index](const Thing& thing) { return index.at(thing.picture->truth->set); };
  return axis;
}

std::vector<Axis> AllAxes(const SceneView& view, bool states, const SliceOptions& options) {
  std::vector<Axis> axes;
  axes.push_back({"face height",
                  "face_height",
                  "Height of the labelled box in pixels of the picture.",
                  {"below 16 px", "16–32 px", "32–64 px", "64–128 px", "128 px and more"},
                  [](const Thing& thing) {
                    return BinOf(thing.box->height(), {16, 32, 64, 128});
                  }});
  axes.push_back(BySet(view));
  axes.push_back({"brightness",
                  "brightness",
                  "Mean luma inside the box, 0 (black) to 255.",
                  {"below 60", "60–90", "90–120", "120–150", "150 and more"},
                  [](const Thing& thing) {
                    return BinOf(thing.look->brightness, {60, 90, 120, 150});
                  }});
  axes.push_back(
      {"sharpness",
       "sharpness",
       "Variance of the Laplacian inside the box, shrunk to 64 pixels where it is larger; the less, the more "
       "blurred.",
       {"below 100", "100–300", "300–1000", "1000–3000", "3000 and more"},
       [](const Thing& thing) {
         return BinOf(thing.look->sharpness, {100, 300, 1000, 3000});
       }});
  if (!view.crops) {
    axes.push_back({"faces in the picture",
                    "crowd",
                    "Labelled faces of the picture that are not ignored.",
                    {"none or one", "2–3", "4–9", "10–19", "20 and more"},
                    [](const Thing& thing) {
                      const auto& faces = thing.picture->truth->faces;
                      const auto count =
                          std::count_if(faces.begin(), faces.end(), [](const auto& f) { return !f.ignore; });
                      return BinOf(static_cast<double>(count), {2, 4, 10, 20});
                    }});
  }
  if (states) {
    axes.push_back({"what covers a bare face",
                    "occluder",
                    "Faces labelled none. Which have a hand, a scarf, a cup or the like over the mouth is labelled "
                    "nowhere; it is known of a set as a whole. Of other sets it is unknown.",
                    {"mouth covered by something else", "unknown"},
                    [covered = options.covered_sets](const Thing& thing) {
                      if (thing.face != nullptr && thing.face->state != MaskState::kNone) return -1;
                      return covered.count(thing.picture->truth->set) > 0 ? 0 : 1;
                    }});
  }
  return axes;
}

}  // namespace

std::vector<ScoredAxis> ScoreSlices(const SceneView& view, const std::vector<PictureLooks>& looks, bool states,
                                    const SliceOptions& options, const Resampler& resampler) {
  const Slicer slicer(view, looks, states, resampler);
  std::vector<ScoredAxis> all;
  for (const Axis& axis : AllAxes(view, states, options)) all.push_back(slicer.Score(axis));
  return all;
}

}  // namespace maskscope
