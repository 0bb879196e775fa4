#include <cstring>

#include "base/error.h"
#include "engine/lowering.h"
#include "engine/reference_ops.h"

namespace maskscope {

namespace {

struct RuntimeInput {
  bool present = false;
  std::shared_ptr<const Tensor> constant;  // null: read from `place`
  Place place;
};

std::vector<RuntimeInput> ReadInputs(PlanBuilder& builder, const Node& node, std::vector<int>& reads) {
  std::vector<RuntimeInput> inputs(node.inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!node.HasInput(i)) continue;
    inputs[i].present = true;
    if (const Tensor* constant = builder.ConstantOf(node.inputs[i])) {
      inputs[i].constant = std::make_shared<const Tensor>(*constant);
    } else {
      inputs[i].place = builder.Read(node.inputs[i], {Format::kPlain});
      reads.push_back(inputs[i].place.buffer);
    }
  }
  return inputs;
}

Tensor ToTensor(const Place& place, const float* data) {
  return Tensor::Floats(place.shape, std::vector<float>(data, data + ElementCount(place.shape)));
}

void Evaluate(const Node& node, const std::vector<RuntimeInput>& inputs, const std::vector<Pointer>& sources,
              const std::vector<Pointer>& targets) {
  std::vector<Tensor> tensors(inputs.size());
  ReferenceCall call{node, std::vector<const Tensor*>(inputs.size(), nullptr)};
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].present) continue;
    if (!inputs[i].constant) tensors[i] = ToTensor(inputs[i].place, sources[i].floats());
    call.inputs[i] = inputs[i].constant ? inputs[i].constant.get() : &tensors[i];
  }
  const std::vector<Tensor> results = EvaluateReference(call);
  for (size_t i = 0; i < targets.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    std::memcpy(targets[i].floats(), results[i].floats.data(), results[i].floats.size() * sizeof(float));
  }
}

}  // namespace

void LowerReference(PlanBuilder& builder, const Node& node) {
  Step step;
  step.node = node.name;
  step.op = node.op;
  step.kernel = "reference";
  const std::vector<RuntimeInput> inputs = ReadInputs(builder, node, step.reads);
  std::vector<Place> outputs(node.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    outputs[i] = builder.Write(node.outputs[i], {Format::kPlain}, ElementType::kF32, false);
    step.writes.push_back(outputs[i].buffer);
  }
  step.bind = [node, inputs, outputs](const Bases& bases) -> Work {
    std::vector<Pointer> sources(inputs.size()), targets(outputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].present && !inputs[i].constant) sources[i] = bases.At(inputs[i].place);
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!node.outputs[i].empty()) targets[i] = bases.At(outputs[i]);
    }
    return [node, inputs, sources, targets] { Evaluate(node, inputs, sources, targets); };
  };
  builder.Emit(std::move(step));
}

}  // namespace maskscope
