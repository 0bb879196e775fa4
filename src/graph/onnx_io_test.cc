#include "graph/onnx_io.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "graph/graph_testing.h"
#include "graph/passes.h"
#include "graph/shape_inference.h"

namespace maskscope {
namespace {

using testing::ExpectError;
using testing::Ints;
using testing::MakeNode;
using testing::SharedFolder;
using testing::SmallGraph;
using testing::Value;

// One of every kind of thing a file can hold.
Graph Everything() {
  Graph graph = SmallGraph({-1, 3, 8, 8}, {});
  graph.inputs.push_back(Value("scalar", {}));
  graph.inputs.push_back({"free", DataType::kInt64, {Dim::Symbol(""), Dim::Fixed(2)}});
  graph.outputs = {Value("y", {-1, 4, 4, 4}), Value("k", {}, DataType::kInt64)};
  graph.nodes = {
      MakeNode("Conv", {"x", "w", "b"}, {"c"},
               {{"strides", std::vector<int64_t>{2, 2}}, {"pads", std::vector<int64_t>{0, 0, 1, 1}}}),
      MakeNode("BatchNormalization", {"c", "b", "b", "b", "b"}, {"n"}, {{"epsilon", 1e-3f}, {"momentum", 0.9f}}),
      MakeNode("Clip", {"n", "", "six"}, {"y"}),
      MakeNode("Resize", {"y", "", "s"}, {"r"}, {{"mode", std::string("nearest")}}),
      MakeNode("ConstantOfShape", {"i64"}, {"k"}, {{"value", Ints({3})}}),
      MakeNode("Dropout", {"r"}, {"d", "mask"}),
  };
  graph.initializers = {{"w", Tensor::Filled({4, 3, 3, 3}, 0.25f)},
                        {"b", Tensor::Floats({4}, {1, 2, 3, -0.0f})},
                        {"six", Tensor::Floats({}, {6})},
                        {"s", Tensor::Floats({4}, {1, 1, 2, 2})},
                        {"none", Tensor::Floats({0}, {})},
                        {"i64", Ints({1, int64_t{1} << 40})},
                        {"i32", {DataType::kInt32, {2}, {}, {-1, 7}}},
                        {"u8", {DataType::kUint8, {2}, {}, {0, 255}}},
                        {"flag", {DataType::kBool, {3}, {}, {0, 1, 1}}}};
  graph.metadata = {{"maskscope.model", "{}"}, {"a", "b"}};
  return graph;
}

void ExpectEqual(const Graph& a, const Graph& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(a.initializers, b.initializers);
  const auto same_values = [](const std::vector<ValueInfo>& u, const std::vector<ValueInfo>& v) {
    ASSERT_EQ(u.size(), v.size());
    for (size_t i = 0; i < u.size(); ++i) {
      EXPECT_EQ(u[i].name, v[i].name);
      EXPECT_EQ(u[i].type, v[i].type) << u[i].name;
      EXPECT_EQ(u[i].shape, v[i].shape) << u[i].name;
    }
  };
  same_values(a.inputs, b.inputs);
  same_values(a.outputs, b.outputs);
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    EXPECT_EQ(a.nodes[i].name, b.nodes[i].name);
    EXPECT_EQ(a.nodes[i].op, b.nodes[i].op);
    EXPECT_EQ(a.nodes[i].inputs, b.nodes[i].inputs) << a.nodes[i].name;
    EXPECT_EQ(a.nodes[i].outputs, b.nodes[i].outputs) << a.nodes[i].name;
    EXPECT_EQ(a.nodes[i].attributes, b.nodes[i].attributes) << a.nodes[i].name;
  }
}

TEST(Onnx, WhatIsWrittenIsRead) { ExpectEqual(ParseOnnx(SerializeOnnx(Everything()), "again"), Everything()); }

TEST(Onnx, TheSameGraphGivesTheSameBytes) {
  const std::string bytes = SerializeOnnx(Everything());
  EXPECT_EQ(SerializeOnnx(Everything()), bytes);
  EXPECT_EQ(SerializeOnnx(ParseOnnx(bytes, "again")), bytes);
}

TEST(Onnx, WritesTheStatedVersions) {
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(SerializeOnnx(Everything())));
  EXPECT_EQ(model.ir_version(), 8);
  ASSERT_EQ(model.opset_import_size(), 1);
  EXPECT_EQ(model.opset_import(0).domain(), "");
  EXPECT_EQ(model.opset_import(0).version(), kCanonicalOpset);
}

