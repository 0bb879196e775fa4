#include "analyze/result.h"

#include <gtest/gtest.h>

#include "analyze/draw_result.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

Result OneFace() {
  Result result;
  result.source = "photo.jpg";
  result.width = 200;
  result.height = 150;
  FaceResult face;
  face.box = {40.123f, 50, 90.5f, 110.999f};
  face.score = 0.98766f;
  face.landmarks = {{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10.5f}};
  face.state = face.best_state = "correct";
  face.confidence = 0.97f;
  face.probabilities = {{"correct", 0.97f}, {"incorrect", 0.02f}, {"none", 0.01f}};
  result.faces = {face};
  result.timing_ms = {1.23456, 2, 3, 6.5};
  return result;
}

TEST(ResultJson, FieldsAndOrderAreTheSchemas) {
  EXPECT_EQ(
      R"({"schema":"maskscope.result/1","source":"photo.jpg","width":200,"height":150,"faces":[{"box":[40.12,50.0,90.5,111.0],)"
      R"("score":0.9877,"landmarks":[[1.0,2.0],[3.0,4.0],[5.0,6.0],[7.0,8.0],[9.0,10.5]],"state":"correct","confidence":0.97,)"
      R"("probabilities":{"correct":0.97,"incorrect":0.02,"none":0.01},"unsure_reason":null}],)"
      R"("timing_ms":{"decode":1.235,"detect":2.0,"classify":3.0,"total":6.5},"error":null})",
      ToJson(OneFace()).dump());
}

TEST(ResultJson, NoFacesNoLandmarksAndReasons) {
  Result result;
  EXPECT_EQ("[]", ToJson(result).at("faces").dump());
  result = OneFace();
  result.faces[0].landmarks.clear();
  result.faces[0].state = "unsure";
  result.faces[0].unsure_reason = "small";
  const auto face = ToJson(result).at("faces")[0];
  EXPECT_TRUE(face.at("landmarks").is_null());
  EXPECT_EQ("small", face.at("unsure_reason"));
}

TEST(ResultJson, Failures) {
  Result result;
  result.source = "x.jpg";
  result.error = Result::Failure{ErrorKind::kTooLarge, "x.jpg is too large"};
  EXPECT_EQ(R"({"kind":"too_large","message":"x.jpg is too large"})", ToJson(result).at("error").dump());
}

TEST(ResultJson, NamesThatAreNotUtf8StillGiveALine) {
  Result result;
  result.source = "caf\xe9.jpg \xf0\x9f\x98\xb7 \"quoted\" \\ \n";
  result.error = Result::Failure{ErrorKind::kBadImage, "\xff\xfe"};
  const std::string line = ToJson(result).dump();
  EXPECT_NE(line.find("caf\xef\xbf\xbd.jpg \xf0\x9f\x98\xb7"), std::string::npos) << line;
  EXPECT_EQ(std::string::npos, line.find('\n'));
  EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST(DrawResult, BoxesAndLabelsAppearInTheColourOfTheState) {
  Image image(200, 150, 128);
  DrawResult(OneFace(), image);
  const Color color = LookOfState("correct").color;
  const auto is_color = [&](int x, int y) {
    const uint8_t* p = image.row(y) + 3 * x;
    return Color{p[0], p[1], p[2]} == color;
  };
  EXPECT_TRUE(is_color(40, 80));  // left side of the box
  EXPECT_TRUE(is_color(65, 50));  // its top
  EXPECT_FALSE(is_color(65, 80));
  EXPECT_EQ(128, image.row(80)[3 * 65]) << "the face itself stays as it is";
  int label = 0;
  for (int y = 30; y < 46; ++y) {
    for (int x = 40; x < 110; ++x) label += is_color(x, y);
  }
  EXPECT_GT(label, 100) << "a label above the box";
}

TEST(DrawResult, StatesDifferWithoutColour) {
  // Grey value and line together must tell any two states apart.
  const std::vector<std::string> states = {"correct", "incorrect", "none", "unsure"};
  const auto grey = [](Color c) { return (299 * c.r + 587 * c.g + 114 * c.b) / 1000; };
  for (size_t a = 0; a < states.size(); ++a) {
    for (size_t b = a + 1; b < states.size(); ++b) {
      const StateLook first = LookOfState(states[a]), second = LookOfState(states[b]);
      EXPECT_FALSE(first.color == second.color);
      EXPECT_TRUE(first.line != second.line || first.heavy != second.heavy ||
                  std::abs(grey(first.color) - grey(second.color)) > 60)
          << states[a] << " and " << states[b];
    }
  }
}

TEST(DrawResult, FollowsThePicturesScale) {
  Image half(100, 75, 128);
  DrawOptions options;
  options.labels = false;
  DrawResult(OneFace(), half, options);
  EXPECT_NE(128, half.row(40)[3 * 20]);
  EXPECT_EQ(128, half.row(40)[3 * 32]);
}

TEST(DrawResult, BlurLeavesNothingOfTheHead) {
  Image image = test::NoisyImage(200, 150, 8);
  const Image before = image;
  DrawOptions options;
  options.blur_faces = true;
  options.boxes = false;
  DrawResult(OneFace(), image, options);
  const Box head = HeadRegion(OneFace().faces[0].box);
  EXPECT_LT(head.y1, 50 - 20) << "hair and forehead belong to it";
  // What is left varies slowly: neighbours differ little, where before they were independent noise.
  int greatest = 0;
  for (int y = 60; y < 100; ++y) {
    for (int x = 45; x < 85; ++x)
      greatest = std::max(greatest, std::abs(image.row(y)[3 * x] - image.row(y)[3 * x + 3]));
  }
  EXPECT_LT(greatest, 12);
  EXPECT_EQ(before.row(2)[0], image.row(2)[0]) << "elsewhere nothing changes";
  EXPECT_EQ(before.row(140)[3 * 190], image.row(140)[3 * 190]);
}

TEST(DrawResult, OddBoxesDoNoHarm) {
  Result result = OneFace();
  for (const Box& box :
       {Box{-500, -500, 1000, 1000}, Box{199, 149, 200, 150}, Box{1e9f, 1e9f, 2e9f, 2e9f}, Box{5, 5, 5, 5}}) {
    result.faces[0].box = box;
    Image image(200, 150), tiny(1, 1);
    DrawOptions options;
    options.blur_faces = options.landmarks = true;
    DrawResult(result, image, options);
    DrawResult(result, tiny, options);
  }
}

}  // namespace
}  // namespace maskscope
