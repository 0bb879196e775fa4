#include "image/letterbox.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

using nlohmann::json;

Box BoxOf(const json& values) { return {values[0], values[1], values[2], values[3]}; }

void ExpectNear(const json& expected, const Box& box, const json& in) {
  const float values[4] = {box.x1, box.y1, box.x2, box.y2};
  for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(expected[k].get<double>(), values[k], 1e-3) << in;
}

TEST(Letterbox, AgreesWithTheReference) {
  std::ifstream stream(test::SharedFile("golden/ops/letterbox.json"));
  if (!stream) GTEST_SKIP() << "golden/ops/letterbox.json is absent: set MASKSCOPE_SHARED";
  for (const json& c : json::parse(stream).at("cases")) {
    const int width = c.at("image")[0], height = c.at("image")[1];
    LetterboxOptions options;
    options.target_width = c.at("target")[0];
    options.target_height = c.at("target")[1];
    options.least_padding = c.at("auto");
    options.enlarge = c.at("scaleup");
    const Letterbox plan = PlanLetterbox(width, height, options);
    EXPECT_DOUBLE_EQ(c.at("ratio").get<double>(), plan.ratio);
    EXPECT_EQ(c.at("resized"), json({plan.resized_width, plan.resized_height})) << c;
    EXPECT_EQ(c.at("pad"), json({plan.left, plan.top, plan.right, plan.bottom})) << c;
    EXPECT_EQ(c.at("half_pad"), json({plan.half_pad_x, plan.half_pad_y})) << c;
    EXPECT_EQ(c.at("out"), json({plan.width, plan.height})) << c;
    for (size_t i = 0; i < c.at("boxes_image").size(); ++i) {
      ExpectNear(c.at("boxes_net")[i], plan.FromImage(BoxOf(c.at("boxes_image")[i])), c);
    }
    for (size_t i = 0; i < c.at("net_boxes").size(); ++i) {
      ExpectNear(c.at("net_boxes_to_image")[i],
                 BoxFromLetterbox(BoxOf(c.at("net_boxes")[i]), plan.width, plan.height, width, height), c);
    }
  }
}

TEST(Letterbox, PictureLiesInTheMiddle) {
  LetterboxOptions options;
  options.target_width = options.target_height = 32;
  const Letterbox plan = PlanLetterbox(64, 32, options);
  const Image result = MakeLetterbox(Image(64, 32, 200), plan);
  ASSERT_EQ(32, result.width);
  ASSERT_EQ(32, result.height);
  EXPECT_EQ(114, result.row(7)[0]);
  EXPECT_EQ(200, result.row(8)[0]);
  EXPECT_EQ(200, result.row(23)[95]);
  EXPECT_EQ(114, result.row(24)[95]);
}

TEST(Letterbox, BadInputIsAnError) {
  EXPECT_THROW(PlanLetterbox(0, 5), Error);
  LetterboxOptions options;
  options.stride = 0;
  EXPECT_THROW(PlanLetterbox(5, 5, options), Error);
}

}  // namespace
}  // namespace maskscope
