#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <functional>
#include <limits>

#include "base/random.h"
#include "graph/graph_testing.h"
#include "graph/model_record.h"
#include "graph/onnx_io.h"
#include "graph/passes.h"
#include "graph/shape_inference.h"

// Files that are broken by accident or on purpose: each is a clear Error, never a crash or a huge allocation.
namespace maskscope {
namespace {

using testing::ExpectError;
using testing::Ints;
using testing::MakeNode;
using testing::SharedFolder;
using testing::SmallGraph;
using testing::Value;

// Conv -> BatchNormalization -> Clip -> Resize by computed sizes -> Reshape -> Softmax.
Graph GoodGraph() {
  Graph graph = SmallGraph({-1, 3, -1, -1}, {});
  graph.nodes = {
      MakeNode("Conv", {"x", "w", "b"}, {"c"},
               {{"strides", std::vector<int64_t>{2, 2}}, {"pads", std::vector<int64_t>{1, 1, 1, 1}}}),
      MakeNode("BatchNormalization", {"c", "b", "b", "b", "v"}, {"n"}),
      MakeNode("Clip", {"n", "zero", "six"}, {"a"}),
      MakeNode("Shape", {"x"}, {"shape"}),
      MakeNode("Gather", {"shape", "index"}, {"batch"}),
      MakeNode("Concat", {"batch", "rest"}, {"target"}, {{"axis", int64_t{0}}}),
      MakeNode("Resize", {"a", "", "scales"}, {"r"}, {{"mode", std::string("nearest")}}),
      MakeNode("Reshape", {"r", "target"}, {"f"}),
      MakeNode("Softmax", {"f"}, {"y"}, {{"axis", int64_t{-1}}}),
  };
  graph.initializers = {{"w", Tensor::Filled({4, 3, 3, 3}, 0.25f)},
                        {"b", Tensor::Filled({4}, 0.5f)},
                        {"v", Tensor::Filled({4}, 1)},
                        {"zero", Tensor::Floats({}, {0})},
                        {"six", Tensor::Floats({}, {6})},
                        {"scales", Tensor::Floats({4}, {1, 1, 2, 2})},
                        {"index", Ints({0})},
                        {"rest", Ints({-1, 4})}};
  return graph;
}

onnx::ModelProto GoodModel() {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(SerializeOnnx(GoodGraph())));
  return model;
}

// The good model with one thing changed must be refused with these words.
void ExpectRefused(ErrorKind kind, const std::vector<std::string>& parts,
                   const std::function<void(onnx::ModelProto&)>& change, const OnnxLimits& limits = {}) {
  onnx::ModelProto model = GoodModel();
  change(model);
  std::vector<std::string> all = parts;
  all.emplace_back("bad.onnx");
  ExpectError(kind, all, [&] { ParseOnnx(model.SerializeAsString(), "bad.onnx", limits); });
}

onnx::NodeProto& NodeOf(onnx::ModelProto& model, const std::string& op) {
  for (onnx::NodeProto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() == op) return node;
  }
  throw std::logic_error("no " + op);
}

onnx::TensorProto& TensorOf(onnx::ModelProto& model, const std::string& name) {
  for (onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
    if (tensor.name() == name) return tensor;
  }
  throw std::logic_error("no " + name);
}

TEST(HostileOnnx, TheGoodModelIsGood) {
  const Graph graph = ParseOnnx(GoodModel().SerializeAsString(), "good.onnx");
  EXPECT_EQ(InferShapes(graph, {{"x", {2, 3, 16, 16}}}).shapes.at("y"), (Shape{2, 256, 4}));
}

TEST(HostileOnnx, EveryTruncationIsAnError) {
  const std::string bytes = GoodModel().SerializeAsString();
  size_t accepted = 0;
  for (size_t length = 0; length < bytes.size(); ++length) {
    try {
      ParseOnnx({bytes.data(), length}, "cut.onnx");
      ++accepted;  // a cut between two fields of the outermost message can leave a whole model
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("cut.onnx"), std::string::npos);
    }
  }
  EXPECT_LE(accepted, 3u);
}

TEST(HostileOnnx, OtherFiles) {
  ExpectError(ErrorKind::kBadModel, {"t.onnx"}, [] { ParseOnnx("hello, this is a text file\n", "t.onnx"); });
  ExpectError(ErrorKind::kBadModel, {"t.onnx"}, [] { ParseOnnx(std::string(1000, '\0'), "t.onnx"); });
  ExpectError(ErrorKind::kBadModel, {"t.onnx"}, [] { ParseOnnx(std::string(1000, '\x7f'), "t.onnx"); });
  ExpectError(ErrorKind::kBadModel, {"t.onnx", "opset"},
              [] { ParseOnnx(onnx::ModelProto().SerializeAsString() + "\x08\x08", "t.onnx"); });
}

