#ifndef MASKSCOPE_ZOO_DETECTOR_WEIGHTS_H_
#define MASKSCOPE_ZOO_DETECTOR_WEIGHTS_H_

#include <array>
#include <map>
#include <string>

#include "graph/graph.h"

// Published weights under the names that the graphs of zoo/detectors.h have, so that LoadByName (zoo/weights.h) fits.
// Each function takes a state dict and returns one; what it does not know stays, for LoadByName to complain about.
namespace maskscope {

using NamedTensors = std::map<std::string, Tensor>;

// Where a Conv of `graph` has no bias and is followed by a BatchNormalization whose tensors `weights` lack, the
// convolution's bias (its BatchNorm was folded into it) becomes a BatchNormalization that adds it and does nothing
// else.
NamedTensors UnfoldBiases(NamedTensors weights, const Graph& graph);

// [channels] becomes [channels, 1, 1] where that is the graph's shape: slopes of PReLU, factors a channel.
NamedTensors AlignChannels(NamedTensors weights, const Graph& graph);

// The tensors whose names begin with `prefix`, without it, where there are any; else all.
NamedTensors Within(NamedTensors weights, const std::string& prefix);

// YOLOv5: "0.conv.weight" becomes "model.0.conv.weight"; the anchors go, which are no weights.
NamedTensors YoloV5Names(NamedTensors weights);
// The anchors' sides in pixels by stride, from model.24.anchors (in units of the stride); `fallback` where it is
// absent. Errors: kBadModel where it has another shape.
std::array<std::array<float, 6>, 3> YoloV5Anchors(const NamedTensors& weights,
                                                  const std::array<std::array<float, 6>, 3>& fallback);

// The res10 face detector as OpenCV's TensorFlow file names it (weights/res10_ssd: conv1_bn_h.gamma, conv1_scale_h.mul
// ..., some BatchNorms folded into biases): BatchNorm and scale layer become one BatchNorm.
NamedTensors Res10SsdNames(NamedTensors weights);
// The same from the blobs of the original res10_300x300_ssd_iter_140000.caffemodel (conv1_h.0, conv1_bn_h.0 ...).
NamedTensors Res10CaffeNames(NamedTensors blobs);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_DETECTOR_WEIGHTS_H_
