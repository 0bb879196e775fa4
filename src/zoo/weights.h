#ifndef MASKSCOPE_ZOO_WEIGHTS_H_
#define MASKSCOPE_ZOO_WEIGHTS_H_

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "weights/safetensors.h"

namespace maskscope {

// Puts the tensors of weights/retinaface_mnet025 (or mobilenetv1_x025: body only) into a BuildRetinaFace graph, by
// name. Errors: kBadModel listing every missing, extra and misshapen tensor.
void LoadRetinaFace(const std::map<std::string, Tensor>& weights, Graph& graph);

// RetinaFace weights with the FPN and SSH cut down to `neck_channels`: the channels that contribute most to what reads
// them are kept (sum of the magnitudes of their outgoing weights times the scale of their BatchNorm), so that
// fine-tuning starts from most of the function. Errors: kBadModel (tensors missing or misshapen), kUsage.
std::map<std::string, Tensor> NarrowRetinaFace(const std::map<std::string, Tensor>& weights, int neck_channels);

// Puts weights/mobilenet_v2_1.0 (BatchNorm folded: conv + bias) into a BuildMobileNetV2 graph of width 1 in
// TensorFlow's layout: each bias becomes a BatchNorm that leaves the function unchanged (scale sqrt(var + eps) folded
// to 1, shift = bias). The classifier is loaded where the file has one for as many classes as the graph; else it keeps
// its drawn weights. Errors: kBadModel listing every missing, extra and misshapen tensor.
void LoadMobileNetV2(const std::map<std::string, Tensor>& weights, Graph& graph);

// The same for weights/mobilenet_v1_1.0 and mobilenet_v1_0.5 and a BuildMobileNetV1 graph of that width.
void LoadMobileNetV1(const std::map<std::string, Tensor>& weights, Graph& graph);

// Puts tensors into the initializers of the same name: PyTorch's state_dict into a graph of the zoo that carries its
// names. The counters that PyTorch keeps beside a BatchNorm (.num_batches_tracked) are passed over. What belongs to one
// of the layers in `keep` (module names, e.g. "fc") stays as it is and may be absent or of another shape: the last
// layer, when the classes are others. Errors: kBadModel listing every missing, extra and misshapen tensor; the graph is
// then as it was.
void LoadByName(const std::map<std::string, Tensor>& weights, Graph& graph, const std::vector<std::string>& keep = {});

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_WEIGHTS_H_