TEST(HostileOnnx, Versions) {
  ExpectRefused(ErrorKind::kUnsupported, {"opset 8", "9 to 17"},
                [](auto& model) { model.mutable_opset_import(0)->set_version(8); });
  ExpectRefused(ErrorKind::kUnsupported, {"opset 18"},
                [](auto& model) { model.mutable_opset_import(0)->set_version(18); });
  ExpectRefused(ErrorKind::kBadModel, {"opset"}, [](auto& model) { model.clear_opset_import(); });
  ExpectRefused(ErrorKind::kBadModel, {"no graph"}, [](auto& model) { model.clear_graph(); });
}

TEST(HostileOnnx, UnknownOperatorsAreNamedWithNodeAndFile) {
  ExpectRefused(ErrorKind::kUnsupported, {"'NonMaxSuppression'", "'Clip_a'"},
                [](auto& model) { NodeOf(model, "Clip").set_op_type("NonMaxSuppression"); });
  ExpectRefused(ErrorKind::kUnsupported, {"'com.custom::Clip'"},
                [](auto& model) { NodeOf(model, "Clip").set_domain("com.custom"); });
  ExpectRefused(ErrorKind::kUnsupported, {"'TopK'", "Loop, TopK"}, [](auto& model) {
    NodeOf(model, "Clip").set_op_type("TopK");
    NodeOf(model, "Softmax").set_op_type("Loop");
  });
  ExpectRefused(ErrorKind::kBadModel, {"names no operator"},
                [](auto& model) { NodeOf(model, "Clip").clear_op_type(); });
}

TEST(HostileOnnx, Subgraphs) {
  ExpectRefused(ErrorKind::kUnsupported, {"'If'"}, [](auto& model) {
    onnx::NodeProto& node = NodeOf(model, "Clip");
    node.set_op_type("If");
    *node.add_attribute()->mutable_g() = model.graph();
  });
  ExpectRefused(ErrorKind::kUnsupported, {"Clip_a", "'body'", "GRAPH"}, [](auto& model) {
    onnx::AttributeProto& attribute = *NodeOf(model, "Clip").add_attribute();
    attribute.set_name("body");
    attribute.set_type(onnx::AttributeProto::GRAPH);
    attribute.mutable_g();
  });
  // Nested beyond protobuf's own bound.
  onnx::ModelProto model = GoodModel();
  onnx::GraphProto* inner = model.mutable_graph();
  for (int depth = 0; depth < 200; ++depth) {
    onnx::AttributeProto& attribute = *inner->add_node()->add_attribute();
    attribute.set_type(onnx::AttributeProto::GRAPH);
    inner = attribute.mutable_g();
  }
  ExpectError(ErrorKind::kBadModel, {"deep.onnx"}, [&] { ParseOnnx(model.SerializeAsString(), "deep.onnx"); });
}

TEST(HostileOnnx, Tensors) {
  ExpectRefused(ErrorKind::kBadModel, {"'w'", "bytes"},
                [](auto& model) { TensorOf(model, "w").mutable_raw_data()->pop_back(); });
  ExpectRefused(ErrorKind::kBadModel, {"'w'", "bytes"}, [](auto& model) { TensorOf(model, "w").set_dims(0, 5); });
  ExpectRefused(ErrorKind::kBadModel, {"'w'", "-4"}, [](auto& model) { TensorOf(model, "w").set_dims(0, -4); });
  ExpectRefused(ErrorKind::kBadModel, {"'w'", "values"}, [](auto& model) { TensorOf(model, "w").clear_raw_data(); });
  const auto huge = [](auto& model) {
    for (int i = 0; i < 4; ++i) TensorOf(model, "w").set_dims(i, int64_t{1} << 62);
  };
  ExpectRefused(ErrorKind::kTooLarge, {"'w'"}, huge);
  ExpectRefused(ErrorKind::kBadModel, {"'w'", "bytes"}, [](auto& model) { TensorOf(model, "w").set_dims(0, 1 << 20); });
  ExpectRefused(ErrorKind::kTooLarge, {"'w'"}, [](auto&) {}, {.max_tensor_elements = 100});
  ExpectRefused(ErrorKind::kUnsupported, {"'w'", "another file"}, [](auto& model) {
    TensorOf(model, "w").set_data_location(onnx::TensorProto::EXTERNAL);
    onnx::StringStringEntryProto& entry = *TensorOf(model, "w").add_external_data();
    entry.set_key("location");
    entry.set_value("/etc/passwd");
  });
  ExpectRefused(ErrorKind::kUnsupported, {"'w'", "STRING"},
                [](auto& model) { TensorOf(model, "w").set_data_type(onnx::TensorProto::STRING); });
  ExpectRefused(ErrorKind::kBadModel, {"'w'", "999"}, [](auto& model) { TensorOf(model, "w").set_data_type(999); });
  ExpectRefused(ErrorKind::kBadModel, {"two initializers", "'w'"},
                [](auto& model) { *model.mutable_graph()->add_initializer() = TensorOf(model, "w"); });
  ExpectRefused(ErrorKind::kBadModel, {"no name"}, [](auto& model) { TensorOf(model, "w").clear_name(); });
  ExpectRefused(ErrorKind::kUnsupported, {"sparse"},
                [](auto& model) { model.mutable_graph()->add_sparse_initializer(); });
}

