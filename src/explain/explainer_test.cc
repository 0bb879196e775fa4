#include "explain/explainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analyze/test_models.h"
#include "base/error.h"
#include "base/expect_error.h"
#include "explain/explain_report.h"
#include "report/html_page.h"

// On models whose answers can be told by eye (analyze/test_models.h).
namespace maskscope {
namespace {

using test::ColorClassifierRecord;
using test::MakeNode;

// ColorClassifier with a layer of 8 x 8 cells in between: the colours themselves.
Graph MappedClassifier() {
  Graph graph = test::ColorClassifier();
  graph.nodes.insert(graph.nodes.begin(),
                     MakeNode("cells", "AveragePool", {"input"}, "cells",
                              {{"kernel_shape", std::vector<int64_t>{4, 4}}, {"strides", std::vector<int64_t>{4, 4}}}));
  graph.nodes[1].inputs = {"cells"};
  return graph;
}

// Red in one corner, which is why the class is `incorrect`.
Image RedCorner() {
  Image image(32, 32, 0);
  FillRectangle(image, {20, 16, 32, 32}, {255, 0, 0});
  return image;
}

const Box kWhole{0, 0, 32, 32};
const FaceFrame kFace{{0, 0, 32, 32}, {{8, 8}, {24, 8}, {16, 16}, {12, 26}, {24, 26}}};

CamMap MapOf(CamMethod method, const std::string& target = "incorrect") {
  const ClassifierExplainer explainer(MappedClassifier(), ColorClassifierRecord());
  ExplainOptions options;
  options.method = method;
  options.target = target;
  return explainer.Explain(RedCorner(), kWhole, kFace, options).map;
}

TEST(ExplainerTest, TheHeatIsWhereTheColourIs) {
  for (const CamMethod method : CamMethods()) {
    const CamMap map = MapOf(method);
    ASSERT_EQ(map.width, 8);
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        const float heat = map.values[static_cast<size_t>(8 * y + x)];
        EXPECT_EQ(heat > 0, x >= 5 && y >= 4) << CamMethodName(method) << " at " << x << ", " << y << ": " << heat;
      }
    }
  }
}

TEST(ExplainerTest, TellsWhatIsPredictedAndWhereTheHeatLies) {
  const ClassifierExplainer explainer(MappedClassifier(), ColorClassifierRecord());
  const Explanation e = explainer.Explain(RedCorner(), kWhole, kFace, {});
  EXPECT_EQ(e.layer.node, "cells");
  EXPECT_EQ(e.target, e.predicted);
  // Logits 4, 8 * 3 / 16, 0.
  const double sum = std::exp(4.0) + std::exp(1.5) + 1;
  EXPECT_EQ(e.predicted, "correct");
  EXPECT_NEAR(e.ScoreOf("incorrect"), std::exp(1.5) / sum, 1e-5);
  EXPECT_FALSE(e.regions) << "the bias says `correct`: no place of the picture speaks for it";
  ExplainOptions options;
  options.target = "incorrect";
  const Explanation red = explainer.Explain(RedCorner(), kWhole, kFace, options);
  ASSERT_TRUE(red.regions);
  const auto share = [&](FaceRegion region) { return red.regions->heat[static_cast<size_t>(region)]; };
  EXPECT_GT(share(FaceRegion::kMouth), 0.3);
  EXPECT_LT(share(FaceRegion::kEyes), 0.02);
  double total = 0;
  for (const double one : red.regions->heat) total += one;
  EXPECT_NEAR(total, 1, 1e-9);
  EXPECT_FALSE(explainer.Explain(RedCorner(), kWhole, {kWhole, {}}, options).regions) << "no landmarks";
}

TEST(ExplainerTest, TrustsAMapThatIsRightAndNotOneThatIsNot) {
  const ClassifierExplainer explainer(MappedClassifier(), ColorClassifierRecord());
  ExplainOptions options;
  options.target = "incorrect";
  options.measure_trust = true;
  const Explanation e = explainer.Explain(RedCorner(), kWhole, kFace, options);
  ASSERT_TRUE(e.faithfulness);
  EXPECT_EQ(e.faithfulness->verdict(), Faithfulness::Verdict::kTrust) << e.faithfulness->Words();
  EXPECT_LT(e.faithfulness->deletion.Area(), e.faithfulness->random_deletion.Area());
  EXPECT_GT(e.faithfulness->insertion.Area(), e.faithfulness->random_insertion.Area());
  EXPECT_EQ(e.faithfulness->random_deletion_areas.size(), 20u);

  // The same measure of a map that says the opposite.
  std::vector<float> red(3 * 32 * 32, 0.0f);
  for (size_t i = 0; i < 32 * 32; ++i) red[i] = i % 32 >= 20 && i / 32 >= 16 ? 1.0f : 0.0f;
  CamMap opposite = e.map;
  for (float& value : opposite.values) value = value > 0 ? 0.0f : 1.0f;
  const auto mean_red = [](const float* data) {
    double sum = 0;
    for (size_t i = 0; i < 32 * 32; ++i) sum += i % 32 >= 20 && i / 32 >= 16 ? data[i] : 0;
    return sum / 192;
  };
  const Faithfulness wrong = MeasureFaithfulness(opposite, red, 32, 32, mean_red);
  EXPECT_EQ(wrong.verdict(), Faithfulness::Verdict::kDoNotTrust) << wrong.Words();
  EXPECT_EQ(wrong.deletion.score.front(), 1);
  EXPECT_EQ(wrong.deletion.score.back(), 0);
  EXPECT_EQ(wrong.insertion.score.back(), 1);
  EXPECT_LT(wrong.insertion.score.front(), 0.9) << "blurred";
}

