#ifndef MASKSCOPE_ANALYZE_MTCNN_H_
#define MASKSCOPE_ANALYZE_MTCNN_H_

#include <memory>

#include "analyze/detector.h"

// MTCNN (Zhang et al. 2016) as facenet-pytorch runs it: a small network proposes faces on a pyramid of pictures, a
// second one throws most of them out, a third one settles boxes and landmarks. Internal to analyze.
namespace maskscope {

inline constexpr const char* kMtcnnKind = "mtcnn";

// The networks of BuildMtcnn (zoo/detectors.h) or others like them: outputs named by the record's decoding; scores
// [batch, 2, ...] with the face second. `record`: least face in pixels of the input (decoding.min_sizes[0][0]), least
// scores of the first two (cascade_scores) and of the last network (thresholds.score), factor of the pyramid.
// Errors: kBadModel where a network has no output of these names.
std::shared_ptr<const FaceFinder> MakeMtcnn(std::shared_ptr<Engine> proposal, std::shared_ptr<Engine> refinement,
                                            std::shared_ptr<Engine> output, const ModelRecord& record);

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_MTCNN_H_
