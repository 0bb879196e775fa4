#ifndef MASKSCOPE_DATA_SUSPECTS_FIND_SUSPECTS_H_
#define MASKSCOPE_DATA_SUSPECTS_FIND_SUSPECTS_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/suspects/boxes.h"
#include "data/suspects/confident.h"
#include "data/suspects/features.h"
#include "data/suspects/out_of_fold.h"
#include "data/suspects/patch.h"

// Labels that are likely wrong, found by comparing each with what is learnt from all the others. docs/suspects.md says
// how, and how well.
namespace maskscope {

struct LabelSuspectOptions {
  SuspectScore score = SuspectScore::kMargin;
  bool any_state = false;  // also suggest states that a set does not have
  FeatureOptions features;
  OutOfFoldOptions out_of_fold;
};

struct LabelSuspects {
  std::vector<JudgedFace> faces;                  // those with probabilities
  std::vector<StateProbabilities> probabilities;  // [faces], out of fold
  LabelRanking ranking;                           // of `faces`
  std::vector<DataProblem> problems;              // pictures that could not be read: their faces are not judged
  int64_t unpredicted = 0;                        // faces that a predictions file does not hold
  std::array<double, kMaskStates> agreement{};    // share of a label's faces for which it is likeliest; NaN: none
};

// By features of a network. Errors: those of ExtractFeatures and PredictOutOfFold.
LabelSuspects FindLabelSuspects(const Dataset& dataset, const JudgedFaces& judged, const FeatureModel& model,
                                const LabelSuspectOptions& options, Progress* progress = nullptr,
                                const std::function<bool()>& stop = {});
// By probabilities from elsewhere: CSV path,face,correct,incorrect,none. They must come from models that have not seen
// the face. Errors: kBadData naming the line (not 0..1, sum not 1 within 0.01, twice the same face, no such face).
LabelSuspects FindLabelSuspects(const Dataset& dataset, const JudgedFaces& judged,
                                const std::filesystem::path& predictions, const LabelSuspectOptions& options);
// What the other one reads, of every judged face.
void WritePredictions(const std::filesystem::path& file, const Dataset& dataset, const LabelSuspects& suspects);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SUSPECTS_FIND_SUSPECTS_H_
