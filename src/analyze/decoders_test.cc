#include <gtest/gtest.h>

#include <cmath>

#include "analyze/detector.h"
#include "analyze/head_decoder.h"
#include "analyze/test_models.h"
#include "base/error.h"

// Every family of heads on outputs written by hand, so that each number can be followed with a pencil.
namespace maskscope {
namespace {

// A network whose outputs do not depend on the picture.
Graph FixedOutputs(const std::map<std::string, Tensor>& outputs) {
  Graph graph;
  graph.name = "fixed";
  graph.inputs = {test::PictureInput()};
  graph.initializers["nothing"] = Tensor::Filled({1, 3, 1, 1}, 0);
  graph.nodes = {
      test::MakeNode("mean", "GlobalAveragePool", {"input"}, "mean"),
      test::MakeNode("zero", "Conv", {"mean", "nothing"}, "zero", {{"kernel_shape", std::vector<int64_t>{1, 1}}})};
  for (const auto& [name, tensor] : outputs) {
    const auto axes = static_cast<int64_t>(tensor.shape.size());
    graph.initializers[name + ".value"] = tensor;
    graph.initializers[name + ".shape"] = Tensor::Ints({axes}, std::vector<int64_t>(tensor.shape.size(), 1));
    graph.nodes.push_back(test::MakeNode(name + ".one", "Reshape", {"zero", name + ".shape"}, name + ".one"));
    graph.nodes.push_back(test::MakeNode(name, "Add", {name + ".one", name + ".value"}, name));
    graph.outputs.push_back({name, DataType::kFloat32, std::vector<Dim>(tensor.shape.size(), Dim::Symbol("n"))});
  }
  return graph;
}

// Input of 64 x 64 pixels: 8 x 8 cells of stride 8, or 2 x 2 of stride 32.
ModelRecord Record(const std::string& kind, const std::vector<std::string>& classes) {
  ModelRecord record;
  record.task = ModelTask::kMaskDetector;
  record.name = kind;
  record.classes = classes;
  record.input = test::UnitRange();
  record.input.width = record.input.height = 64;
  record.decoding.kind = kind;
  record.decoding.boxes_output = "boxes";
  record.thresholds.score = 0.5f;
  record.thresholds.nms_iou = 0.5f;
  return record;
}

std::vector<Detection> Detect(const std::map<std::string, Tensor>& outputs, const ModelRecord& record) {
  const Detector detector(std::make_shared<Engine>(FixedOutputs(outputs), EngineOptions{.precision = Precision::kF32}),
                          record);
  return detector.Detect(Image(64, 64), 64, 64);
}

void ExpectBox(const Box& wanted, const Box& found) { EXPECT_LT(test::Distance(wanted, found), 1e-3f); }

ErrorKind KindOf(const std::map<std::string, Tensor>& outputs, const ModelRecord& record) {
  try {
    Detect(outputs, record);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::kInternal;
}

TEST(Decoders, YoloV5MultipliesObjectnessAndClass) {
  const Tensor table = Tensor::Floats({1, 4, 7}, {32, 20, 10, 8, 0.9f, 0.1f, 0.8f,    // 0.72, class 1
                                                  12, 12, 8,  8, 0.4f, 1.0f, 0.0f,    // too little objectness
                                                  50, 50, 8,  8, 0.9f, 0.3f, 0.4f,    // no class is sure enough
                                                  33, 20, 10, 8, 0.8f, 0.7f, 0.0f});  // suppressed by the first
  const std::vector<Detection> found = Detect({{"boxes", table}}, Record("yolov5", {"correct", "none"}));
  ASSERT_EQ(1u, found.size());
  ExpectBox({27, 16, 37, 24}, found[0].box);
  EXPECT_NEAR(0.72, found[0].score, 1e-5);
  EXPECT_EQ(1, found[0].class_index);
  EXPECT_NEAR(0.09, found[0].class_scores[0], 1e-5);
  ModelRecord per_class = Record("yolov5", {"correct", "none"});
  per_class.decoding.nms = "per_class";
  EXPECT_EQ(2u, Detect({{"boxes", table}}, per_class).size());
  EXPECT_EQ(ErrorKind::kBadModel, KindOf({{"boxes", table}}, Record("yolov5", {"face"})));
}

TEST(Decoders, RawYoloV5StartsFromAnchors) {
  ModelRecord record = Record("yolov5_raw", {"face"});
  record.decoding.strides = {32};
  record.decoding.anchors = {{10, 20, 8, 8}};
  // 2 x 2 cells of two anchors; everything is unlikely but the second anchor of the cell in column 0, row 1.
  Tensor table = Tensor::Filled({1, 8, 6}, -20);
  const std::vector<float> values = {
      0, 0, 0, std::log(3.0f), 20, std::log(3.0f)};  // sigmoids 1/2, 1/2, 1/2, 3/4, 1, 3/4
  std::copy(values.begin(), values.end(), table.floats.begin() + 5 * 6);
  const std::vector<Detection> found = Detect({{"boxes", table}}, record);
  ASSERT_EQ(1u, found.size());
  // Centre (0.5, 1.5) * 32; width (2 * 1/2)^2 * 8, height (2 * 3/4)^2 * 8.
  ExpectBox({12, 39, 20, 57}, found[0].box);
  EXPECT_NEAR(0.75, found[0].score, 1e-5);
  record.decoding.strides = {16};
  EXPECT_EQ(ErrorKind::kBadModel, KindOf({{"boxes", table}}, record));
}

TEST(Decoders, YoloV8StandsUprightOrLies) {
  const Tensor upright = Tensor::Floats({1, 6, 2}, {32, 10, 20, 10, 10, 4, 8, 4, 0.1f, 0.2f, 0.7f, 0.3f});
  Tensor lying = Tensor::Filled({1, 2, 6}, 0);
  for (size_t row = 0; row < 2; ++row) {
    for (size_t column = 0; column < 6; ++column) lying.floats[6 * row + column] = upright.floats[2 * column + row];
  }
  for (const Tensor& table : {upright, lying}) {
    const std::vector<Detection> found = Detect({{"boxes", table}}, Record("yolov8", {"correct", "none"}));
    ASSERT_EQ(1u, found.size());
    ExpectBox({27, 16, 37, 24}, found[0].box);
    EXPECT_NEAR(0.7, found[0].score, 1e-5);
    EXPECT_EQ(1, found[0].class_index);
    EXPECT_TRUE(found[0].landmarks.empty());
  }
  EXPECT_EQ(ErrorKind::kBadModel, KindOf({{"boxes", upright}}, Record("yolov8", {"face"})));
}

TEST(Decoders, YoloV8OfFacesHasPoints) {
  Tensor table = Tensor::Filled({1, 20, 3}, 0);
  const auto put = [&](size_t column, float value) { table.floats[3 * column + 1] = value; };
  put(0, 30), put(1, 30), put(2, 20), put(3, 20), put(4, 0.9f);
  for (size_t k = 0; k < 5; ++k) {
    put(5 + 3 * k, 25 + static_cast<float>(k));
    put(6 + 3 * k, 35);
    put(7 + 3 * k, 0.5f);
  }
  const std::vector<Detection> found = Detect({{"boxes", table}}, Record("yolov8", {"face"}));
  ASSERT_EQ(1u, found.size());
  ASSERT_EQ(5u, found[0].landmarks.size());
  EXPECT_EQ((Point{29, 35}), found[0].landmarks[4]);
}

TEST(Decoders, ScrfdGivesDistancesToTheSides) {
  ModelRecord record = Record("scrfd", {"face"});
  record.decoding.boxes_output = "";
  record.decoding.strides = {32, 64};
  record.decoding.anchors_per_cell = 2;
  record.decoding.scores_outputs = {"s32", "s64"};
  record.decoding.boxes_outputs = {"b32", "b64"};
  record.decoding.landmarks_outputs = {"k32", "k64"};
  std::map<std::string, Tensor> outputs = {
      {"s32", Tensor::Floats({1, 8, 1}, {0, 0, 0, 0.8f, 0, 0, 0, 0})},  // column 1, row 0, second anchor
      {"s64", Tensor::Floats({2, 1}, {0.9f, 0})},                       // without a batch axis, as some exports
      {"b32", Tensor::Filled({1, 8, 4}, 0.5f)},
      {"b64", Tensor::Floats({2, 4}, {0, 0, 0.5f, 0.25f, 0, 0, 0, 0})},
      {"k32", Tensor::Filled({1, 8, 10}, 0.25f)},
      {"k64", Tensor::Filled({2, 10}, 0)}};
  const std::vector<Detection> found = Detect(outputs, record);
  ASSERT_EQ(2u, found.size());
  ExpectBox({0, 0, 32, 16}, found[0].box);
  ExpectBox({16, -16, 48, 16}, found[1].box);
  ASSERT_EQ(5u, found[1].landmarks.size());
  EXPECT_EQ((Point{40, 8}), found[1].landmarks[0]);
  outputs["b32"] = Tensor::Filled({1, 7, 4}, 0.5f);
  EXPECT_EQ(ErrorKind::kBadModel, KindOf(outputs, record));
}

TEST(Decoders, YuNetTakesTheGeometricMeanOfItsScores) {
  ModelRecord record = Record("yunet", {"face"});
  record.decoding.boxes_output = "";
  record.decoding.strides = {32};
  record.decoding.scores_outputs = {"cls"};
  record.decoding.objectness_outputs = {"obj"};
  record.decoding.boxes_outputs = {"bbox"};
  const std::map<std::string, Tensor> outputs = {
      {"cls", Tensor::Floats({1, 4, 1}, {0.1f, 0.1f, 0.1f, 0.9f})},
      {"obj", Tensor::Floats({1, 4, 1}, {1, 1, 1, 1.6f})},  // clamped to 1
      {"bbox", Tensor::Floats({1, 4, 4}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5f, -0.5f, std::log(0.5f), 0})}};
  const std::vector<Detection> found = Detect(outputs, record);
  ASSERT_EQ(1u, found.size());
  EXPECT_NEAR(std::sqrt(0.9), found[0].score, 1e-5);
  ExpectBox({40, 0, 56, 32}, found[0].box);  // centre (48, 16), 16 x 32
  EXPECT_TRUE(found[0].landmarks.empty());
}

// The terms of a score are its derivatives by the outputs, found here by changing one value after the other. Where
// outputs are logits, the last squashing is left out: its slope at y is y (1 - y).
void ExpectScoreTerms(std::map<std::string, Tensor> outputs, const ModelRecord& record, size_t anchor, bool logits) {
  const std::unique_ptr<HeadDecoder> decoder = MakeHeadDecoder(record);
  const auto run = [&] {
    Engine engine(FixedOutputs(outputs), EngineOptions{.precision = Precision::kF32});
    const std::vector<float> picture(3 * 64 * 64, 0.0f);
    return engine.Run({{"input", {picture.data(), {1, 3, 64, 64}}}});
  };
  const auto score = [&] {
    Detection described;
    decoder->Describe(run(), {64, 64}, anchor, described);
    return described.class_scores.back();
  };
  const auto last = static_cast<int>(record.classes.size()) - 1 - (record.classes[0] == "background");
  const Score terms = decoder->ScoreTerms(run(), {64, 64}, anchor, last);
  ASSERT_FALSE(terms.empty());
  for (auto& [name, tensor] : outputs) {
    for (size_t i = 0; i < tensor.floats.size(); ++i) {
      float expected = 0;
      for (const ScoreTerm& term : terms) {
        if (term.output == name && term.index == static_cast<int64_t>(i)) expected += term.weight;
      }
      const float value = tensor.floats[i], squashed = 1 / (1 + std::exp(-value));
      if (logits) expected *= squashed * (1 - squashed);
      constexpr float kStep = 1e-2f;
      tensor.floats[i] = value + kStep;
      const float above = score();
      tensor.floats[i] = value - kStep;
      const float below = score();
      tensor.floats[i] = value;
      EXPECT_NEAR((above - below) / (2 * kStep), expected, 2e-3) << record.decoding.kind << " " << name << " " << i;
    }
  }
}

TEST(Decoders, ScoreTermsAreDerivatives) {
  const Tensor table = Tensor::Floats({1, 2, 7}, {32, 20, 10, 8, 0.9f, 0.1f, 0.8f, 12, 12, 8, 8, 0.4f, 0.7f, 0.3f});
  ExpectScoreTerms({{"boxes", table}}, Record("yolov5", {"correct", "none"}), 1, false);
  const Tensor upright = Tensor::Floats({1, 6, 2}, {32, 10, 20, 10, 10, 4, 8, 4, 0.1f, 0.2f, 0.7f, 0.3f});
  ExpectScoreTerms({{"boxes", upright}}, Record("yolov8", {"correct", "none"}), 1, false);
  ModelRecord raw = Record("yolov5_raw", {"face"});
  raw.decoding.strides = {64};
  raw.decoding.anchors = {{10, 20, 8, 8}};
  ExpectScoreTerms({{"boxes", Tensor::Floats({1, 2, 6}, {0, 0, 0, 0, 1, -1, 0, 0, 0, 0, 2, 0.5f})}}, raw, 1, true);
  ModelRecord yunet = Record("yunet", {"face"});
  yunet.decoding.strides = {64};
  yunet.decoding.boxes_outputs = {"b"};
  yunet.decoding.scores_outputs = {"s"};
  yunet.decoding.objectness_outputs = {"o"};
  ExpectScoreTerms({{"b", Tensor::Filled({1, 1, 4}, 0)},
                    {"s", Tensor::Floats({1, 1, 1}, {0.8f})},
                    {"o", Tensor::Floats({1, 1, 1}, {0.3f})}},
                   yunet, 0, false);
  ModelRecord priors = Record("retinaface", {"background", "correct", "none"});
  priors.decoding.strides = {32};
  priors.decoding.min_sizes = {{16}};
  priors.decoding.scores_output = "scores";
  ExpectScoreTerms({{"boxes", Tensor::Filled({1, 4, 4}, 0)}, {"scores", Tensor::Filled({1, 4, 3}, 0.3f)}}, priors, 2,
                   false);
}

TEST(Decoders, NumbersThatAreNoneAreNoFaces) {
  const float nan = std::nanf("");
  const Tensor table = Tensor::Floats({1, 3, 6}, {nan, 20, 10, 8, 1, 1, 32, 20, 10, 8, nan, 1, 32, 20, -1, 8, 1, 1});
  EXPECT_TRUE(Detect({{"boxes", table}}, Record("yolov5", {"face"})).empty());
}

}  // namespace
}  // namespace maskscope
