#include "data/suspects/out_of_fold.h"

#include <algorithm>

#include "base/error.h"
#include "base/threads.h"

namespace maskscope {

void OutOfFoldOptions::Validate() const {
  Problems problems;
  problems.Require(folds >= 2 && folds <= 1000, "folds", std::to_string(folds), "2 to 1000");
  problems.Require(threads >= 0 && threads <= 1024, "threads", std::to_string(threads), "0 to 1024");
  problems.ThrowIfAny(ErrorKind::kUsage, "out-of-fold predictions");
  logistic.Validate();
}

std::vector<StateProbabilities> PredictOutOfFold(const FeatureMatrix& features, const std::vector<JudgedFace>& faces,
                                                 const OutOfFoldOptions& options, Progress* progress,
                                                 const std::function<bool()>& stop) {
  options.Validate();
  const std::vector<int> fold_of = AssignFolds(faces, options.folds, options.seed);
  std::vector<int> labels;
  for (const JudgedFace& face : faces) labels.push_back(static_cast<int>(face.label));
  std::vector<StateProbabilities> probabilities(faces.size());
  if (progress != nullptr) progress->Start("learning without each part", options.folds, "parts");
  ParallelFor(static_cast<size_t>(options.folds), options.threads, [&](size_t fold) {
    std::vector<size_t> others;
    for (size_t i = 0; i < faces.size(); ++i) {
      if (fold_of[i] != static_cast<int>(fold)) others.push_back(i);
    }
    const LogisticRegression model(features, labels, others, kMaskStates, options.logistic, stop);
    if (stop && stop()) throw Error(ErrorKind::kInterrupted, "stopped while learning");
    for (size_t i = 0; i < faces.size(); ++i) {
      if (fold_of[i] != static_cast<int>(fold)) continue;
      const std::vector<double> found = model.Predict(features.row(i));
      std::copy(found.begin(), found.end(), probabilities[i].begin());
    }
    if (progress != nullptr) progress->Step();
  });
  if (progress != nullptr) progress->Finish();
  return probabilities;
}

}  // namespace maskscope
