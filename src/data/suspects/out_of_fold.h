#ifndef MASKSCOPE_DATA_SUSPECTS_OUT_OF_FOLD_H_
#define MASKSCOPE_DATA_SUSPECTS_OUT_OF_FOLD_H_

#include <functional>
#include <optional>
#include <vector>

#include "base/progress.h"
#include "data/suspects/confident.h"
#include "data/suspects/faces.h"
#include "data/suspects/logistic.h"

namespace maskscope {

struct OutOfFoldOptions {
  int folds = 5;
  uint64_t seed = 1;  // of the folds
  LogisticOptions logistic;
  int threads = 0;        // 0 = all cores
  void Validate() const;  // Errors: kUsage naming every bad field
};

// Probabilities of each face's states by a regression that saw neither the face nor any of its group. Row i of
// `features` belongs to faces[i]. Errors: kUsage (too few groups); kInterrupted.
std::vector<StateProbabilities> PredictOutOfFold(const FeatureMatrix& features, const std::vector<JudgedFace>& faces,
                                                 const OutOfFoldOptions& options, Progress* progress = nullptr,
                                                 const std::function<bool()>& stop = {});

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SUSPECTS_OUT_OF_FOLD_H_