TEST(HostileOnnx, Wiring) {
  ExpectRefused(ErrorKind::kBadModel, {"cycle"}, [](auto& model) { NodeOf(model, "Clip").set_input(0, "y"); });
  ExpectRefused(ErrorKind::kBadModel, {"Clip_a", "'nowhere'"},
                [](auto& model) { NodeOf(model, "Clip").set_input(0, "nowhere"); });
  ExpectRefused(ErrorKind::kBadModel, {"'c'", "twice"}, [](auto& model) { NodeOf(model, "Clip").set_output(0, "c"); });
  ExpectRefused(ErrorKind::kBadModel, {"'w'", "twice"}, [](auto& model) { NodeOf(model, "Clip").set_output(0, "w"); });
  ExpectRefused(ErrorKind::kBadModel, {"output 'z'"},
                [](auto& model) { model.mutable_graph()->mutable_output(0)->set_name("z"); });
  ExpectRefused(ErrorKind::kBadModel, {"two outputs"},
                [](auto& model) { *model.mutable_graph()->add_output() = model.graph().output(0); });
  ExpectRefused(ErrorKind::kBadModel, {"no outputs"}, [](auto& model) { model.mutable_graph()->clear_output(); });
  ExpectRefused(ErrorKind::kBadModel, {"no output"}, [](auto& model) { NodeOf(model, "Softmax").clear_output(); });
  ExpectRefused(ErrorKind::kBadModel, {"two inputs"},
                [](auto& model) { *model.mutable_graph()->add_input() = model.graph().input(0); });
}

onnx::TypeProto::Tensor& InputType(onnx::ModelProto& model) {
  return *model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type();
}

TEST(HostileOnnx, InputShapes) {
  ExpectRefused(ErrorKind::kBadModel, {"'x'", "-5"},
                [](auto& model) { InputType(model).mutable_shape()->mutable_dim(1)->set_dim_value(-5); });
  ExpectRefused(ErrorKind::kBadModel, {"'x'"},
                [](auto& model) { InputType(model).mutable_shape()->mutable_dim(1)->set_dim_value(int64_t{1} << 60); });
  ExpectRefused(ErrorKind::kUnsupported, {"'x'", "axes"}, [](auto& model) { InputType(model).clear_shape(); });
  ExpectRefused(ErrorKind::kUnsupported, {"'x'", "STRING"},
                [](auto& model) { InputType(model).set_elem_type(onnx::TensorProto::STRING); });
  ExpectRefused(ErrorKind::kBadModel, {"'x'"}, [](auto& model) { InputType(model).set_elem_type(-7); });
}

TEST(HostileOnnx, Attributes) {
  ExpectRefused(ErrorKind::kBadModel, {"Conv_c", "'strides'", "a float"}, [](auto& model) {
    for (onnx::AttributeProto& attribute : *NodeOf(model, "Conv").mutable_attribute()) {
      if (attribute.name() != "strides") continue;
      attribute.set_type(onnx::AttributeProto::FLOAT);
    }
  });
  ExpectRefused(ErrorKind::kBadModel, {"Conv_c", "'strides'", "twice"}, [](auto& model) {
    onnx::AttributeProto copy = NodeOf(model, "Conv").attribute(0);
    copy.set_name("strides");
    *NodeOf(model, "Conv").add_attribute() = copy;
  });
  ExpectRefused(ErrorKind::kBadModel, {"Softmax_y", "does not say its type"},
                [](auto& model) { NodeOf(model, "Softmax").mutable_attribute(0)->clear_type(); });
  ExpectRefused(ErrorKind::kBadModel, {"Softmax_y", "'axes'", "did you mean 'axis'?"},
                [](auto& model) { NodeOf(model, "Softmax").mutable_attribute(0)->set_name("axes"); });
}

