#include "explain/probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/expect_error.h"
#include "base/random.h"
#include "engine/reference.h"
#include "explain/layers.h"
#include "zoo/registry.h"

namespace maskscope {
namespace {

Tensor Picture(const Shape& shape) {
  Random random(4);
  Tensor picture = Tensor::Filled(shape, 0);
  for (float& value : picture.floats) value = static_cast<float>(random.Normal());
  return picture;
}

double Largest(const std::vector<float>& values) {
  double largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(double{value}));
  return largest;
}

double LargestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double{a[i]} - b[i]));
  return largest;
}

// Every value inside, as the plain interpreter has it: a tap changes nothing, and is not written over.
TEST(ProbeTest, TapsAreWhatTheReferenceComputes) {
  for (const char* architecture : {"mobilenet_v3_small", "resnet18"}) {
    const Tensor picture = Picture({1, 3, 32, 48});
    const Probe probe(BuildArchitecture(architecture, {.classes = 3, .draw_weights = true}), picture.shape);
    std::vector<std::string> taps;
    for (const Layer& layer : ListLayers(probe.graph(), probe.inferred())) {
      if (layer.op == "Relu" || layer.op == "HardSwish" || layer.op == "Add") taps.push_back(layer.value);
    }
    const auto reference = RunReference(probe.graph(), {{probe.graph().inputs[0].name, picture}}, taps);
    const RunResult run = probe.Run(picture.floats.data(), taps);
    for (const std::string& tap : taps) {
      const std::vector<float>& wanted = reference.at(tap).floats;
      EXPECT_LT(LargestDifference(ToTensor(run.Get(tap)).floats, wanted), 1e-4 * std::max(1.0, Largest(wanted)))
          << architecture << ": " << tap;
    }
  }
}

// The engine's values and the reference's lead to the same derivatives, but for a few ReLUs so near 0 that rounding
// decides.
TEST(ProbeTest, DerivativesByTheEngineAndByTheReference) {
  const Tensor picture = Picture({1, 3, 48, 64});
  const Probe probe(BuildArchitecture("resnet18", {.classes = 3, .draw_weights = true}), picture.shape);
  const Score score = {{probe.graph().outputs[0].name, 1, 1}};
  const std::string layer = FindLayer(probe.graph(), probe.inferred(), "layer2.1.relu").value;
  const auto reads = ValuesToRead(probe.graph(), score, {layer});
  const auto values = RunReference(probe.graph(), {{probe.graph().inputs[0].name, picture}}, reads);
  const Tensor wanted = Backpropagate(probe.graph(), probe.inferred(), values, score, {layer}).at(layer);
  const Tensor found = probe.Differentiate(picture.floats.data(), score, {layer}).gradients.at(layer);
  EXPECT_LT(LargestDifference(found.floats, wanted.floats), 1e-3 * Largest(wanted.floats));
}

TEST(ProbeTest, UnknownValues) {
  const Tensor picture = Picture({1, 3, 32, 32});
  const Probe probe(BuildArchitecture("mobilenet_v3_small", {.classes = 3, .draw_weights = false}), picture.shape);
  ExpectError(ErrorKind::kBadModel, {"no value 'nowhere'"}, [&] { probe.Run(picture.floats.data(), {"nowhere"}); });
}

}  // namespace
}  // namespace maskscope
