#include "graph/model_record.h"

#include <gtest/gtest.h>

#include <cmath>

#include "graph/graph_testing.h"

namespace maskscope {
namespace {

using nlohmann::json;
using testing::ExpectError;

ModelRecord Classifier() {
  ModelRecord record;
  record.task = ModelTask::kMaskClassifier;
  record.name = "mask-classifier";
  record.architecture = "mobilenet_v2";
  record.classes = {"correct", "incorrect", "none"};
  record.input.width = record.input.height = 128;
  record.input.sides = {64, 96, 128};
  record.input.mean = {127.5f, 127.5f, 127.5f};
  record.input.std = {127.5f, 127.5f, 127.5f};
  record.crop = {0.25f, false};
  record.thresholds = {0.3f, 0.45f, 0.6f, 12, 20};
  record.temperature = 1.37f;
  record.provenance = {{"seed", 7}, {"recipe", "r"}};
  record.measured = {{"accuracy", 0.98}};
  record.licence = "Apache-2.0";
  return record;
}

ModelRecord Detector() {
  ModelRecord record;
  record.task = ModelTask::kFaceDetector;
  record.name = "face-detector";
  record.classes = {"background", "face"};
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = 640;
  record.input.size_multiple = 64;
  record.input.enlarge = false;
  record.input.channels = ChannelOrder::kBgr;
  record.input.mean = {104, 117, 123};
  record.input.pad_value = 114;
  record.decoding.kind = "retinaface";
  record.decoding.strides = {8, 16, 32};
  record.decoding.min_sizes = {{16, 32}, {64, 128}, {256, 512}};
  record.decoding.variances = {0.2f, 0.3f};
  record.decoding.boxes_output = "boxes";
  record.decoding.scores_output = "scores";
  record.decoding.landmarks_output = "landmarks";
  return record;
}

TEST(ModelRecord, ClassifierSurvivesJson) {
  Graph graph;
  StoreModelRecord(Classifier(), graph);
  const auto read = ReadModelRecord(graph, "m.onnx");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(ToJson(*read), ToJson(Classifier()));
  EXPECT_EQ(read->task, ModelTask::kMaskClassifier);
  EXPECT_EQ(read->classes, Classifier().classes);
  EXPECT_EQ(read->input.width, 128);
  EXPECT_EQ(read->input.sides, (std::vector<int>{64, 96, 128}));
  EXPECT_EQ(read->input.std[2], 127.5f);
  EXPECT_EQ(read->crop.margin, 0.25f);
  EXPECT_FALSE(read->crop.square);
  EXPECT_EQ(read->thresholds.min_sharpness, 20);
  EXPECT_EQ(read->temperature, 1.37f);
  EXPECT_EQ(read->provenance.at("seed"), 7);
  EXPECT_EQ(read->licence, "Apache-2.0");
}

TEST(ModelRecord, DetectorSurvivesJson) {
  Graph graph;
  StoreModelRecord(Detector(), graph);
  const auto read = ReadModelRecord(graph, "m.onnx");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(ToJson(*read), ToJson(Detector()));
  EXPECT_EQ(read->input.resize, ResizeRule::kFitLongest);
  EXPECT_EQ(read->input.longest_side, 640);
  EXPECT_EQ(read->input.size_multiple, 64);
  EXPECT_FALSE(read->input.enlarge);
  EXPECT_EQ(read->input.channels, ChannelOrder::kBgr);
  EXPECT_EQ(read->input.pad_value, 114);
  EXPECT_EQ(read->decoding.min_sizes[2][1], 512);
  EXPECT_EQ(read->decoding.variances[1], 0.3f);
  EXPECT_EQ(read->decoding.landmarks_output, "landmarks");
}

// A record of each family of heads, with everything it may say.
std::vector<Decoding> AllDecodings() {
  Decoding retinaface = Detector().decoding;
  Decoding aizoo{.kind = "ssd_aizoo", .boxes_output = "b", .scores_output = "s"};
  Decoding ssd{.kind = "ssd", .strides = {8, 16}, .min_sizes = {{30}, {60}}, .boxes_output = "b", .scores_output = "s"};
  ssd.map_sizes = {38, 19};
  ssd.max_sizes = {60, 111};
  ssd.aspect_ratios = {{2}, {}};
  Decoding yolov5{.kind = "yolov5", .boxes_output = "b", .nms = "per_class"};
  Decoding raw{.kind = "yolov5_raw", .strides = {8}, .boxes_output = "b", .anchors = {{10, 13, 16, 30}}};
  Decoding yolov8{.kind = "yolov8", .boxes_output = "b"};
  Decoding scrfd{.kind = "scrfd", .strides = {8, 16}, .boxes_outputs = {"b8", "b16"}, .scores_outputs = {"s8", "s16"}};
  scrfd.landmarks_outputs = {"k8", "k16"};
  scrfd.anchors_per_cell = 2;
  Decoding yunet{.kind = "yunet", .strides = {8}, .boxes_outputs = {"b"}, .scores_outputs = {"s"}};
  yunet.objectness_outputs = {"o"};
  Decoding mtcnn{.kind = "mtcnn", .min_sizes = {{20}}, .boxes_output = "b", .scores_output = "s"};
  mtcnn.landmarks_output = "l";
  mtcnn.cascade_scores = {0.5f, 0.6f};
  mtcnn.scale_factor = 0.8f;
  return {retinaface, aizoo, ssd, yolov5, raw, yolov8, scrfd, yunet, mtcnn};
}

TEST(ModelRecord, EveryDecodingSurvivesJson) {
  ASSERT_EQ(AllDecodings().size(), DecodingKinds().size());
  for (const Decoding& decoding : AllDecodings()) {
    SCOPED_TRACE(decoding.kind);
    ModelRecord record = Detector();
    record.decoding = decoding;
    EXPECT_NO_THROW(record.Validate());
    const ModelRecord read = ModelRecordFromJson(ToJson(record), "m.onnx");
    EXPECT_EQ(ToJson(read), ToJson(record));
    EXPECT_EQ(read.decoding.nms, decoding.nms);
    EXPECT_EQ(read.decoding.boxes_outputs, decoding.boxes_outputs);
    EXPECT_EQ(read.decoding.cascade_scores, decoding.cascade_scores);
    // Without what it needs.
    record.decoding = Decoding{.kind = decoding.kind};
    EXPECT_THROW(record.Validate(), Error);
  }
}

TEST(ModelRecord, FieldsOfOtherHeadsAreErrors) {
  ModelRecord record = Detector();
  record.decoding = AllDecodings()[3];
  json object = ToJson(record);
  object["decoding"]["anchors"] = {{1, 2}};
  ExpectError(ErrorKind::kBadModel, {"decoding.anchors: unknown field"},
              [&] { ModelRecordFromJson(object, "m.onnx"); });
  object["decoding"] = {{"kind", "yolov6"}, {"boxes_output", "b"}};
  ExpectError(ErrorKind::kBadModel, {"decoding.kind", "did you mean 'yolov5'?"},
              [&] { ModelRecordFromJson(object, "m.onnx"); });
}

TEST(ModelRecord, DecodingsThatDoNotPairAreErrors) {
  const auto refused = [](const std::string& field, const auto& spoil) {
    for (const Decoding& decoding : AllDecodings()) {
      ModelRecord record = Detector();
      record.decoding = decoding;
      if (!spoil(record.decoding)) continue;
      ExpectError(ErrorKind::kBadModel, {"decoding." + field}, [&] { record.Validate(); });
    }
  };
  refused("anchors", [](Decoding& d) { return d.kind == "yolov5_raw" && (d.anchors = {{1, 2, 3}}, true); });
  refused("anchors", [](Decoding& d) { return d.kind == "yolov5_raw" && (d.anchors.clear(), true); });
  refused("max_sizes", [](Decoding& d) { return d.kind == "ssd" && (d.max_sizes = {60}, true); });
  refused("map_sizes", [](Decoding& d) { return d.kind == "ssd" && (d.map_sizes = {38, 0}, true); });
  refused("aspect_ratios", [](Decoding& d) { return d.kind == "ssd" && (d.aspect_ratios = {{2}, {-1}}, true); });
  refused("scores_outputs", [](Decoding& d) { return d.kind == "scrfd" && (d.scores_outputs = {"a"}, true); });
  refused("boxes_outputs", [](Decoding& d) { return d.kind == "yunet" && (d.boxes_outputs = {""}, true); });
  refused("anchors_per_cell", [](Decoding& d) { return d.kind == "scrfd" && (d.anchors_per_cell = 0, true); });
  refused("min_sizes", [](Decoding& d) { return d.kind == "mtcnn" && (d.min_sizes = {{5}}, true); });
  refused("cascade_scores", [](Decoding& d) { return d.kind == "mtcnn" && (d.cascade_scores[1] = 2, true); });
  refused("scale_factor", [](Decoding& d) { return d.kind == "mtcnn" && (d.scale_factor = 1, true); });
  refused("nms", [](Decoding& d) { return d.nms = "soft", true; });
}

TEST(ModelRecord, IsOptional) { EXPECT_FALSE(ReadModelRecord(Graph{}, "m.onnx").has_value()); }

TEST(ModelRecord, NamesEveryBadFieldAtOnce) {
  ModelRecord record = Detector();
  record.input.longest_side = 0;
  record.input.std[1] = 0;
  record.input.pad_value = 300;
  record.classes = {"face", "face"};
  record.decoding.strides = {8, 0, 32};
  record.decoding.boxes_output = "";
  record.decoding.variances[0] = -1;
  record.thresholds.score = 1.5f;
  record.thresholds.nms_iou = std::nanf("");
  record.temperature = 0;
  ExpectError(ErrorKind::kBadModel,
              {"input.longest_side", "input.std", "input.pad_value", "classes", "decoding.strides",
               "decoding.boxes_output", "decoding.variances", "thresholds.score", "thresholds.nms_iou", "temperature"},
              [&] { record.Validate(); });
}

TEST(ModelRecord, WrongTypesAndWrongValuesAreReportedTogether) {
  json object = ToJson(Classifier());
  object["input"]["width"] = "wide";
  object["input"]["height"] = 128.5;
  object["input"]["mean"] = {1, 2};
  object["input"]["resize"] = "strech";
  object["crop"]["square"] = 1;
  object["thresholds"] = 3;
  object["temperature"] = -1;
  object["classes"] = {"correct", 3};
  object["provenance"] = "none";
  object["task"] = "mask_classifer";
  ExpectError(ErrorKind::kBadModel,
              {"m.onnx", "input.width: found \"wide\", wanted a whole number", "input.height: found 128.5",
               "input.mean", "input.resize", "'stretch'", "crop.square", "thresholds: found 3, wanted an object",
               "temperature: found -1", "classes", "provenance", "task", "did you mean 'mask_classifier'?"},
              [&] { ModelRecordFromJson(object, "m.onnx"); });
}

TEST(ModelRecord, InputSidesAscendToTheInputSize) {
  for (const std::vector<int>& bad : std::vector<std::vector<int>>{{64, 96}, {96, 64, 128}, {0, 128}, {64, 64, 128}}) {
    ModelRecord record = Classifier();
    record.input.sides = bad;
    ExpectError(ErrorKind::kBadModel, {"input.sides"}, [&] { record.Validate(); });
  }
  ModelRecord record = Classifier();
  record.input.resize = ResizeRule::kLetterbox;
  ExpectError(ErrorKind::kBadModel, {"input.sides"}, [&] { record.Validate(); });
}

TEST(ModelRecord, AFieldThatCannotBeReadIsReportedOnce) {
  json object = ToJson(Classifier());
  object["input"]["width"] = "wide";
  try {
    ModelRecordFromJson(object, "m.onnx");
    FAIL();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find("input.width"), message.rfind("input.width")) << message;
  }
}

TEST(ModelRecord, UnknownFieldsAreNamedWithTheNearestWord) {
  json object = ToJson(Classifier());
  object["temprature"] = 2;
  object["input"]["chanels"] = "RGB";
  object["thresholds"]["frobnicate"] = 2;
  ExpectError(ErrorKind::kBadModel,
              {"temprature: unknown field, did you mean 'temperature'?",
               "input.chanels: unknown field, did you mean 'channels'?", "thresholds.frobnicate: unknown field"},
              [&] { ModelRecordFromJson(object, "m.onnx"); });
}

TEST(ModelRecord, RequiredFieldsMayNotBeAbsent) {
  for (const char* field : {"task", "classes", "input"}) {
    json object = ToJson(Classifier());
    object.erase(field);
    ExpectError(ErrorKind::kBadModel, {field}, [&] { ModelRecordFromJson(object, "m.onnx"); });
  }
  json object = ToJson(Classifier());
  object.erase("temperature");
  EXPECT_EQ(ModelRecordFromJson(object, "m.onnx").temperature, 1);
}

TEST(ModelRecord, RefusesOtherSchemas) {
  json object = ToJson(Classifier());
  object["schema"] = "maskscope.model/2";
  ExpectError(ErrorKind::kUnsupported, {"maskscope.model/2"}, [&] { ModelRecordFromJson(object, "m.onnx"); });
  object["schema"] = "something";
  ExpectError(ErrorKind::kBadModel, {"something"}, [&] { ModelRecordFromJson(object, "m.onnx"); });
  object.erase("schema");
  ExpectError(ErrorKind::kBadModel, {"schema"}, [&] { ModelRecordFromJson(object, "m.onnx"); });
  ExpectError(ErrorKind::kBadModel, {"m.onnx"}, [&] { ModelRecordFromJson(json::array(), "m.onnx"); });
}

TEST(ModelRecord, RefusesBrokenAndBottomlessJson) {
  Graph graph;
  graph.metadata[kModelRecordKey] = "{\"schema\": ";
  ExpectError(ErrorKind::kBadModel, {"m.onnx", "not JSON"}, [&] { ReadModelRecord(graph, "m.onnx"); });
  graph.metadata[kModelRecordKey] = std::string(1'000'000, '[');
  ExpectError(ErrorKind::kBadModel, {"m.onnx"}, [&] { ReadModelRecord(graph, "m.onnx"); });
  graph.metadata[kModelRecordKey] = std::string(1000, '[') + std::string(1000, ']');
  ExpectError(ErrorKind::kBadModel, {"m.onnx", "deep"}, [&] { ReadModelRecord(graph, "m.onnx"); });
  graph.metadata[kModelRecordKey] = "\xff\xfe";
  ExpectError(ErrorKind::kBadModel, {"m.onnx"}, [&] { ReadModelRecord(graph, "m.onnx"); });
}

}  // namespace
}  // namespace maskscope
