#ifndef MASKSCOPE_EVALUATE_LABEL_FIRST_H_
#define MASKSCOPE_EVALUATE_LABEL_FIRST_H_

#include <optional>
#include <string>
#include <vector>

#include "evaluate/looked_set.h"
#include "evaluate/site_differences.h"

// Which of many unlabelled pictures to label first, because the model is likely to learn most from them.
namespace maskscope {

// How much a label of one face would teach, each 0..1.
struct FaceLesson {
  double unclear = 0;               // entropy of the states' probabilities / that of a toss-up (Shannon 1948)
  double edge = 0;                  // 1 at the detector's threshold, 0 from half of it away
  std::vector<std::string> unlike;  // "smaller", "darker" ...: outside the middle 98 % of the other pictures' faces
  double worth() const;             // unclear + edge / 2 + the share of looks (size, brightness, sharpness) unlike
};
// `comparison` with fewer than kLeastToCompare other faces: nothing is unlike them.
FaceLesson LessonOf(const FaceResult& face, const FaceLook& look, double score_threshold,
                    const SiteComparison& comparison);

struct PictureToLabel {
  size_t picture = 0;          // of the set
  double worth = 0;            // its faces' worths, greatest first, each counting half of the one before
  std::string reason;          // in words
  std::optional<size_t> face;  // of the picture's faces, the one worth most
};

// All pictures that could be read, the most worth first; equal ones in their order. Among the first `spread` none is
// nearly a copy of another (as neighbouring pictures of a video are) as long as there are others; such copies come
// after them.
std::vector<PictureToLabel> RankToLabel(const LookedSet& site, const SiteComparison& comparison, size_t spread);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_LABEL_FIRST_H_
