#include "explain/cam.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/expect_error.h"
#include "explain/overlay.h"

namespace maskscope {
namespace {

// Two channels of 1 x 2 cells.
const Tensor kActivation = Tensor::Floats({1, 2, 1, 2}, {1, 2, 3, 1});
const Tensor kGradient = Tensor::Floats({1, 2, 1, 2}, {1, 3, -1, 0.5f});

TEST(CamTest, GradCamByHand) {
  // Weights 2 and -0.25: 2 * 1 - 0.25 * 3 = 1.25 and 2 * 2 - 0.25 = 3.75.
  EXPECT_EQ(ComputeCam(CamMethod::kGradCam, kActivation, kGradient).values, (std::vector<float>{1.25f, 3.75f}));
}

TEST(CamTest, PlaceByPlaceByHand) {
  // 1 - 3 = -2 becomes 0; 6 + 0.5. LayerCAM leaves the negative derivative out.
  EXPECT_EQ(ComputeCam(CamMethod::kHiResCam, kActivation, kGradient).values, (std::vector<float>{0, 6.5f}));
  EXPECT_EQ(ComputeCam(CamMethod::kLayerCam, kActivation, kGradient).values, (std::vector<float>{1, 6.5f}));
}

TEST(CamTest, GradCamPlusPlusByHand) {
  // Channel 0, sum 3: 1/(2+3) * 1 + 9/(18+81) * 3; channel 1, sum 4: only 0.25/(0.5+0.5) * 0.5 is positive.
  const double w0 = 1.0 / 5 + 27.0 / 99, w1 = 0.125;
  const std::vector<float> found = ComputeCam(CamMethod::kGradCamPlusPlus, kActivation, kGradient).values;
  EXPECT_NEAR(found[0], w0 + 3 * w1, 1e-6);
  EXPECT_NEAR(found[1], 2 * w0 + w1, 1e-6);
}

TEST(CamTest, EigenCamIsTheFirstPrincipalComponent) {
  // One direction alone: the map is the cells' length along it.
  const Tensor activation = Tensor::Floats({1, 2, 1, 3}, {3, 6, 0, 4, 8, 0});
  const std::vector<float> found = ComputeCam(CamMethod::kEigenCam, activation, {}).values;
  EXPECT_NEAR(found[0], 5, 1e-5);
  EXPECT_NEAR(found[1], 10, 1e-5);
  EXPECT_NEAR(found[2], 0, 1e-5);
  // What is negative throughout is turned round.
  const Tensor negative = Tensor::Floats({1, 1, 1, 2}, {-1, -2});
  EXPECT_EQ(ComputeCam(CamMethod::kEigenCam, negative, {}).values, (std::vector<float>{1, 2}));
}

TEST(CamTest, NothingSpeaksForTheScore) {
  const Tensor against = Tensor::Floats({1, 2, 1, 2}, {-1, -1, -1, -1});
  const CamMap map = ComputeCam(CamMethod::kGradCam, kActivation, against);
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.Normalized().values, (std::vector<float>{0, 0})) << "no division by 0";
  const Tensor dark = Tensor::Filled({1, 3, 2, 2}, 0);
  EXPECT_TRUE(ComputeCam(CamMethod::kEigenCam, dark, {}).empty());
}

TEST(CamTest, MethodsByName) {
  for (const CamMethod method : CamMethods()) EXPECT_EQ(ParseCamMethod(std::string(CamMethodName(method))), method);
  EXPECT_EQ(CamMethods().size(), 6u);
  ExpectError(ErrorKind::kUsage, {"gradcam++", "did you mean 'gradcam'"}, [] { ParseCamMethod("grad-cam"); });
}

// Score-CAM by hand: the score is the mean of the left half of a picture of two cells.
TEST(CamTest, ScoreCamWeighsChannelsByWhatTheyShow) {
  Graph graph;
  graph.inputs = {{"x", DataType::kFloat32, {Dim::Fixed(1), Dim::Fixed(1), Dim::Fixed(1), Dim::Fixed(2)}}};
  graph.outputs = {{"y", DataType::kFloat32, {Dim::Fixed(1), Dim::Fixed(1)}}};
  // Channel 0 is the picture, channel 1 its negative: their masks show the brighter and the darker cell.
  graph.initializers = {{"w", Tensor::Floats({2, 1, 1, 1}, {1, -1})}, {"fc", Tensor::Floats({2, 1}, {1, 0})}};
  graph.nodes = {{"maps", "Conv", {"x", "w"}, {"maps"}, {}},
                 {"flat", "Flatten", {"x"}, {"flat"}, {}},
                 {"y", "Gemm", {"flat", "fc"}, {"y"}, {}}};
  graph.outputs.push_back({"maps", DataType::kFloat32, {}});
  const Probe probe(graph, {1, 1, 1, 2});
  const Layer layer = FindLayer(probe.graph(), probe.inferred(), "maps");
  const float picture[2] = {2, 1};
  const CamMap map = ComputeCam(CamMethod::kScoreCam, probe, picture, {{"y", 0, 1}}, layer);
  // Seen through channel 0: (2, 0), score 2; through channel 1: (0, 1), score 0.
  const double w0 = std::exp(2.0) / (std::exp(2.0) + 1), w1 = 1 - w0;
  EXPECT_NEAR(map.values[0], 2 * w0 - 2 * w1, 1e-5);
  EXPECT_NEAR(map.values[1], 1 * w0 - 1 * w1, 1e-5);
}

TEST(CamTest, ResizeIsBilinear) {
  const CamMap map{2, 1, {0, 1}};
  EXPECT_EQ(ResizeCam(map, 4, 2).values, (std::vector<float>{0, 0.25f, 0.75f, 1, 0, 0.25f, 0.75f, 1}));
}

TEST(OverlayTest, Jet) {
  EXPECT_EQ(JetColor(0), (Color{0, 0, 128}));
  EXPECT_EQ(JetColor(0.5f), (Color{128, 255, 128}));
  EXPECT_EQ(JetColor(1), (Color{128, 0, 0}));
  EXPECT_EQ(JetColor(-3), JetColor(0));
}

TEST(OverlayTest, HalfAndHalfAndRenormalised) {
  Image picture(2, 1, 0);
  picture.pixels = {100, 0, 0, 0, 0, 127};
  const Image mixed = OverlayHeat(picture, {2, 1, {0.0f, 3.0f}});
  // Sums: (100, 0, 128) and (128, 0, 127); the greatest, 128, becomes 255.
  EXPECT_EQ(mixed.pixels, (std::vector<uint8_t>{100 * 255 / 128, 0, 255, 255, 0, 127 * 255 / 128}));
}

TEST(OverlayTest, SideBySide) {
  const Image both = SideBySide(Image(10, 20, 1), Image(30, 40, 2));
  EXPECT_EQ(both.height, 20);
  EXPECT_EQ(both.width, 10 + 4 + 15);
}

}  // namespace
}  // namespace maskscope
