#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/reference.h"
#include "zoo/state_head.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

Tensor Noise(const Shape& shape) {
  Tensor tensor = Tensor::Filled(shape, 0);
  for (size_t i = 0; i < tensor.floats.size(); ++i) tensor.floats[i] = static_cast<float>((i * 37) % 101) - 50;
  return tensor;
}

TEST(StateHead, SplitsTheFaceScoreAmongTheStates) {
  const Graph plain = BuildRetinaFace({});
  Graph staged = plain;
  AddStateHead({}, staged);
  const std::map<std::string, Tensor> inputs{{"input", Noise({1, 3, 64, 96})}};
  const auto before = RunReference(plain, inputs), after = RunReference(staged, inputs);
  const Tensor &two = before.at("scores"), &four = after.at("scores");
  ASSERT_EQ(four.shape, (Shape{1, two.shape[1], 4}));
  for (size_t anchor = 0; anchor < two.floats.size() / 2; ++anchor) {
    const float* row = &four.floats[4 * anchor];
    EXPECT_NEAR(row[0], two.floats[2 * anchor], 1e-6);
    EXPECT_NEAR(row[1] + row[2] + row[3], two.floats[2 * anchor + 1], 1e-5);
  }
  EXPECT_EQ(after.at("boxes"), before.at("boxes"));
  EXPECT_EQ(after.at("landmarks"), before.at("landmarks"));
}

TEST(StateHead, NeedsARetinaFace) {
  Graph graph = BuildMobileNetV2({.width = 0.25f});
  try {
    AddStateHead({}, graph);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("ClassHead.0.conv1x1"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace maskscope
