#include "zoo/import.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/test_folder.h"
#include "graph/graph_testing.h"
#include "graph/onnx_io.h"
#include "weights/test_safetensors.h"
#include "zoo/detectors.h"
#include "zoo/registry.h"
#include "zoo/weights.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

using testing::ExpectError;
using testing::SharedFolder;
using Tensors = std::map<std::string, Tensor>;

// What a checkpoint of this network holds, `prefix` before every name.
Tensors WeightsOf(const Graph& graph, const std::string& prefix = "") {
  Tensors weights;
  for (const auto& [name, tensor] : graph.initializers) {
    const bool constant = tensor.shape.empty() || name == "twice";
    if (tensor.is_float() && !constant) weights.emplace(prefix + name, tensor);
  }
  return weights;
}

class Import : public ::testing::Test {
 protected:
  ImportedModel From(const Tensors& weights, const ModelImportOptions& options) {
    return ImportModel(test::WriteSafetensors(weights, folder_ / "w.safetensors"), options);
  }
  ImportedModel FromGraph(const Graph& graph, const ModelImportOptions& options) {
    WriteOnnx(graph, folder_ / "g.onnx");
    return ImportModel(folder_ / "g.onnx", options);
  }
  TestFolder folder_;
};

bool Says(const std::vector<std::string>& notes, const std::string& part) {
  return std::ranges::any_of(notes, [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

// ---- classifiers

TEST_F(Import, ClassifiersSayHowManyClassesTheyHave) {
  const Graph trained = BuildArchitecture("mobilenet_v3_small", {.classes = 3, .seed = 4});
  Tensors weights = WeightsOf(trained, "model.");
  weights["model.features.0.1.num_batches_tracked"] = Tensor::Filled({1}, 7);
  const ImportedModel model = From(weights, {.architecture = "mobilenet_v3_small", .classes = {"a", "b", "c"}});
  EXPECT_EQ(WeightsOf(model.graph), WeightsOf(trained));
  ASSERT_TRUE(model.record);
  EXPECT_EQ(model.record->task, ModelTask::kMaskClassifier);
  EXPECT_EQ(model.record->classes, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(model.record->input.width, 224);
  EXPECT_FLOAT_EQ(model.record->input.mean[0], 0.485f * 255);
  EXPECT_EQ(model.record->provenance.at("imported_from"), "w.safetensors");
  EXPECT_TRUE(ReadModelRecord(model.graph, "m"));
  EXPECT_EQ(From(weights, {.architecture = "mobilenet_v3_small"}).record->classes[2], "class 2");
  ExpectError(ErrorKind::kUsage, {"classes", "found 2", "3 outputs"}, [&] {
    From(weights, {.architecture = "mobilenet_v3_small", .classes = {"a", "b"}});
  });
}

TEST_F(Import, ANewHeadIsDrawnForTheClassesAskedFor) {
  const Graph trained = BuildArchitecture("resnet18", {.classes = 5, .seed = 4});
  const ImportedModel model =
      From(WeightsOf(trained), {.architecture = "resnet18", .classes = {"correct", "none"}, .new_head = true});
  EXPECT_EQ(model.graph.initializers.at("fc.weight").shape, (Shape{2, 512}));
  EXPECT_NE(model.graph.initializers.at("fc.weight"), Tensor::Filled({2, 512}, 0));
  EXPECT_EQ(model.graph.initializers.at("layer4.1.conv2.weight"), trained.initializers.at("layer4.1.conv2.weight"));
  EXPECT_TRUE(Says(model.notes, "'fc' is new and untrained"));
}

TEST_F(Import, EverythingThatDoesNotFitIsListed) {
  Tensors weights = WeightsOf(BuildArchitecture("resnet18", {.draw_weights = false}));
  weights.erase("layer1.0.bn1.weight");
  weights["stray"] = Tensor::Filled({2}, 0);
  weights["conv1.weight"] = Tensor::Filled({64, 3, 3, 3}, 0);
  ExpectError(ErrorKind::kBadModel,
              {"w.safetensors", "resnet18", "missing tensor 'layer1.0.bn1.weight'", "extra tensor 'stray'",
               "'conv1.weight'", "[64, 3, 3, 3]"},
              [&] { From(weights, {.architecture = "resnet18"}); });
}

// ---- detectors

TEST_F(Import, RetinaFaceTakesItsShapeFromTheWeights) {
  const Graph trained = BuildRetinaFace({.width = 0.5f, .neck_channels = 32, .landmarks = false, .seed = 3});
  const ImportedModel model = From(WeightsOf(trained), {.architecture = "retinaface"});
  EXPECT_EQ(WeightsOf(model.graph), WeightsOf(trained));
  EXPECT_EQ(model.record->decoding.landmarks_output, "");
  const Graph resnet =
      BuildRetinaFace({.body = RetinaFaceBody::kResNet50, .neck_channels = 256, .draw_weights = false});
  EXPECT_EQ(From(WeightsOf(resnet), {.architecture = "retinaface_resnet50"}).record->decoding.landmarks_output,
            "landmarks");
  ExpectError(ErrorKind::kUsage, {"classes"},
              [&] { From(WeightsOf(trained), {.architecture = "retinaface", .classes = {"face"}}); });
}

TEST_F(Import, RetinaFacesActivationIsSaid) {
  const Tensors weights = WeightsOf(BuildRetinaFace({}));
  const auto leaky = [&](const std::string& activation) {
    const ImportedModel model = From(weights, {.architecture = "retinaface", .activation = activation});
    EXPECT_EQ(Says(model.notes, "--activation relu"), activation.empty());
    return std::ranges::count(model.graph.nodes, "LeakyRelu", &Node::op) > 0;
  };
  EXPECT_TRUE(leaky(""));
  EXPECT_TRUE(leaky("leaky_relu"));
  EXPECT_FALSE(leaky("relu"));
  ExpectError(ErrorKind::kUsage, {"activation", "'elu'"}, [&] { leaky("elu"); });
}

TEST_F(Import, YoloV5TakesAnchorsAndClassesFromTheFile) {
  const Graph trained = BuildYoloV5({.classes = 2, .seed = 3});
  Tensors weights = WeightsOf(trained);
  weights["model.24.anchors"] = Tensor::Filled({3, 3, 2}, 2);
  ModelImportOptions options{.architecture = "yolov5n"};
  const ImportedModel plain = From(weights, options);
  EXPECT_EQ(WeightsOf(plain.graph), WeightsOf(trained));
  EXPECT_EQ(plain.record->decoding.anchors[1][0], 32);
  EXPECT_EQ(plain.record->task, ModelTask::kFaceDetector);
  options.classes = {"correct", "none"};
  EXPECT_EQ(From(weights, options).record->task, ModelTask::kMaskDetector);
  options.architecture = "yolov5s";
  ExpectError(ErrorKind::kBadModel, {"yolov5s", "model.0.conv.weight"}, [&] { From(weights, options); });
  ExpectError(ErrorKind::kUnsupported, {"release 5"}, [&] {
    From({{"model.0.conv.conv.weight", Tensor::Filled({1}, 0)}}, {.architecture = "yolov5s"});
  });
}

TEST_F(Import, MtcnnComesInThreeFilesOrInOne) {
  Tensors all;
  for (const auto& [prefix, network] :
       {std::pair("pnet.", MtcnnNetwork::kProposal), std::pair("rnet.", MtcnnNetwork::kRefinement),
        std::pair("onet.", MtcnnNetwork::kOutput)}) {
    for (const auto& [name, tensor] : WeightsOf(BuildMtcnn({.network = network}), prefix)) all.emplace(name, tensor);
  }
  const ImportedModel first = From(all, {.architecture = "mtcnn_pnet"});
  EXPECT_EQ(first.record->decoding.kind, "mtcnn");
  const ImportedModel second = From(all, {.architecture = "mtcnn_rnet"});
  EXPECT_FALSE(second.record);
  EXPECT_EQ(second.graph.initializers.at("dense4.weight"), all.at("rnet.dense4.weight"));
  EXPECT_TRUE(Says(second.notes, "rnet.onnx"));
}

TEST_F(Import, GivenWeightsOfEveryDetectorFit) {
  const auto weights = SharedFolder() / "weights";
  if (!std::filesystem::exists(weights)) GTEST_SKIP() << "weights are absent: set MASKSCOPE_SHARED";
  const auto kind = [&](const std::string& file, const std::string& architecture) {
    const ImportedModel model = ImportModel(weights / file, {.architecture = architecture});
    return model.record ? model.record->decoding.kind : "";
  };
  EXPECT_EQ(kind("res10_ssd/res10_ssd.safetensors", "res10_ssd"), "ssd");
  EXPECT_EQ(kind("yolov5n_coco/yolov5n_coco.safetensors", "yolov5n"), "yolov5_raw");
  EXPECT_EQ(kind("rivals/aizoo/aizoo_facemask_260.onnx", "aizoo_ssd"), "ssd_aizoo");
  EXPECT_EQ(kind("mtcnn/pnet.safetensors", "mtcnn_pnet"), "mtcnn");
  EXPECT_EQ(kind("mtcnn/onet.safetensors", "mtcnn_onet"), "");
  EXPECT_EQ(ImportModel(weights / "mobilenet_v1_0.5/mobilenet_v1_0.5.safetensors",
                        {.architecture = "mobilenet_v1", .width = 0.5f, .input_size = 160})
                .record->classes.size(),
            1001u);
  const ImportedModel yunet = ImportModel(weights / "yunet/face_detection_yunet_2026may.onnx", {.decoding = "yunet"});
  EXPECT_EQ(yunet.record->decoding.scores_outputs.size(), 3u);
}

// ---- graphs as they are

// Outputs of fixed shapes, whatever the input.
Graph GraphWithOutputs(const std::vector<std::pair<std::string, Shape>>& outputs) {
  Graph graph = testing::SmallGraph({1, 3, 640, 640}, {});
  graph.outputs.clear();
  graph.nodes.push_back(testing::MakeNode("GlobalAveragePool", {"x"}, {"mean"}));
  graph.initializers["w"] = Tensor::Filled({1, 3, 1, 1}, 0);
  graph.nodes.push_back(testing::MakeNode("Conv", {"mean", "w"}, {"zero"}));
  graph.initializers["one"] = testing::Ints({1});
  graph.nodes.push_back(testing::MakeNode("Reshape", {"zero", "one"}, {"flat"}));
  for (const auto& [name, shape] : outputs) {
    graph.initializers[name + ".shape"] = testing::Ints(shape);
    graph.nodes.push_back(testing::MakeNode("Expand", {"flat", name + ".shape"}, {name}));
    graph.outputs.push_back(testing::Value(name, {}));
  }
  return graph;
}

TEST_F(Import, YoloExportsNameTheirClasses) {
  Graph graph = GraphWithOutputs({{"output0", {1, 6, 8400}}});
  graph.metadata["names"] = "{0: 'mask', 1: \"it's none\"}";
  const ImportedModel model = FromGraph(graph, {.decoding = "yolov8"});
  EXPECT_EQ(model.record->classes, (std::vector<std::string>{"mask", "it's none"}));
  EXPECT_EQ(model.record->input.resize, ResizeRule::kLetterbox);
  EXPECT_EQ(model.record->input.width, 640);
  EXPECT_EQ(model.record->decoding.boxes_output, "output0");
  const Graph faces = GraphWithOutputs({{"output0", {1, 20, 8400}}});
  EXPECT_EQ(FromGraph(faces, {.decoding = "yolov8", .classes = {"face"}}).record->classes.size(), 1u);
  const Graph old = GraphWithOutputs({{"out", {1, 25200, 8}}});
  EXPECT_EQ(FromGraph(old, {.decoding = "yolov5"}).record->classes.size(), 3u);
  ExpectError(ErrorKind::kBadModel, {"scrfd", "output0 [1, 6, 8400]"},
              [&] { FromGraph(graph, {.decoding = "scrfd"}); });
  ExpectError(ErrorKind::kUsage, {"yolov8"}, [&] { FromGraph(graph, {.decoding = "yolo8"}); });
}

TEST_F(Import, ScrfdIsToldByTheOrderOfItsOutputs) {
  std::vector<std::pair<std::string, Shape>> outputs;
  int number = 440;
  for (const int64_t width : {1, 4, 10}) {
    for (const int64_t anchors : {12800, 3200, 800}) outputs.push_back({std::to_string(number++), {anchors, width}});
  }
  const ImportedModel model = FromGraph(GraphWithOutputs(outputs), {.decoding = "scrfd"});
  EXPECT_EQ(model.record->decoding.anchors_per_cell, 2);
  EXPECT_EQ(model.record->decoding.strides, (std::vector<int>{8, 16, 32}));
  EXPECT_EQ(model.record->decoding.boxes_outputs, (std::vector<std::string>{"443", "444", "445"}));
}

TEST_F(Import, AGraphAsItIsNeedsARecord) {
  const Graph graph = GraphWithOutputs({{"loc", {1, 10, 4}}, {"conf", {1, 10, 2}}, {"points", {1, 10, 10}}});
  EXPECT_EQ(FromGraph(graph, {.decoding = "retinaface"}).record->decoding.landmarks_output, "points");
  ExpectError(ErrorKind::kUsage, {"g.onnx", "record"}, [&] { FromGraph(graph, {}); });
  ModelImportOptions options;
  options.record_patch = nlohmann::json::parse(R"({"task": "mask_detector", "classes": ["correct", "none"],
      "input": {"resize": "stretch", "width": 260, "height": 260, "channels": "RGB"}, "licence": "MIT",
      "decoding": {"kind": "ssd_aizoo", "boxes_output": "loc", "scores_output": "conf"}})");
  const ImportedModel model = FromGraph(graph, options);
  EXPECT_EQ(model.record->decoding.kind, "ssd_aizoo");
  EXPECT_EQ(model.record->licence, "MIT");
  options.record_patch["input"]["width"] = "wide";
  ExpectError(ErrorKind::kBadModel, {"input.width"}, [&] { FromGraph(graph, options); });
}

TEST_F(Import, RefusesOptionsThatDoNotGoTogether) {
  const Graph graph = GraphWithOutputs({{"y", {1, 6, 10}}});
  ExpectError(ErrorKind::kUsage, {"new_head", "width", "input_size"},
              [&] { FromGraph(graph, {.decoding = "yolov8", .new_head = true, .width = 0.5f, .input_size = 96}); });
  ExpectError(ErrorKind::kUsage, {"decoding"},
              [&] { FromGraph(graph, {.architecture = "resnet18", .decoding = "yolov8"}); });
  ExpectError(ErrorKind::kUsage, {"classes are missing"},
              [&] { FromGraph(graph, {.architecture = "resnet18", .new_head = true}); });
  ExpectError(ErrorKind::kUsage, {"resnet18"}, [&] { FromGraph(graph, {.architecture = "resnet19"}); });
}

}  // namespace
}  // namespace maskscope
