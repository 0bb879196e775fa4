#ifndef MASKSCOPE_DATA_COLLECT_PRELABEL_H_
#define MASKSCOPE_DATA_COLLECT_PRELABEL_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "analyze/analyzer.h"
#include "data/manifest.h"

namespace maskscope::collect {

// Suggests labels for a picture, for a person to review.
using Labeller = std::function<std::vector<ManifestFace>(const Image&, const std::string& source)>;

// Attributes of a suggested face.
inline constexpr const char* kReviewed = "review.reviewed";        // "no" until a person has looked
inline constexpr const char* kPredictedState = "predicted.state";  // the likeliest state, also where it is unsure
inline constexpr const char* kPredictedConfidence = "predicted.confidence";  // its probability, "0.931"
inline constexpr const char* kPredictedUnsure = "predicted.unsure";  // why it is unsure: "small", "low_confidence" ...

// Faces and states as the analyzer sees them. ManifestFace::score is the detector's; the state is the suggestion, and
// left out where the analyzer is unsure. Every face carries kReviewed = "no".
std::vector<ManifestFace> FacesOf(const Result& result);
// Errors: those of the analysis, thrown.
Labeller MakeLabeller(const Analyzer& analyzer);

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_PRELABEL_H_
