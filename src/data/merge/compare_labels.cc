#include "data/merge/compare_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "data/check/label_counts.h"

namespace maskscope {
namespace {

constexpr float kSameFace = 0.5f;        // IoU from which two boxes are one face
constexpr size_t kComparedFaces = 2000;  // beyond, pairs are too many: such pictures are compared as a whole

std::string At(const LabelledFace& face) {
  return fmt::format("face at {:g}, {:g}, {:g}, {:g}", face.box.x1, face.box.y1, face.box.x2, face.box.y2);
}

std::string StateOf(const LabelledFace& face) { return std::string(FaceKindName(FaceKind(face))); }

struct Pair {
  float iou;
  size_t first, second;
};

// Best overlaps first, each face once.
std::vector<Pair> MatchFaces(const std::vector<ManifestFace>& first, const std::vector<ManifestFace>& second) {
  std::vector<Pair> pairs;
  for (size_t i = 0; i < first.size(); ++i) {
    for (size_t j = 0; j < second.size(); ++j) {
      const float iou = Iou(first[i].face.box, second[j].face.box);
      if (iou >= kSameFace) pairs.push_back({iou, i, j});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return std::tie(b.iou, a.first, a.second) < std::tie(a.iou, b.first, b.second);
  });
  std::vector<bool> taken_first(first.size()), taken_second(second.size());
  std::erase_if(pairs, [&](const Pair& pair) {
    if (taken_first[pair.first] || taken_second[pair.second]) return true;
    taken_first[pair.first] = taken_second[pair.second] = true;
    return false;
  });
  return pairs;
}

}  // namespace

bool SameLabels(const ManifestPicture& a, const ManifestPicture& b) {
  return a.kind == b.kind && std::equal(a.faces.begin(), a.faces.end(), b.faces.begin(), b.faces.end(),
                                        [](const ManifestFace& x, const ManifestFace& y) {
                                          return x.face.box == y.face.box && x.face.state == y.face.state &&
                                                 x.face.ignore == y.face.ignore &&
                                                 x.face.landmarks == y.face.landmarks && x.label == y.label &&
                                                 x.score == y.score;
                                        });
}

std::vector<std::string> CompareLabels(const ManifestPicture& first, const ManifestPicture& second) {
  std::vector<std::string> differences;
  if (first.kind != second.kind) {
    differences.push_back(
        fmt::format("{} in the first, {} in the second", PictureKindName(first.kind), PictureKindName(second.kind)));
    return differences;
  }
  if (first.kind == PictureKind::kFaceCrop) {
    // The box of a crop is the picture, whatever it says.
    const LabelledFace &a = first.faces.at(0).face, &b = second.faces.at(0).face;
    if (FaceKind(a) != FaceKind(b)) {
      differences.push_back(StateOf(a) + " in the first, " + StateOf(b) + " in the second");
    }
    return differences;
  }
  if (std::max(first.faces.size(), second.faces.size()) > kComparedFaces) {
    if (!SameLabels(first, second)) differences.push_back("the many faces are not all the same");
    return differences;
  }
  std::vector<bool> found_first(first.faces.size()), found_second(second.faces.size());
  for (const Pair& pair : MatchFaces(first.faces, second.faces)) {
    found_first[pair.first] = found_second[pair.second] = true;
    const LabelledFace &a = first.faces[pair.first].face, &b = second.faces[pair.second].face;
    if (FaceKind(a) != FaceKind(b)) {
      differences.push_back(At(a) + ": " + StateOf(a) + " in the first, " + StateOf(b) + " in the second");
    }
  }
  for (size_t i = 0; i < found_first.size(); ++i) {
    if (!found_first[i]) differences.push_back(At(first.faces[i].face) + " only in the first");
  }
  for (size_t i = 0; i < found_second.size(); ++i) {
    if (!found_second[i]) differences.push_back(At(second.faces[i].face) + " only in the second");
  }
  return differences;
}

}  // namespace maskscope
