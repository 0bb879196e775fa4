#ifndef MASKSCOPE_ZOO_ZOO_TESTING_H_
#define MASKSCOPE_ZOO_ZOO_TESTING_H_

#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "zoo/classifiers.h"

// Small helpers for tests that run the networks of the zoo.
namespace maskscope::testing {

// Statistics, scales and shifts as training leaves them: a fresh network's hide what is done with them.
inline void RandomizeBatchNorm(Graph& graph, uint64_t seed) {
  Random random(seed);
  for (const Node& node : graph.nodes) {
    if (node.op != "BatchNormalization") continue;
    for (const size_t input : {1, 2, 3, 4}) {
      const bool positive = input == 1 || input == 4;  // scale, variance
      for (float& value : graph.initializers.at(node.inputs[input]).floats) {
        value = static_cast<float>(positive ? random.Uniform(0.5, 1.5) : random.Uniform(-0.3, 0.3));
      }
    }
  }
}

// One small network of every family of classifiers, without dropout, with such statistics. Drawn once a program: most
// of the time of a test would go there.
inline const std::vector<std::pair<std::string, Graph>>& SmallClassifiers() {
  static const std::vector<std::pair<std::string, Graph>> classifiers = [] {
    std::vector<std::pair<std::string, Graph>> all;
    all.emplace_back("mobilenet_v1", BuildMobileNetV1({.width = 0.25f, .input_size = 48, .dropout = 0}));
    all.emplace_back("mobilenet_v2", BuildMobileNetV2({.width = 0.35f, .input_size = 48, .dropout = 0}));
    all.emplace_back("mobilenet_v2_torchvision",
                     BuildMobileNetV2({.width = 0.35f, .dropout = 0, .layout = MobileNetV2Layout::kTorchvision}));
    all.emplace_back("mobilenet_v3_small",
                     BuildMobileNetV3({.size = MobileNetV3Size::kSmall, .width = 0.5f, .dropout = 0}));
    all.emplace_back("mobilenet_v3_large", BuildMobileNetV3({.width = 0.35f, .dropout = 0}));
    all.emplace_back("resnet18", BuildResNet({.depth = 18}));
    all.emplace_back("resnet50", BuildResNet({.depth = 50}));
    all.emplace_back("resnet50v2", BuildResNetV2({}));
    all.emplace_back("resnest50", BuildResNeSt({}));
    all.emplace_back("efficientnet_b0", BuildEfficientNet({.dropout = 0.0f}));
    for (auto& [name, graph] : all) RandomizeBatchNorm(graph, 5);
    return all;
  }();
  return classifiers;
}

}  // namespace maskscope::testing

#endif  // MASKSCOPE_ZOO_ZOO_TESTING_H_
