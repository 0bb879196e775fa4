// Times average precision over a million detections: PASCAL VOC (both) class by class, then all of COCO. Random boxes,
// three classes, 100 000 images, 500 000 faces. Usage: bench_average_precision
#include <chrono>
#include <cstdio>

#include "base/random.h"
#include "metrics/coco.h"
#include "metrics/detection.h"

int main() {
  using namespace maskscope;
  constexpr int kImages = 100'000, kTruths = 500'000, kDetections = 1'000'000, kClasses = 3;
  Random random(1);
  std::vector<GroundTruth> truths;
  std::vector<ScoredBox> detections;
  for (int i = 0; i < kTruths; ++i) {
    const double x = random.Uniform(0, 600), y = random.Uniform(0, 400), side = random.Uniform(8, 200);
    truths.push_back({i % kImages, random.Int(0, kClasses - 1), {x, y, x + side, y + side}, false, false});
  }
  for (int i = 0; i < kDetections; ++i) {
    const GroundTruth& near = truths[static_cast<size_t>(i % kTruths)];
    const double shift = random.Uniform(0, 0.6) * (near.box[2] - near.box[0]);
    MetricBox box = near.box;
    box[0] += shift;
    box[2] += shift;
    const int label = random.Chance(0.9) ? near.label : random.Int(0, kClasses - 1);
    detections.push_back({near.image, label, box, 1 - 0.8 * random.Uniform() - shift / 2000});
  }
  const auto seconds_since = [](std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  auto start = std::chrono::steady_clock::now();
  for (int c = 0; c < kClasses; ++c) {
    const PrCurve curve = VocCurve(truths, detections, c);
    std::printf("class %d: AP50 all points %.6f, 11 points %.6f\n", c, curve.ap_all, curve.ap_11);
  }
  std::printf("PASCAL VOC, %d detections: %.2f s\n", kDetections, seconds_since(start));
  start = std::chrono::steady_clock::now();
  const CocoSummary coco = CocoEvaluate(truths, detections);
  std::printf("COCO AP %.6f, AP50 %.6f, AR_100 %.6f, all twelve numbers: %.2f s\n", coco.ap, coco.ap50, coco.ar_100,
              seconds_since(start));
  return 0;
}