TEST(ExplainerTest, BadQuestions) {
  const ClassifierExplainer explainer(MappedClassifier(), ColorClassifierRecord());
  const auto explain = [&](const ExplainOptions& options) { explainer.Explain(RedCorner(), kWhole, kFace, options); };
  ExplainOptions options;
  options.target = "incorect";
  ExpectError(ErrorKind::kUsage, {"incorect", "did you mean 'incorrect'"}, [&] { explain(options); });
  options = {};
  options.layer = "cell";
  ExpectError(ErrorKind::kUsage, {"cell", "'cells'"}, [&] { explain(options); });
  ExpectError(ErrorKind::kBadModel, {"found a detector"},
              [] { ClassifierExplainer(test::SquareDetector(), test::SquareDetectorRecord()); });
}

TEST(ExplainerTest, ABoxOfADetector) {
  const ModelRecord record = test::SquareDetectorRecord();
  const Image image = test::PictureOfSquares(8, 8, {{2, 3, "correct"}, {6, 5, "none"}});
  const Detector detector(std::make_shared<Engine>(test::SquareDetector()), record);
  const std::vector<Detection> found = detector.Detect(image, image.width, image.height);
  ASSERT_EQ(found.size(), 2u);
  const DetectorExplainer explainer(test::SquareDetector(), record);
  for (const Detection& box : found) {
    ExplainOptions options;
    options.method = CamMethod::kHiResCam;
    options.layer = "cells";
    const Explanation e = explainer.Explain(image, box, options);
    EXPECT_EQ(e.predicted, "face");
    EXPECT_NEAR(e.ScoreOf("face"), box.score, 1e-4);
    // Only the box's own cell speaks for it; it is in the middle of the crop, half as wide, and fades bilinearly.
    const auto at = [&](double x, double y) {
      return e.map.values[static_cast<size_t>(y * e.map.height) * static_cast<size_t>(e.map.width) +
                          static_cast<size_t>(x * e.map.width)];
    };
    EXPECT_GT(at(0.5, 0.5), 0);
    EXPECT_LT(at(0.05, 0.05), 0.1 * at(0.5, 0.5));
  }
  Detection nowhere = found[0];
  nowhere.box = {100, 0, 116, 16};
  ExpectError(ErrorKind::kUsage, {"no such box"}, [&] { explainer.Explain(image, nowhere, {}); });
}

ExplainedFace Explained(const std::string& given, bool trust) {
  const ClassifierExplainer explainer(MappedClassifier(), ColorClassifierRecord());
  ExplainOptions options;
  options.target = "incorrect";
  options.measure_trust = trust;
  ExplainedFace face{.source = "face.png", .number = 1, .given = given, .crop = RedCorner(), .maps = {}};
  face.maps.push_back({"gradcam", explainer.Explain(RedCorner(), kWhole, kFace, options)});
  return face;
}

TEST(ExplainReportTest, TellsRightFromWrong) {
  std::vector<ExplainedFace> faces = {Explained("correct", true), Explained("none", false), Explained("none", false)};
  EXPECT_FALSE(faces[0].is_wrong());
  EXPECT_TRUE(faces[1].is_wrong());
  const Table summary = HeatSummary(faces);
  ASSERT_EQ(summary.rows.size(), 4u) << "right, wrong, all, area";
  EXPECT_EQ(std::get<std::string>(summary.rows[1][0]), "none, wrong");
  EXPECT_EQ(std::get<double>(summary.rows[1][1]), 2);
  double percent = 0;
  for (size_t i = 3; i < summary.columns.size(); ++i) percent += std::get<double>(summary.rows[0][i]);
  EXPECT_NEAR(percent, 100, 0.3) << "rounded to a tenth";
  EXPECT_EQ(FaceTable(faces).rows.size(), 3u);
  EXPECT_NE(TrustWords(faces).find("1 of 1"), std::string::npos) << TrustWords(faces);
  const std::string html = ToHtml(ExplainPage("title", "subtitle", faces, 2));
  EXPECT_NE(html.find("2 of 3 are shown"), std::string::npos);
  EXPECT_NE(html.find("given none"), std::string::npos);
}

TEST(ExplainReportTest, WithoutFacesThereIsAPageToo) {
  const std::string html = ToHtml(ExplainPage("title", "subtitle", {}, 10));
  EXPECT_NE(html.find("There is none"), std::string::npos);
}

}  // namespace
}  // namespace maskscope
