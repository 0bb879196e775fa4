#ifndef MASKSCOPE_ZOO_REGISTRY_H_
#define MASKSCOPE_ZOO_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

// The architectures of the zoo by name: what the command line and the trainers offer.
namespace maskscope {

enum class ArchitectureTask { kClassifier, kDetector };
std::string_view ArchitectureTaskName(ArchitectureTask task);

// What may be asked of an architecture. What is absent is as it was published.
struct ArchitectureOptions {
  std::optional<int> classes = {};
  std::optional<float> width = {};     // channel multiplier, where Architecture::takes_width
  std::optional<float> dropout = {};   // before a classifier's last layer
  std::optional<int> input_size = {};  // pixels; height = width. Only TensorFlow's padding depends on it
  uint64_t seed = 1;
  bool draw_weights = true;  // without: zeros (see zoo/classifiers.h)
};

struct Architecture {
  std::string name;
  ArchitectureTask task = ArchitectureTask::kClassifier;
  std::string description;  // one line
  std::string source;       // paper, and whose layout
  int input_size = 224;     // it was published for; height = width, pixels
  int classes = 1000;       // it was published with
  bool takes_classes = true;
  bool takes_width = false;
  bool takes_dropout = false;
  std::function<Graph(const ArchitectureOptions&)> build;
};

// All of them, in the order to show them.
const std::vector<Architecture>& Architectures();

// Errors: kUsage naming the nearest name, or all where none is near.
const Architecture& FindArchitecture(const std::string& name);

// Builds it. Errors: kUsage for an unknown name, an option the architecture does not take, and values out of range.
Graph BuildArchitecture(const std::string& name, const ArchitectureOptions& options = {});

// The registry's parts, one file each.
std::vector<Architecture> ClassifierArchitectures();  // registry_classifiers.cc
std::vector<Architecture> DetectorArchitectures();    // registry_detectors.cc

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_REGISTRY_H_
