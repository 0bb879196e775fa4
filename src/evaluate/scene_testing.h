#ifndef MASKSCOPE_EVALUATE_SCENE_TESTING_H_
#define MASKSCOPE_EVALUATE_SCENE_TESTING_H_

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluate/scene_scores.h"

// For tests only: pictures with faces at places along a line, and what was said of them.
namespace maskscope {

inline Box At(float x, float side = 40) { return {x, 10, x + side, 10 + side}; }

inline LabelledFace Truth(float x, std::optional<MaskState> state, float side = 40) {
  LabelledFace face;
  face.box = At(x, side);
  face.state = state;
  return face;
}

// A face found at x with these probabilities of correct, incorrect, none.
inline FaceResult Found(float x, float score, std::array<float, 3> p, bool unsure = false, float side = 40) {
  FaceResult face;
  face.box = At(x, side);
  face.score = score;
  face.probabilities = {{"correct", p[0]}, {"incorrect", p[1]}, {"none", p[2]}};
  const size_t best = static_cast<size_t>(std::max_element(p.begin(), p.end()) - p.begin());
  face.best_state = face.probabilities[best].first;
  face.state = unsure ? "unsure" : face.best_state;
  face.confidence = p[best];
  return face;
}

struct Scene {
  std::vector<LabelledImage> images;
  std::vector<Result> results;

  void Add(const std::string& set, std::vector<LabelledFace> truths, std::vector<FaceResult> found) {
    LabelledImage image;
    image.set = set;
    image.path = set + "/" + std::to_string(images.size()) + ".jpg";
    image.group = image.path.string();
    image.width = 500;
    image.height = 100;
    image.faces = std::move(truths);
    images.push_back(image);
    Result result;
    result.width = 500;
    result.height = 100;
    result.faces = std::move(found);
    results.push_back(result);
  }
  std::vector<SceneScores> Score() const {
    SceneScoreOptions options;
    options.resamples = 50;
    return ScoreScenes(images, results, results, options);
  }
  // Answers and candidates are the same.
  SceneView View() const { return PooledView(images, results, results, {}); }
};

// Three states: found and right, found and wrong, found but unsure, missed; one false detection.
inline Scene ThreeStates() {
  Scene scene;
  scene.Add("three", {Truth(0, MaskState::kCorrect), Truth(100, MaskState::kIncorrect), Truth(200, MaskState::kNone)},
            {Found(0, 0.9f, {0.8f, 0.1f, 0.1f}), Found(100, 0.8f, {0.3f, 0.1f, 0.6f})});
  scene.Add("three", {Truth(0, MaskState::kIncorrect, 50)},
            {Found(0, 0.7f, {0.1f, 0.5f, 0.4f}, true, 50), Found(300, 0.6f, {0, 0, 1})});
  return scene;
}

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_SCENE_TESTING_H_