TEST(Onnx, FilesAndTheirErrors) {
  const auto folder = std::filesystem::temp_directory_path() / ("maskscope_onnx_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto path = folder / "model.onnx";
  WriteOnnx(Everything(), path);
  ExpectEqual(ReadOnnx(path), Everything());
  ExpectError(ErrorKind::kNotFound, {"absent.onnx"}, [&] { ReadOnnx(folder / "absent.onnx"); });
  ExpectError(ErrorKind::kTooLarge, {"model.onnx"}, [&] { ReadOnnx(path, {.max_file_bytes = 10}); });
  ExpectError(ErrorKind::kUsage, {"max_nodes"}, [&] { ReadOnnx(path, {.max_nodes = 0}); });
  ExpectError(ErrorKind::kOutput, {"model.onnx"}, [&] { WriteOnnx(Everything(), folder / "absent" / "model.onnx"); });
  std::ofstream(folder / "empty.onnx").close();
  ExpectError(ErrorKind::kBadModel, {"empty.onnx", "empty"}, [&] { ReadOnnx(folder / "empty.onnx"); });
  std::filesystem::remove_all(folder);
}

// A model of one Add of "x" and the given tensor, made by hand.
onnx::ModelProto ModelWith(const onnx::TensorProto& tensor) {
  onnx::ModelProto model;
  model.set_ir_version(3);
  model.add_opset_import()->set_version(9);
  onnx::GraphProto& graph = *model.mutable_graph();
  *graph.add_initializer() = tensor;
  for (const char* name : {"x", "w"}) {  // IR version 3 lists initializers as inputs too
    onnx::ValueInfoProto& input = *graph.add_input();
    input.set_name(name);
    input.mutable_type()->mutable_tensor_type()->set_elem_type(1);
    input.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(2);
  }
  graph.add_output()->set_name("y");
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type("Add");
  node.add_input("x");
  node.add_input("w");
  node.add_output("y");
  return model;
}

Tensor ReadBack(onnx::TensorProto tensor, const std::vector<int64_t>& dims = {2}) {
  tensor.set_name("w");
  for (const int64_t side : dims) tensor.add_dims(side);
  return ParseOnnx(ModelWith(tensor).SerializeAsString(), "m").initializers.at("w");
}

template <typename T>
onnx::TensorProto Raw(int type, std::initializer_list<T> values) {
  onnx::TensorProto tensor;
  tensor.set_data_type(type);
  tensor.set_raw_data(values.begin(), values.size() * sizeof(T));
  return tensor;
}

TEST(OnnxTensor, EveryTypeFromBytes) {
  EXPECT_EQ(ReadBack(Raw<float>(onnx::TensorProto::FLOAT, {1.5f, -2})), Tensor::Floats({2}, {1.5f, -2}));
  EXPECT_EQ(ReadBack(Raw<double>(onnx::TensorProto::DOUBLE, {1.5, -2})), Tensor::Floats({2}, {1.5f, -2}));
  EXPECT_EQ(ReadBack(Raw<int64_t>(onnx::TensorProto::INT64, {1, -2})), Ints({1, -2}));
  EXPECT_EQ(ReadBack(Raw<int32_t>(onnx::TensorProto::INT32, {1, -2})).ints, (std::vector<int64_t>{1, -2}));
  EXPECT_EQ(ReadBack(Raw<uint8_t>(onnx::TensorProto::UINT8, {1, 254})).ints, (std::vector<int64_t>{1, 254}));
  EXPECT_EQ(ReadBack(Raw<uint8_t>(onnx::TensorProto::BOOL, {0, 7})).ints, (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(ReadBack(Raw<uint16_t>(onnx::TensorProto::BFLOAT16, {0x3fc0, 0xc000})), Tensor::Floats({2}, {1.5f, -2}));
}

TEST(OnnxTensor, Halves) {
  const Tensor tensor = ReadBack(
      Raw<uint16_t>(onnx::TensorProto::FLOAT16, {0x3e00, 0xc000, 0x0001, 0x8000, 0x7bff, 0x7c00, 0x03ff, 0x0400}), {8});
  const std::vector<float> wanted{1.5f, -2, 0x1.0p-24f, -0.0f, 65504, HUGE_VALF, 1023 * 0x1.0p-24f, 0x1.0p-14f};
  EXPECT_EQ(tensor.floats, wanted);
  EXPECT_TRUE(std::signbit(tensor.floats[3]));
  EXPECT_TRUE(std::isnan(ReadBack(Raw<uint16_t>(onnx::TensorProto::FLOAT16, {0x7e00, 0})).floats[0]));
}

TEST(OnnxTensor, EveryTypeFromTypedFields) {
  onnx::TensorProto tensor;
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_float_data(1.5f);
  tensor.add_float_data(2);
  EXPECT_EQ(ReadBack(tensor), Tensor::Floats({2}, {1.5f, 2}));
  tensor.Clear();
  tensor.set_data_type(onnx::TensorProto::FLOAT16);
  tensor.add_int32_data(0x3e00);
  tensor.add_int32_data(0xc000);
  EXPECT_EQ(ReadBack(tensor), Tensor::Floats({2}, {1.5f, -2}));
  tensor.Clear();
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_int64_data(5);
  tensor.add_int64_data(-5);
  EXPECT_EQ(ReadBack(tensor), Ints({5, -5}));
  tensor.Clear();
  tensor.set_data_type(onnx::TensorProto::INT32);
  tensor.add_int32_data(5);
  tensor.add_int32_data(-5);
  EXPECT_EQ(ReadBack(tensor).ints, (std::vector<int64_t>{5, -5}));
  tensor.Clear();
  tensor.set_data_type(onnx::TensorProto::DOUBLE);
  tensor.add_double_data(5);
  tensor.add_double_data(0.5);
  EXPECT_EQ(ReadBack(tensor), Tensor::Floats({2}, {5, 0.5f}));
}

TEST(Onnx, InitializersListedAsInputsAreNoInputs) {
  onnx::TensorProto tensor = Raw<float>(1, {1, 2});
  tensor.set_name("w");
  tensor.add_dims(2);
  const Graph graph = ParseOnnx(ModelWith(tensor).SerializeAsString(), "m");
  ASSERT_EQ(graph.inputs.size(), 1u);
  EXPECT_EQ(graph.inputs[0].name, "x");
  EXPECT_EQ(graph.nodes[0].name, "Add_0");  // nameless nodes get a name
}

TEST(Onnx, NodesOfOneNameGetNamesOfTheirOwn) {
  onnx::TensorProto tensor = Raw<float>(1, {1, 2});
  tensor.set_name("w");
  tensor.add_dims(2);
  onnx::ModelProto model = ModelWith(tensor);
  model.mutable_graph()->mutable_node(0)->set_name("n");
  onnx::NodeProto& second = *model.mutable_graph()->add_node();
  second = model.graph().node(0);
  second.set_output(0, "z");
  const Graph graph = ParseOnnx(model.SerializeAsString(), "m");
  EXPECT_EQ(graph.nodes[0].name, "n");
  EXPECT_NE(graph.nodes[1].name, "n");
}

// ---- Models made by others

struct SharedModel {
  const char* file;
  std::vector<std::pair<int64_t, int64_t>> sizes;  // height, width
  std::map<std::string, Shape> outputs;            // for batch 1 at the first size
};

std::vector<SharedModel> SharedModels() {
  return {
      {"golden/onnx/mobilenet_v2_trunk_block7.onnx", {{224, 224}}, {{"features", {1, 64, 14, 14}}}},
      {"golden/onnx/pnet.onnx", {{47, 61}, {12, 12}, {100, 333}}, {{"box", {1, 4, 19, 26}}, {"prob", {1, 2, 19, 26}}}},
      {"golden/onnx/rnet_tiny.onnx", {{24, 24}}, {{"box", {1, 4}}, {"prob", {1, 2}}}},
      {"golden/onnx/retinaface_mnet025_dynamic.onnx",
       {{160, 192}, {131, 97}, {640, 480}, {64, 1024}},
       {{"box", {1, 1260, 4}}, {"cls", {1, 1260, 2}}, {"landmarks", {1, 1260, 10}}}},
      {"weights/rivals/aizoo/aizoo_facemask_260.onnx", {{260, 260}}, {{"loc", {1, 5972, 4}}, {"cls", {1, 5972, 2}}}},
      {"weights/yunet/face_detection_yunet_2026may.onnx",
       {{160, 192}, {320, 320}},
       {{"cls_8", {1, 480, 1}}, {"kps_32", {1, 30, 10}}}},
  };
}

InputShapes ShapesFor(const Graph& graph, std::pair<int64_t, int64_t> size) {
  return {{graph.inputs.at(0).name, {1, 3, size.first, size.second}}};
}

TEST(Onnx, ModelsMadeByOthersLoadAndHaveTheirShapes) {
  if (!std::filesystem::exists(SharedFolder() / "golden")) GTEST_SKIP() << "no shared material in " << SharedFolder();
  for (const SharedModel& model : SharedModels()) {
    SCOPED_TRACE(model.file);
    const Graph graph = ReadOnnx(SharedFolder() / model.file);
    ASSERT_EQ(graph.inputs.size(), 1u);
    for (size_t i = 0; i < model.sizes.size(); ++i) {
      const InputShapes inputs = ShapesFor(graph, model.sizes[i]);
      const InferredShapes inferred = InferShapes(graph, inputs);
      const Graph special = Specialize(graph, inputs);
      const InferredShapes again = InferShapes(special, inputs);
      for (const ValueInfo& output : graph.outputs) {
        EXPECT_EQ(inferred.shapes.at(output.name), again.shapes.at(output.name)) << output.name;
      }
      for (const Node& node : special.nodes) {
        EXPECT_TRUE(node.op != "Shape" && node.op != "Gather" && node.op != "Cast" && node.op != "ConstantOfShape")
            << node.name;
      }
      if (i > 0) continue;
      for (const auto& [name, shape] : model.outputs) EXPECT_EQ(inferred.shapes.at(name), shape) << name;
    }
  }
}

TEST(Onnx, ModelsMadeByOthersSurviveWriting) {
  if (!std::filesystem::exists(SharedFolder() / "golden")) GTEST_SKIP() << "no shared material in " << SharedFolder();
  for (const SharedModel& model : SharedModels()) {
    SCOPED_TRACE(model.file);
    const Graph graph = ReadOnnx(SharedFolder() / model.file);
    const std::string bytes = SerializeOnnx(graph);
    const Graph again = ParseOnnx(bytes, "again");
    ExpectEqual(again, graph);
    EXPECT_EQ(SerializeOnnx(again), bytes);
  }
}

TEST(Onnx, BatchNormalizationsSurviveUntilTheyAreFolded) {
  const auto path = SharedFolder() / "golden/onnx/retinaface_mnet025_dynamic.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no shared material in " << SharedFolder();
  Graph graph = ReadOnnx(path);
  const auto count = [&graph](const std::string& op) {
    return std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.op == op; });
  };
  EXPECT_EQ(count("BatchNormalization"), 47);
  const auto convs = count("Conv");
  FoldBatchNorm(graph);
  EXPECT_EQ(count("BatchNormalization"), 0);
  EXPECT_EQ(count("Conv"), convs);
  UnfoldBatchNorm(graph);
  EXPECT_EQ(count("BatchNormalization"), convs);  // every one has a bias now
}

}  // namespace
}  // namespace maskscope
