#ifndef MASKSCOPE_EVALUATE_SITE_TESTING_H_
#define MASKSCOPE_EVALUATE_SITE_TESTING_H_

#include <array>
#include <string>
#include <utility>

#include "evaluate/looked_set.h"

// For tests only: pictures as if they had been looked at.
namespace maskscope {

inline LookedPicture EmptyPicture(const std::string& name, uint8_t luma = 100) {
  LookedPicture picture;
  picture.path = name;
  picture.result.width = 500;
  picture.result.height = 400;
  picture.thumbnail.assign(kThumbnailSide * kThumbnailSide, luma);
  return picture;
}

// p: of correct, incorrect, none.
inline void AddFace(LookedPicture& picture, float height, float score, std::array<float, 3> p,
                    FaceLook look = {100, 500}) {
  FaceResult face;
  const float left = 50 * static_cast<float>(picture.result.faces.size());
  face.box = {left, 10, left + 30, 10 + height};
  face.score = score;
  face.probabilities = {{"correct", p[0]}, {"incorrect", p[1]}, {"none", p[2]}};
  size_t best = 0;
  for (size_t i = 1; i < p.size(); ++i) best = p[i] > p[best] ? i : best;
  face.state = face.best_state = face.probabilities[best].first;
  face.confidence = p[best];
  picture.result.faces.push_back(std::move(face));
  picture.looks.push_back(look);
}

// `count` pictures of one face each, between `low` and `high` pixels high.
inline LookedSet SetOfHeights(int count, float low, float high, std::array<float, 3> p = {1, 0, 0}) {
  LookedSet set;
  for (int i = 0; i < count; ++i) {
    LookedPicture picture = EmptyPicture(std::to_string(i) + ".jpg", static_cast<uint8_t>(i));
    AddFace(picture, low + (high - low) * static_cast<float>(i) / static_cast<float>(count - 1), 0.9f, p);
    set.pictures.push_back(std::move(picture));
  }
  return set;
}

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_SITE_TESTING_H_
