#ifndef MASKSCOPE_ENGINE_REFERENCE_OPS_H_
#define MASKSCOPE_ENGINE_REFERENCE_OPS_H_

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

// The operator kernels of the reference interpreter, by family. The engine falls back on them for the rare operators
// that no network spends its time in.
namespace maskscope {

// One node with the tensors that go into it; absent optional inputs are nullptr.
struct ReferenceCall {
  const Node& node;
  std::vector<const Tensor*> inputs;

  bool Has(size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  // Input i. Throws Error{kBadModel} naming the node where it is absent.
  const Tensor& In(size_t i) const;
  // Input i as floats or as integers. Throws Error{kBadModel} where it has the other type.
  const Tensor& FloatIn(size_t i) const;
  const Tensor& IntIn(size_t i) const;
};

using ReferenceKernel = std::vector<Tensor> (*)(const ReferenceCall& call);
using ReferenceKernels = std::map<std::string, ReferenceKernel>;

const ReferenceKernels& WindowKernels();       // convolution and pooling
const ReferenceKernels& ElementwiseKernels();  // activations, arithmetic, normalisation
const ReferenceKernels& MatrixKernels();       // products, means, softmax
const ReferenceKernels& ShapeKernels();        // moving values about without computing with them
const ReferenceKernels& ResizeKernels();

// Runs one node. Errors: kUnsupported naming operator and node, kBadModel.
std::vector<Tensor> EvaluateReference(const ReferenceCall& call);

// Throws Error naming the node: `NAME (OP): message`.
[[noreturn]] void ThrowNodeError(const Node& node, const std::string& message);
[[noreturn]] void ThrowUnsupportedNode(const Node& node, const std::string& message);

// An uninitialised result of the same type as `like`.
Tensor MakeTensor(DataType type, const Shape& shape);
std::vector<int64_t> RowMajorStrides(const Shape& shape);
// An axis in 0..rank-1 from one that may count from the end. Throws for axes out of range.
int64_t NormalizeAxis(const Node& node, int64_t axis, int64_t rank);
// NumPy-style broadcast of two shapes. Throws where they do not fit.
Shape BroadcastShapes(const Node& node, const Shape& a, const Shape& b);
// Strides that walk a tensor of `shape` as if it had been broadcast to `out`.
std::vector<int64_t> BroadcastStrides(const Shape& shape, const Shape& out);

// Calls visit(index) for every multi-index of `shape`, the last axis fastest.
template <typename Visit>
void ForEachIndex(const Shape& shape, Visit visit) {
  std::vector<int64_t> index(shape.size(), 0);
  const int64_t count = ElementCount(shape);
  for (int64_t i = 0; i < count; ++i) {
    visit(index);
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

int64_t Dot(const std::vector<int64_t>& index, const std::vector<int64_t>& strides);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_REFERENCE_OPS_H_
