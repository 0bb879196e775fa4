#ifndef MASKSCOPE_EVALUATE_PROTOCOLS_H_
#define MASKSCOPE_EVALUATE_PROTOCOLS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/scene_view.h"
#include "metrics/coco.h"
#include "metrics/running_accuracy.h"

// The same detections by the protocols that others publish numbers in, each named.
namespace maskscope {

// Draws behind COCO's intervals, at most: each of them sums up forty curves a class.
inline constexpr int kMostCocoResamples = 200;

// One way of telling classes apart.
struct ProtocolScores {
  std::string name;                  // "face only", "mask / no mask", "three states"
  std::vector<std::string> classes;  // names of its lists
  int64_t pictures = 0;
  std::vector<Estimate> voc_all, voc_11;  // PASCAL VOC 2010 on (all points) and 2007 (11 points), a class each
  Estimate mean_voc_all, mean_voc_11;     // over classes that have faces
  std::vector<Estimate> coco;             // in the order of kCocoNumbers; ignored faces are ignored
};
// Three states and mask / no mask only where `states` are said. Deterministic in `seed`.
std::vector<ProtocolScores> ScoreProtocols(const SceneView& view, bool states, int resamples, uint64_t seed);

// RICE2021's running accuracy of the answers, one point a picture that has labelled faces. Ignored faces, and faces
// without state, take no part.
std::vector<RunningPoint> RunningAccuracyOf(const SceneView& view, double iou);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_PROTOCOLS_H_
