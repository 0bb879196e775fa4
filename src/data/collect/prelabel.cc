#include "data/collect/prelabel.h"

#include <fmt/format.h>

#include "base/error.h"

namespace maskscope::collect {

std::vector<ManifestFace> FacesOf(const Result& result) {
  std::vector<ManifestFace> faces;
  for (const FaceResult& found : result.faces) {
    ManifestFace face;
    face.face.box = found.box;
    face.face.landmarks = found.landmarks;
    face.face.state = ParseMaskState(found.state);  // "unsure" is none
    face.score = found.score;
    face.attributes[kReviewed] = "no";
    if (!found.best_state.empty()) {
      face.attributes[kPredictedState] = found.best_state;
      face.attributes[kPredictedConfidence] = fmt::format("{:.3f}", found.confidence);
    }
    if (!found.unsure_reason.empty()) face.attributes[kPredictedUnsure] = found.unsure_reason;
    faces.push_back(std::move(face));
  }
  return faces;
}

Labeller MakeLabeller(const Analyzer& analyzer) {
  return [analyzer](const Image& image, const std::string& source) {
    const Result result = analyzer.AnalyzeImage(image, source);
    if (result.error) throw Error(result.error->kind, result.error->message);
    return FacesOf(result);
  };
}

}  // namespace maskscope::collect
