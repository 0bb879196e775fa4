#include <cmath>

#include "graph/operators.h"
#include "graph/shape_rules.h"

// Convolution, pooling, normalisation, matrix products, reductions and Resize.
namespace maskscope::shape_rules {
namespace {

std::vector<Fact> OneFloat(Shape shape) { return {Fact{std::move(shape), DataType::kFloat32, nullptr}}; }

void RequireOneOutput(const Call& call) {
  for (size_t i = 1; i < call.node.outputs.size(); ++i) {
    if (!call.node.outputs[i].empty()) Refuse(call.node, "the optional output '" + call.node.outputs[i] + "'");
  }
}

void RequireShape(const Call& call, size_t input, const Shape& wanted) {
  if (call.FloatIn(input).shape == wanted) return;
  Fail(call.node, "input " + std::to_string(input) + " has shape " + ToString(call.In(input).shape) + ", wanted " +
                      ToString(wanted));
}

std::vector<Fact> Conv(const Call& call) {
  call.RequireInputs(2, 3);
  const Shape& x = call.FloatIn(0).shape;
  const Shape& weights = call.FloatIn(1).shape;
  if (weights.size() != 4) {
    Refuse(call.node, "weights of shape " + ToString(weights) + ", wanted [out, in / groups, height, width]");
  }
  const Window w = ResolveWindow(call.node, x, {weights[2], weights[3]});
  if (weights[1] != x[1] / w.groups || x[1] % w.groups != 0 || weights[0] % w.groups != 0) {
    Fail(call.node, "weights " + ToString(weights) + " in " + std::to_string(w.groups) + " groups do not fit input " +
                        ToString(x));
  }
  if (call.Has(2)) RequireShape(call, 2, {weights[0]});
  return OneFloat({x[0], weights[0], w.out_h, w.out_w});
}

std::vector<Fact> BatchNormalization(const Call& call) {
  call.RequireInputs(5, 5);
  RequireOneOutput(call);
  const Shape& x = call.FloatIn(0).shape;
  if (x.size() < 2) Fail(call.node, "input " + ToString(x) + " has no channel axis");
  for (size_t i = 1; i < 5; ++i) RequireShape(call, i, {x[1]});
  return OneFloat(x);
}

std::vector<Fact> Pool(const Call& call) {
  call.RequireInputs(1, 1);
  RequireOneOutput(call);
  const Shape& x = call.FloatIn(0).shape;
  const Window w = ResolveWindow(call.node, x, call.node.Ints("kernel_shape", {}));
  return OneFloat({x[0], x[1], w.out_h, w.out_w});
}

std::vector<Fact> GlobalPool(const Call& call) {
  call.RequireInputs(1, 1);
  const Shape& x = call.FloatIn(0).shape;
  if (x.size() != 4) Refuse(call.node, "input of shape " + ToString(x) + ", wanted [batch, channels, height, width]");
  return OneFloat({x[0], x[1], 1, 1});
}

std::vector<Fact> Gemm(const Call& call) {
  call.RequireInputs(2, 3);
  Shape a = call.FloatIn(0).shape, b = call.FloatIn(1).shape;
  if (a.size() != 2 || b.size() != 2)
    Fail(call.node, "inputs " + ToString(a) + " and " + ToString(b) + " are not matrices");
  if (call.node.Int("transA", 0) != 0) std::swap(a[0], a[1]);
  if (call.node.Int("transB", 0) != 0) std::swap(b[0], b[1]);
  if (a[1] != b[0]) Fail(call.node, "matrices " + ToString(a) + " and " + ToString(b) + " do not fit");
  const Shape out{a[0], b[1]};
  if (call.Has(2) && Broadcast(call.node, call.FloatIn(2).shape, out) != out) {
    Fail(call.node, "input 2 of shape " + ToString(call.In(2).shape) + " does not broadcast to " + ToString(out));
  }
  return OneFloat(out);
}

std::vector<Fact> MatMul(const Call& call) {
  call.RequireInputs(2, 2);
  const Shape &a = call.FloatIn(0).shape, &b = call.FloatIn(1).shape;
  if (a.size() < 2 || b.size() < 2) {
    Refuse(call.node, "inputs " + ToString(a) + " and " + ToString(b) + ", wanted at least two axes each");
  }
  if (a.back() != b[b.size() - 2]) Fail(call.node, "matrices " + ToString(a) + " and " + ToString(b) + " do not fit");
  Shape out = Broadcast(call.node, {a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
  out.push_back(a[a.size() - 2]);
  out.push_back(b.back());
  return OneFloat(out);
}

std::vector<Fact> Reduce(const Call& call) {
  call.RequireInputs(1, 2);
  const Shape& x = call.FloatIn(0).shape;
  const std::vector<int64_t> axes = call.Has(1) ? call.IntsIn(1) : call.node.Ints("axes", {});
  if (axes.empty() && call.node.Int("noop_with_empty_axes", 0) != 0) return OneFloat(x);
  std::vector<bool> reduced(x.size(), axes.empty());
  for (const int64_t axis : axes) reduced[FrontAxis(call.node, axis, x.size())] = true;
  const bool keep = call.node.Int("keepdims", 1) != 0;
  Shape out;
  for (size_t i = 0; i < x.size(); ++i) {
    if (!reduced[i]) out.push_back(x[i]);
    if (reduced[i] && keep) out.push_back(1);
    if (reduced[i] && x[i] == 0) Fail(call.node, "an empty axis of " + ToString(x) + " cannot be reduced");
  }
  return OneFloat(out);
}

std::vector<Fact> Softmax(const Call& call) {
  call.RequireInputs(1, 1);
  const Shape& x = call.FloatIn(0).shape;
  FrontAxis(call.node, call.node.Int("axis", -1), x.size());
  return OneFloat(x);
}

Shape ScaledShape(const Call& call, const Shape& x) {
  const Fact& scales = call.FloatIn(2);
  if (scales.constant == nullptr) Refuse(call.node, "the scales '" + call.node.inputs[2] + "' depend on the data fed");
  if (scales.constant->floats.size() != x.size()) {
    Fail(call.node, "scales of shape " + ToString(scales.shape) + ", wanted one for each axis of " + ToString(x));
  }
  Shape out;
  for (size_t i = 0; i < x.size(); ++i) {
    const float scale = scales.constant->floats[i];
    if (!(scale > 0 && scale < 1e6f))
      Fail(call.node, "a scale is " + std::to_string(scale) + ", wanted 0 < scale < 1e6");
    out.push_back(static_cast<int64_t>(std::floor(static_cast<double>(x[i]) * double{scale})));
  }
  return out;
}

std::vector<Fact> Resize(const Call& call) {
  call.RequireInputs(1, 4);
  const Shape& x = call.FloatIn(0).shape;
  const std::string mode = call.node.String("mode", "nearest");
  if (mode != "nearest" && mode != "linear") Refuse(call.node, "mode '" + mode + "', wanted nearest or linear");
  const std::string place = call.node.String("coordinate_transformation_mode", "half_pixel");
  if (place != "half_pixel" && place != "asymmetric" && place != "pytorch_half_pixel" && place != "align_corners") {
    Refuse(call.node, "coordinate_transformation_mode '" + place + "'");
  }
  if (call.Has(2) == call.Has(3)) Fail(call.node, "wanted either scales or sizes");
  const Shape out = call.Has(3) ? call.IntsIn(3) : ScaledShape(call, x);
  bool fits = out.size() == x.size();
  for (size_t i = 0; fits && i < x.size(); ++i) fits = out[i] >= 1 && x[i] >= 1;
  if (!fits) Fail(call.node, "cannot resize " + ToString(x) + " to " + ToString(out));
  return OneFloat(out);
}

}  // namespace

const RuleTable& LayerRules() {
  static const RuleTable rules = {
      {"Conv", Conv},
      {"BatchNormalization", BatchNormalization},
      {"MaxPool", Pool},
      {"AveragePool", Pool},
      {"GlobalAveragePool", GlobalPool},
      {"GlobalMaxPool", GlobalPool},
      {"Gemm", Gemm},
      {"MatMul", MatMul},
      {"ReduceMean", Reduce},
      {"ReduceSum", Reduce},
      {"Softmax", Softmax},
      {"Resize", Resize},
  };
  return rules;
}

}  // namespace maskscope::shape_rules
