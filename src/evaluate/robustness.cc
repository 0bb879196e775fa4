#include "evaluate/robustness.h"

#include <atomic>

#include "base/error.h"
#include "base/random.h"
#include "base/threads.h"
#include "image/decode.h"

namespace maskscope {
namespace {

constexpr float kLeastLeft = 0.5f;  // share of a turned face's box that must still be in the picture

std::vector<Corruption> KindsOf(const RobustnessOptions& options) {
  if (!options.kinds.empty()) return options.kinds;
  std::vector<Corruption> kinds;
  for (int k = 0; k < kCorruptions; ++k) kinds.push_back(static_cast<Corruption>(k));
  return kinds;
}

// Labels of the picture as it is after the corruption.
LabelledImage CorruptLabels(LabelledImage image, int width, int height, Corruption kind, int strength) {
  image.width = width;
  image.height = height;
  for (LabelledFace& face : image.faces) {
    const float area = face.box.area();
    face.box = CorruptedBox(face.box, width, height, kind, strength);
    face.ignore = face.ignore || face.box.area() < kLeastLeft * area;
  }
  return image;
}

RobustnessPoint MeasureOne(const std::vector<LabelledImage>& images,
                           const std::function<Result(const Image&, const std::string&)>& analyze, Corruption kind,
                           int strength, const RobustnessOptions& options) {
  std::vector<LabelledImage> labels(images.size());
  std::vector<Result> results(images.size());
  std::atomic<bool> stopped{false};
  ParallelFor(images.size(), options.workers, [&](size_t i) {
    if (stopped) return;
    const Image image = ReadImage(images[i].path).image;
    labels[i] = CorruptLabels(images[i], image.width, image.height, kind, strength);
    results[i] =
        analyze(Corrupt(image, kind, strength, HashText(images[i].path.filename().string())), images[i].path.string());
    if (options.step && !options.step()) stopped = true;
  });
  if (stopped) throw Error(ErrorKind::kInterrupted, "the evaluation was stopped");
  const SceneScores scores = ScoreView("all", PooledView(labels, results, results, options.scores), options.scores);
  return {strength,    DescribeStrength(kind, strength), scores.recall, scores.precision, scores.state_accuracy,
          scores.right};
}

}  // namespace

size_t RobustnessSteps(size_t images, const RobustnessOptions& options) {
  return images * (1 + KindsOf(options).size() * static_cast<size_t>(kStrengths));
}

std::vector<RobustnessCurve> MeasureRobustness(const std::vector<LabelledImage>& images,
                                               const std::function<Result(const Image&, const std::string&)>& analyze,
                                               const RobustnessOptions& options) {
  const RobustnessPoint clean = MeasureOne(images, analyze, Corruption::kBlur, 0, options);
  std::vector<RobustnessCurve> curves;
  for (const Corruption kind : KindsOf(options)) {
    RobustnessCurve curve{kind, {clean}};
    for (int strength = 1; strength <= kStrengths; ++strength) {
      curve.points.push_back(MeasureOne(images, analyze, kind, strength, options));
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

}  // namespace maskscope
