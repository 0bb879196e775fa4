#include "data/suspects/boxes.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "base/threads.h"
#include "image/decode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

float ShorterSide(const Box& box) { return std::min(box.width(), box.height()); }

bool CentreInside(const Box& box, const Box& other) {
  const float x = (box.x1 + box.x2) / 2, y = (box.y1 + box.y2) / 2;
  return x >= other.x1 && x < other.x2 && y >= other.y1 && y < other.y2;
}

}  // namespace

std::string_view BoxSuspectKindName(BoxSuspectKind kind) {
  constexpr std::string_view kNames[] = {"missed_box", "misplaced_box", "empty_box"};
  return kNames[static_cast<size_t>(kind)];
}

void BoxRules::Validate() const {
  Problems problems;
  const auto share = [&problems](float value, const char* field) {
    problems.Require(value >= 0 && value <= 1, field, std::to_string(value), "0 to 1");
  };
  share(missed_score, "missed_score");
  share(misplaced_score, "misplaced_score");
  share(any_score, "any_score");
  share(near_iou, "near_iou");
  share(good_iou, "good_iou");
  problems.Require(near_iou < good_iou, "near_iou", std::to_string(near_iou), "less than good_iou");
  problems.Require(min_face >= 0 && min_face <= 4096, "min_face", std::to_string(min_face), "0 to 4096 pixels");
  problems.ThrowIfAny(ErrorKind::kUsage, "search for wrong boxes");
}

std::vector<BoxSuspect> CompareBoxes(const std::vector<ManifestFace>& labels, const std::vector<Detection>& detections,
                                     const BoxRules& rules) {
  std::vector<BoxSuspect> suspects;
  std::vector<bool> fits(detections.size(), false);  // well on some label
  for (size_t d = 0; d < detections.size(); ++d) {
    const Detection& found = detections[d];
    bool near_label = false;
    for (const ManifestFace& label : labels) {
      const float iou = Iou(label.face.box, found.box);
      if (iou >= rules.good_iou) fits[d] = true;
      near_label |=
          iou >= rules.near_iou || CentreInside(found.box, label.face.box) || CentreInside(label.face.box, found.box);
    }
    if (!near_label && found.score >= rules.missed_score && ShorterSide(found.box) >= rules.min_face) {
      suspects.push_back({BoxSuspectKind::kMissed, 0, 0, found.box, {}, found.score});
    }
  }
  for (size_t f = 0; f < labels.size(); ++f) {
    const LabelledFace& label = labels[f].face;
    if (label.ignore || ShorterSide(label.box) < rules.min_face) continue;
    float best_iou = 0, best_score = 0;
    const Detection* beside = nullptr;
    for (size_t d = 0; d < detections.size(); ++d) {
      const float iou = Iou(label.box, detections[d].box);
      best_iou = std::max(best_iou, iou);
      if (iou >= rules.near_iou) best_score = std::max(best_score, detections[d].score);
      const bool telling = iou >= rules.near_iou && !fits[d] && detections[d].score >= rules.misplaced_score;
      if (telling && (beside == nullptr || iou > Iou(label.box, beside->box))) beside = &detections[d];
    }
    if (best_iou >= rules.good_iou) continue;
    if (beside != nullptr) {
      const double score = beside->score * (1 - Iou(label.box, beside->box));
      suspects.push_back({BoxSuspectKind::kMisplaced, 0, f, label.box, beside->box, score});
    } else if (best_iou < rules.near_iou) {
      suspects.push_back({BoxSuspectKind::kEmpty, 0, f, label.box, {}, 1.0 - best_score});
    }
  }
  return suspects;
}

BoxSearch FindBoxSuspects(const Dataset& dataset, const std::vector<size_t>& pictures, const Detector& detector,
                          const BoxRules& rules, int threads, Progress* progress, const std::function<bool()>& stop) {
  rules.Validate();
  std::vector<size_t> scenes;
  std::copy_if(pictures.begin(), pictures.end(), std::back_inserter(scenes),
               [&dataset](size_t p) { return dataset.pictures.at(p).kind == PictureKind::kScene; });
  if (progress != nullptr) progress->Start("looking for faces", static_cast<int64_t>(scenes.size()), "pictures");
  std::vector<std::vector<BoxSuspect>> found(scenes.size());
  std::vector<std::string> failures(scenes.size());
  ParallelFor(scenes.size(), threads, [&](size_t i) {
    if (stop && stop()) throw Error(ErrorKind::kInterrupted, "stopped while faces were looked for");
    const ManifestPicture& picture = dataset.pictures[scenes[i]];
    try {
      const DecodedImage decoded = ReadImage(dataset.root / picture.path);
      found[i] =
          CompareBoxes(picture.faces, detector.Detect(decoded.image, decoded.full_width, decoded.full_height), rules);
      for (BoxSuspect& suspect : found[i]) {
        suspect.picture = scenes[i];
        if (suspect.kind == BoxSuspectKind::kMissed) {
          suspect.face = picture.faces.size();
          suspect.box = Clamp(suspect.box, decoded.full_width, decoded.full_height);
        }
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kBadModel || error.kind() == ErrorKind::kResource) throw;
      failures[i] = error.what();
    }
    if (progress != nullptr) progress->Step();
  });
  if (progress != nullptr) progress->Finish();
  BoxSearch search;
  search.scenes = static_cast<int64_t>(scenes.size());
  for (size_t i = 0; i < scenes.size(); ++i) {
    search.suspects.insert(search.suspects.end(), found[i].begin(), found[i].end());
    if (failures[i].empty()) continue;
    search.problems.push_back(
        {DataProblem::Severity::kError, "picture_unreadable", dataset.pictures[scenes[i]].path, "", failures[i]});
  }
  std::stable_sort(search.suspects.begin(), search.suspects.end(), [](const BoxSuspect& a, const BoxSuspect& b) {
    return std::make_tuple(a.kind, -a.score) < std::make_tuple(b.kind, -b.score);
  });
  return search;
}

Detector LoadSuspectDetector(const std::filesystem::path& file, const BoxRules& rules) {
  DetectorOptions options;
  options.score_threshold = rules.any_score;
  return LoadDetector(file, EngineOptions{}, options);
}

}  // namespace maskscope
