#include "evaluate/face_looks.h"

#include <atomic>

#include "base/error.h"
#include "base/threads.h"
#include "image/decode.h"
#include "image/quality.h"

namespace maskscope {
namespace {

FaceLook LookOf(const Image& image, const Box& box) {
  FaceLook look;
  look.sharpness = RegionSharpness(image, box, kLookSide, &look.brightness);
  return look;
}

PictureLooks Measure(const ScenePicture& picture) {
  const Image image = ReadImage(picture.truth->path).image;
  PictureLooks looks;
  for (const LabelledFace& face : picture.truth->faces) looks.truths.push_back(LookOf(image, face.box));
  for (const FaceResult& face : picture.answer->faces) looks.answers.push_back(LookOf(image, face.box));
  for (const FaceResult& face : picture.candidates->faces) looks.candidates.push_back(LookOf(image, face.box));
  return looks;
}

}  // namespace

std::vector<PictureLooks> MeasureLooks(const SceneView& view, int workers, const std::function<bool()>& step) {
  std::vector<PictureLooks> looks(view.pictures.size());
  std::atomic<bool> stopped{false};
  ParallelFor(looks.size(), workers, [&](size_t i) {
    if (stopped) return;
    looks[i] = Measure(view.pictures[i]);
    if (step && !step()) stopped = true;
  });
  if (stopped) throw Error(ErrorKind::kInterrupted, "the evaluation was stopped");
  return looks;
}

}  // namespace maskscope