TEST(HostileOnnx, TooManyNodes) {
  ExpectRefused(ErrorKind::kTooLarge, {"9 nodes"}, [](auto&) {}, {.max_nodes = 8});
  ExpectRefused(ErrorKind::kTooLarge, {"MiB"}, [](auto&) {}, {.max_file_bytes = 100});
}

TEST(HostileOnnx, AChainOfManyNodesIsNoProblem) {
  Graph graph = SmallGraph({1}, {});
  std::string value = "x";
  for (int i = 0; i < 20'000; ++i) {
    const std::string next = i == 19'999 ? "y" : "v" + std::to_string(i);
    graph.nodes.push_back(MakeNode("Neg", {value}, {next}));
    value = next;
  }
  const Graph read = ParseOnnx(SerializeOnnx(graph), "long.onnx");
  EXPECT_EQ(InferShapes(read, {{"x", {1}}}).shapes.at("y"), Shape{1});
}

TEST(HostileOnnx, DoublingChainsRunIntoTheLimit) {
  Graph graph = SmallGraph({1 << 10}, {});
  std::string value = "x";
  for (int i = 0; i < 60; ++i) {
    const std::string next = i == 59 ? "y" : "v" + std::to_string(i);
    graph.nodes.push_back(MakeNode("Concat", {value, value}, {next}, {{"axis", int64_t{0}}}));
    value = next;
  }
  const Graph read = ParseOnnx(SerializeOnnx(graph), "doubling.onnx");
  ExpectError(ErrorKind::kBadModel, {"limit"}, [&] { InferShapes(read, {{"x", {1 << 10}}}); });
  // The same with constants: they stop being written down long before the limit.
  graph.inputs[0] = Value("z", {1});
  graph.initializers["x"] = Tensor::Filled({1 << 10}, 1);
  ExpectError(ErrorKind::kBadModel, {"limit"}, [&] { InferShapes(graph, {{"z", {1}}}); });
}

// Everything a program does with a model before it runs it.
void Exercise(std::string_view bytes) {
  try {
    const Graph graph = ParseOnnx(bytes, "mutated.onnx", {.max_tensor_elements = 1 << 24});
    ReadModelRecord(graph, "mutated.onnx");
    InputShapes inputs;
    for (const ValueInfo& info : graph.inputs) {
      for (const Dim& dim : info.shape) inputs[info.name].push_back(dim.value >= 0 ? dim.value : 16);
    }
    Graph special = Specialize(graph, inputs);
    FoldConstants(special);
    FoldBatchNorm(special);
    UnfoldBatchNorm(special);
    InferShapes(ParseOnnx(SerializeOnnx(special), "again.onnx"), inputs);
  } catch (const Error&) {
    // Refused with a message: as good as loaded.
  }
}

std::string Mutated(std::string bytes, Random& random) {
  const int changes = random.Int(1, 4);
  for (int i = 0; i < changes; ++i) {
    const size_t at = random.Below(bytes.size());
    switch (random.Below(4)) {
      case 0:
        bytes[at] = static_cast<char>(random.Below(256));
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Below(8)));
        break;
      case 2:
        bytes.erase(at, 1 + random.Below(8));
        break;
      default:
        bytes.insert(at, 1 + random.Below(8), static_cast<char>(random.Below(256)));
        break;
    }
    if (bytes.empty()) return bytes;
  }
  return bytes;
}

TEST(HostileOnnx, MutatedFilesLoadOrAreRefused) {
  Random random(11);
  const std::string good = GoodModel().SerializeAsString();
  for (int i = 0; i < 6000; ++i) Exercise(Mutated(good, random));
}

TEST(HostileOnnx, MutatedGoldenFilesLoadOrAreRefused) {
  const auto path = SharedFolder() / "golden/onnx/rnet_tiny.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no shared material in " << SharedFolder();
  Random random(12);
  const std::string good = SerializeOnnx(ReadOnnx(path));
  for (int i = 0; i < 3000; ++i) Exercise(Mutated(good, random));
}

}  // namespace
}  // namespace maskscope
