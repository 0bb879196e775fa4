#include "evaluate/scene_view.h"

#include <map>
#include <utility>

#include "base/error.h"

namespace maskscope {
namespace {

enum class Role { kWanted, kIgnored, kAbsent };

void CheckPair(const LabelledImage& image, const Result& result) {
  if (result.error) throw Error(result.error->kind, result.error->message);
  if (image.width > 0 && (image.width != result.width || image.height != result.height)) {
    throw Error(ErrorKind::kBadData, "'" + image.path.string() + "' has " + std::to_string(result.width) + "x" +
                                         std::to_string(result.height) + " pixels, its annotation says " +
                                         std::to_string(image.width) + "x" + std::to_string(image.height));
  }
}

MaskState StateOf(ListKind kind) {
  if (kind == ListKind::kIncorrect) return MaskState::kIncorrect;
  return kind == ListKind::kCorrect || kind == ListKind::kMask ? MaskState::kCorrect : MaskState::kNone;
}

bool IsTwoClass(ListKind kind) { return kind == ListKind::kMask || kind == ListKind::kNoMask; }

Role RoleOf(const LabelledFace& face, ListKind kind) {
  if (face.ignore) return Role::kIgnored;
  if (kind == ListKind::kFace) return Role::kWanted;
  if (!face.state || (IsTwoClass(kind) && *face.state == MaskState::kIncorrect)) return Role::kIgnored;
  return *face.state == StateOf(kind) ? Role::kWanted : Role::kAbsent;
}

// Negative: not in the list.
double ScoreOf(const FaceResult& face, const PredictedState& predicted, ListKind kind) {
  if (kind == ListKind::kFace) return face.score;
  if (IsTwoClass(kind)) {
    return predicted.mask() == (kind == ListKind::kMask) ? face.score * predicted.mask_or_not_probability() : -1.0;
  }
  const MaskState state = StateOf(kind);
  return predicted.best == state ? face.score * predicted.p(state) : -1.0;
}

}  // namespace

std::vector<std::string> SceneView::Groups() const {
  std::vector<std::string> groups;
  for (const ScenePicture& picture : pictures) groups.push_back(picture.truth->group);
  return groups;
}

std::vector<ScenePicture> PairPictures(const std::vector<LabelledImage>& images, const std::vector<Result>& answers,
                                       const std::vector<Result>& candidates) {
  if (images.size() != answers.size() || images.size() != candidates.size()) {
    throw Error(ErrorKind::kInternal, "scene scores: found " + std::to_string(answers.size()) + " answers and " +
                                          std::to_string(candidates.size()) + " candidates for " +
                                          std::to_string(images.size()) + " pictures");
  }
  std::map<std::string, bool> has_incorrect;
  std::vector<ScenePicture> pictures;
  for (size_t i = 0; i < images.size(); ++i) {
    CheckPair(images[i], answers[i]);
    CheckPair(images[i], candidates[i]);
    bool& known = has_incorrect[images[i].set];
    for (const LabelledFace& face : images[i].faces) {
      known = known || (!face.ignore && face.state == MaskState::kIncorrect);
    }
    pictures.push_back({&images[i], &answers[i], &candidates[i], false});
  }
  for (ScenePicture& picture : pictures) picture.set_has_incorrect = has_incorrect[picture.truth->set];
  return pictures;
}

MetricBox ToMetricBox(const Box& box) { return {box.x1, box.y1, box.x2, box.y2}; }

const char* ListName(ListKind kind) {
  switch (kind) {
    case ListKind::kFace:
      return "face";
    case ListKind::kCorrect:
      return "correct";
    case ListKind::kIncorrect:
      return "incorrect";
    case ListKind::kNone:
      return "none";
    case ListKind::kMask:
      return "mask";
    case ListKind::kNoMask:
      return "no mask";
  }
  return "";
}

ClassList MakeList(const SceneView& view, ListKind kind) {
  const bool three_states = kind == ListKind::kCorrect || kind == ListKind::kIncorrect || kind == ListKind::kNone;
  ClassList list;
  for (size_t i = 0; i < view.pictures.size(); ++i) {
    const ScenePicture& picture = view.pictures[i];
    if (three_states && !picture.set_has_incorrect) continue;
    const int at = static_cast<int>(i);
    for (size_t k = 0; k < picture.truth->faces.size(); ++k) {
      const LabelledFace& face = picture.truth->faces[k];
      const Role role = RoleOf(face, kind);
      if (role == Role::kAbsent) continue;
      list.truths.push_back({at, 0, ToMetricBox(face.box), role == Role::kIgnored, false});
      list.truth_places.push_back({at, static_cast<int>(k)});
    }
    for (size_t k = 0; k < picture.candidates->faces.size(); ++k) {
      const FaceResult& face = picture.candidates->faces[k];
      const double score = ScoreOf(face, ToPredictedState(face, picture.truth->path.string()), kind);
      if (score < 0) continue;
      list.detections.push_back({at, 0, ToMetricBox(face.box), score});
      list.detection_places.push_back({at, static_cast<int>(k)});
    }
  }
  return list;
}

std::vector<FaceRow> MatchAnswers(const SceneView& view) {
  std::vector<GroundTruth> truths;
  std::vector<ScoredBox> boxes;
  std::vector<FacePlace> truth_places, box_places;
  for (size_t i = 0; i < view.pictures.size(); ++i) {
    const int at = static_cast<int>(i);
    const ScenePicture& picture = view.pictures[i];
    for (size_t k = 0; k < picture.truth->faces.size(); ++k) {
      const LabelledFace& face = picture.truth->faces[k];
      truths.push_back({at, 0, ToMetricBox(face.box), face.ignore, false});
      truth_places.push_back({at, static_cast<int>(k)});
    }
    for (size_t k = 0; k < picture.answer->faces.size(); ++k) {
      boxes.push_back({at, 0, ToMetricBox(picture.answer->faces[k].box), picture.answer->faces[k].score});
      box_places.push_back({at, static_cast<int>(k)});
    }
  }
  const PrCurve curve = VocCurve(truths, boxes, -1, view.match);
  std::vector<FaceRow> rows;
  std::vector<bool> met(truths.size());
  for (size_t n = 0; n < curve.order.size(); ++n) {
    const FacePlace& box = box_places[static_cast<size_t>(curve.order[n])];
    const ScenePicture& picture = view.pictures[static_cast<size_t>(box.picture)];
    FaceRow row;
    row.picture = box.picture;
    row.detection = box.index;
    row.predicted =
        ToPredictedState(picture.answer->faces[static_cast<size_t>(box.index)], picture.truth->path.string());
    row.kind = curve.outcomes[n] == Outcome::kIgnored        ? FaceRow::Kind::kIgnored
               : curve.outcomes[n] == Outcome::kTruePositive ? FaceRow::Kind::kFound
                                                             : FaceRow::Kind::kFalse;
    if (curve.matched_truth[n] >= 0) {
      const size_t truth = static_cast<size_t>(curve.matched_truth[n]);
      row.truth = truth_places[truth].index;
      met[truth] = true;
    }
    row.undecided = row.kind == FaceRow::Kind::kFound && row.predicted.known && !picture.set_has_incorrect &&
                    row.predicted.best == MaskState::kIncorrect;
    rows.push_back(row);
  }
  for (size_t t = 0; t < truths.size(); ++t) {
    if (met[t]) continue;
    FaceRow row;
    row.kind = truths[t].difficult ? FaceRow::Kind::kIgnored : FaceRow::Kind::kMissed;
    row.picture = truth_places[t].picture;
    row.truth = truth_places[t].index;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace maskscope
