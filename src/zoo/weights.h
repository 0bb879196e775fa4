#ifndef MASKSCOPE_ZOO_WEIGHTS_H_
#define MASKSCOPE_ZOO_WEIGHTS_H_

#include <filesystem>
#include <map>
#include <string>

#include "graph/graph.h"

namespace maskscope {

// Reads a .safetensors file (F32, F16, BF16, F64, I64, I32, U8 ...). The header is checked against the file's size before
// anything is allocated. Errors: kNotFound, kUnreadable, kBadModel, kTooLarge.
std::map<std::string, Tensor> ReadSafetensors(const std::filesystem::path& path);

// Puts the tensors of weights/retinaface_mnet025 (or mobilenetv1_x025: body only) into a BuildRetinaFace graph, by name.
// Errors: kBadModel listing every missing, extra and misshapen tensor.
void LoadRetinaFace(const std::map<std::string, Tensor>& weights, Graph& graph);

// RetinaFace weights with the FPN and SSH cut down to `neck_channels`: the channels that contribute most to what reads
// them are kept (sum of the magnitudes of their outgoing weights times the scale of their BatchNorm), so that
// fine-tuning starts from most of the function. Errors: kBadModel (tensors missing or misshapen), kUsage.
std::map<std::string, Tensor> NarrowRetinaFace(const std::map<std::string, Tensor>& weights, int neck_channels);

// Puts weights/mobilenet_v2_1.0 (BatchNorm folded: conv + bias) into a BuildMobileNetV2 graph of width 1: each bias becomes a BatchNorm
// that leaves the function unchanged (scale sqrt(var + eps) folded to 1, shift = bias). The classifier keeps its drawn weights.
void LoadMobileNetV2(const std::map<std::string, Tensor>& weights, Graph& graph);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_WEIGHTS_H_
