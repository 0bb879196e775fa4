#ifndef MASKSCOPE_ENGINE_LOWERING_H_
#define MASKSCOPE_ENGINE_LOWERING_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/activation.h"
#include "engine/plan_builder.h"

// Operators turned into plan steps. Each family has a file: lower_conv.cc, lower_matrix.cc, ...
namespace maskscope {

// Each returns true where it lowered the node; false leaves it to the next. Together they never refuse what the
// reference interpreter can run.
bool LowerConv(PlanBuilder& builder, const Node& node);
// Several convolutions that the hand-tuned kernels do as one, where KernelsServe.
bool LowerKernelBlock(PlanBuilder& builder, const Node& node);
// Convolutions the hand-tuned kernels can do, where KernelsServe.
bool LowerKernelConv(PlanBuilder& builder, const Node& node);
bool LowerMatrix(PlanBuilder& builder, const Node& node);
bool LowerPool(PlanBuilder& builder, const Node& node);
// PReLU with one slope a channel, together with a pool that follows.
bool LowerPRelu(PlanBuilder& builder, const Node& node);
bool LowerElementwise(PlanBuilder& builder, const Node& node);
bool LowerShape(PlanBuilder& builder, const Node& node);
bool LowerPad(PlanBuilder& builder, const Node& node);
// What mixes the channels of a pixel, and the transpositions that LowerShape leaves.
bool LowerPixels(PlanBuilder& builder, const Node& node);
bool LowerResize(PlanBuilder& builder, const Node& node);
// The plain interpreter's kernel, for the rare rest.
void LowerReference(PlanBuilder& builder, const Node& node);

// The CPU and the options allow src/engine/kernels: in bf16 they serve only where the CPU multiplies it natively.
bool KernelsServe(const PlanOptions& options);

// The two nodes of value * Sigmoid(value), where nobody else reads the sigmoid.
struct Swish {
  const Node* gate;     // Sigmoid
  const Node* product;  // Mul
};
std::optional<Swish> FindSwish(const PlanBuilder& builder, const std::string& value);

// What follows a value and may be computed by the step that makes it: [activation] [+ residual [activation]].
struct Epilogue {
  std::string value;  // the value the whole group makes
  std::optional<Activation> activation;
  std::string residual;  // "" = none
  std::optional<Activation> activation_of_sum;
  std::vector<const Node*> nodes;  // those that are computed along
  std::string op;                  // "Conv+Clip+Add"
};
// The longest epilogue of `node`'s first output whose residual is ready; `residuals` false stops at the first
// activation.
Epilogue FindEpilogue(const PlanBuilder& builder, const Node& node, bool residuals);
// Leaves the last part of a non-empty epilogue of `node` to a step of its own.
void DropLast(Epilogue& epilogue, const Node& node);

// The nodes as they are lowered: sorted as in the graph, but a convolution whose result is added to a resized one comes
// after the Resize, so that the step that makes it can add.
std::vector<const Node*> LoweringOrder(const Graph& graph);

// [N, C, H, W]
inline bool IsRank4(const Shape& shape) { return shape.size() == 4; }

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_LOWERING_H_
