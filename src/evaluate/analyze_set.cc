#include "evaluate/analyze_set.h"

#include <utility>

#include "base/error.h"
#include "image/decode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

Result Failed(const std::filesystem::path& path, const Error& error) {
  Result result;
  result.source = path.string();
  result.error = Result::Failure{error.kind(), error.what()};
  return result;
}

std::vector<Result> RunAll(size_t count, int workers, const std::function<Result(size_t)>& analyze,
                           const StepCallback& step) {
  std::vector<Result> results;
  results.reserve(count);
  bool stopped = false;
  AnalyzeInOrder(count, workers, analyze, [&](size_t, Result&& result) {
    results.push_back(std::move(result));
    stopped = step && !step();
    return !stopped;
  });
  if (stopped || results.size() != count) throw Error(ErrorKind::kInterrupted, "the evaluation was stopped");
  return results;
}

}  // namespace

Result LoneDetector::AnalyzeFile(const std::filesystem::path& path, const DecodeOptions& decode) const {
  try {
    const DecodedImage decoded = ReadImage(path, decode);
    Result result;
    result.source = path.string();
    result.width = decoded.full_width;
    result.height = decoded.full_height;
    const bool judges = record().task == ModelTask::kMaskDetector;
    for (const Detection& found : detector_.Detect(decoded.image, result.width, result.height)) {
      FaceResult face;
      face.box = Clamp(found.box, result.width, result.height);
      if (face.box.area() <= 0) continue;  // wholly outside the picture
      face.score = found.score;
      face.landmarks = found.landmarks;
      if (judges) {
        // Detections count classes without the background.
        const bool background = record().classes.at(0) == "background";
        face.state = record().classes.at(static_cast<size_t>(found.class_index) + (background ? 1 : 0));
        face.best_state = face.state;
        face.confidence = 1;
        face.probabilities = {{face.state, 1.0f}};
      }
      result.faces.push_back(std::move(face));
    }
    if (judge_) Judge(decoded.image, result);
    return result;
  } catch (const Error& error) {
    return Failed(path, error);
  }
}

// The classifier is asked about each box in the picture's own pixels, which decoding must not have reduced.
void LoneDetector::Judge(const Image& image, Result& result) const {
  if (result.faces.empty()) return;
  std::vector<Box> boxes;
  for (const FaceResult& face : result.faces) boxes.push_back(face.box);
  Result judged = judge_->ClassifyBoxes(image, boxes, result.source);
  if (judged.error) throw Error(judged.error->kind, judged.error->message);
  for (size_t i = 0; i < result.faces.size(); ++i) {
    judged.faces[i].score = result.faces[i].score;
    judged.faces[i].box = result.faces[i].box;
    judged.faces[i].landmarks = result.faces[i].landmarks;
    result.faces[i] = std::move(judged.faces[i]);
  }
}

std::vector<Result> AnalyzeScenes(const std::vector<LabelledImage>& images, int workers,
                                  const std::function<Result(const std::filesystem::path&)>& analyze,
                                  const StepCallback& step) {
  return RunAll(
      images.size(), workers, [&](size_t i) { return analyze(images[i].path); }, step);
}

std::vector<Result> ClassifyCrops(const std::vector<LabelledCrop>& crops, int workers, const Analyzer& analyzer,
                                  const StepCallback& step) {
  const auto classify = [&](size_t i) {
    try {
      const DecodedImage decoded = ReadImage(crops[i].path, analyzer.options().decode);
      return analyzer.ClassifyBoxes(decoded.image, {}, crops[i].path.string());
    } catch (const Error& error) {
      return Failed(crops[i].path, error);
    }
  };
  return RunAll(crops.size(), workers, classify, step);
}

}  // namespace maskscope
