#ifndef MASKSCOPE_EXPLAIN_NETWORK_PLAN_H_
#define MASKSCOPE_EXPLAIN_NETWORK_PLAN_H_

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/shape_inference.h"

// A network as a person would sketch it: few boxes, each a block of layers.
namespace maskscope {

enum class BoxKind { kInput, kConvolution, kBlock, kPool, kMerge, kDense, kOther };

struct NetworkBox {
  BoxKind kind = BoxKind::kOther;
  std::string title;               // what its nodes' names have in common
  std::vector<std::string> lines;  // its layers: "conv 3×3 /2, 64, ReLU6"
  std::string output;              // shape of what it makes, without the batch: "64 × 56 × 56"
  bool is_map = false;             // [batch, channels, height, width]
  int repeats = 1;                 // equal boxes in a row; costs are of all of them
  int64_t parameters = 0, multiply_adds = 0;
  double milliseconds = std::numeric_limits<double>::quiet_NaN();
  std::vector<size_t> inputs;  // boxes before it
};

// Boxes from the input on; a box stands after those it reads.
struct NetworkPlan {
  std::vector<NetworkBox> boxes;
};

// What stands between a value and where all that is made of it comes together again is one block (a residual block, an
// SSH module); layers whose names begin alike are one too, where nothing else stands between them; equal blocks in a
// row become one with a number; heads that read the same map stand in one box. `graph` is fixed to its shapes
// (Specialize). `milliseconds` by node, for those that were measured.
NetworkPlan PlanNetwork(const Graph& graph, const InferredShapes& inferred,
                        const std::map<std::string, double>& milliseconds = {});

// Names that the names of a block's layers begin with: "layer1.0" of "layer1.0.conv1", "block3" of "block3.expand"; ""
// where there is no number to tell blocks by.
std::string BlockName(const std::string& node);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_NETWORK_PLAN_H_
