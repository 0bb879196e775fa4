#include "zoo/mb_conv.h"

namespace maskscope {

std::string WriteMbConv(GraphBuilder& builder, const std::string& name, const std::string& input, const MbConv& block) {
  int parts = 0;
  const auto next = [&] { return name + ".block." + std::to_string(parts++); };
  const auto unit = [&](const std::string& from, const ConvLayer& layer, ActivationKind activation) {
    const std::string part = next();
    return WriteConvUnit(builder, from, {part + ".0", part + ".1", layer, activation, block.epsilon});
  };
  std::string value = input;
  if (block.expanded != block.in) value = unit(value, PaddedConv(block.in, block.expanded, 1), block.activation);
  value = unit(value, PaddedConv(block.expanded, block.expanded, block.kernel, block.stride, block.expanded),
               block.activation);
  if (block.squeezed > 0) {
    value = WriteSqueezeExcite(builder, next(), value,
                               {block.expanded, block.squeezed, block.gate_activation, block.hard_gate});
  }
  value = unit(value, PaddedConv(block.expanded, block.out, 1), ActivationKind::kNone);
  if (block.stride != 1 || block.in != block.out) return value;
  return builder.Node("Add", name + ".add", {input, value});
}

}  // namespace maskscope
