#include "zoo/detectors.h"

#include <filesystem>

#include "engine/engine.h"
#include "engine/engine_testing.h"
#include "graph/onnx_io.h"
#include "zoo/detector_weights.h"
#include "zoo/weights.h"

// Detectors of the zoo with published weights against outputs that another implementation computed: through the plain
// interpreter and through the engine.
namespace maskscope::testing {
namespace {

constexpr double kTolerance = 1e-4;

class GoldenDetectors : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(SharedFolder() / "golden")) {
      GTEST_SKIP() << SharedFolder() / "golden"
                   << " is absent: set MASKSCOPE_SHARED";
    }
  }

  static Tensors Read(const std::string& file) { return ReadSafetensors(SharedFolder() / file); }

  static Graph Loaded(Graph graph, NamedTensors weights) {
    weights = AlignChannels(UnfoldBiases(std::move(weights), graph), graph);
    LoadByName(weights, graph);
    return graph;
  }

  // `wanted`: golden tensor by value of the graph, which need not be an output.
  static void ExpectGolden(Graph graph, const Tensors& golden, const std::string& input,
                           const std::map<std::string, std::string>& wanted) {
    std::vector<std::string> values;
    graph.outputs.clear();
    for (const auto& [value, name] : wanted) {
      values.push_back(value);
      graph.outputs.push_back({value, DataType::kFloat32, {}});
    }
    const Tensors plain = RunReference(graph, {{"input", golden.at(input)}}, values);
    for (const auto& [value, name] : wanted) {
      SCOPED_TRACE("plain interpreter: " + value);
      ExpectNear(plain.at(value), golden.at(name), kTolerance);
    }
    for (const int threads : {1, 2}) {
      Engine engine(graph, {.precision = Precision::kF32, .threads = threads});
      const Tensor& picture = golden.at(input);
      const RunResult result = engine.Run({{"input", {picture.floats.data(), picture.shape}}});
      for (const auto& [value, name] : wanted) {
        SCOPED_TRACE("engine: " + value + ", threads " + std::to_string(threads));
        const TensorView& view = result.Get(value);
        ExpectNear(Tensor::Floats(view.shape, {view.data, view.data + view.size()}), golden.at(name), kTolerance);
      }
    }
  }
};

TEST_F(GoldenDetectors, YoloV5) {
  const Tensors golden = Read("golden/yolov5n_coco.safetensors");
  const Tensors weights = Read("weights/yolov5n_coco/yolov5n_coco.safetensors");
  YoloV5Options options{.draw_weights = false};
  ExpectGolden(Loaded(BuildYoloV5(options), YoloV5Names(weights)), golden, "input",
               {{"model.24.m.1", "head1"}, {"model.24.m.2", "head2"}});
  options.anchors = YoloV5Anchors(weights, {});
  EXPECT_EQ(options.anchors, YoloV5Options{}.anchors);
  options.decoded_height = 96;
  options.decoded_width = 128;
  ExpectGolden(Loaded(BuildYoloV5(options), YoloV5Names(weights)), golden, "input", {{"predictions", "decoded"}});
}

TEST_F(GoldenDetectors, Res10Ssd) {
  ExpectGolden(
      Loaded(BuildRes10Ssd({.draw_weights = false}), Res10SsdNames(Read("weights/res10_ssd/res10_ssd.safetensors"))),
      Read("golden/res10_ssd.safetensors"), "input", {{"loc", "loc"}, {"conf", "conf"}});
}

TEST_F(GoldenDetectors, AizooSsd) {
  const Graph published = ReadOnnx(SharedFolder() / "weights/rivals/aizoo/aizoo_facemask_260.onnx");
  NamedTensors weights;
  for (const auto& [name, tensor] : published.initializers) {
    if (name.ends_with(".weight") || name.ends_with(".bias")) weights[name] = tensor;
  }
  ExpectGolden(Loaded(BuildAizooSsd({.draw_weights = false}), weights), Read("golden/aizoo.safetensors"), "input",
               {{"loc", "loc"}, {"cls", "cls"}});
}

TEST_F(GoldenDetectors, Mtcnn) {
  const Tensors golden = Read("golden/mtcnn.safetensors");
  const auto network = [](MtcnnNetwork part, const std::string& file) {
    return Loaded(BuildMtcnn({.network = part, .draw_weights = false}), Read("weights/mtcnn/" + file));
  };
  ExpectGolden(network(MtcnnNetwork::kProposal, "pnet.safetensors"), golden, "pnet.input",
               {{"boxes", "pnet.box"}, {"scores", "pnet.prob"}});
  ExpectGolden(network(MtcnnNetwork::kRefinement, "rnet.safetensors"), golden, "rnet.input",
               {{"boxes", "rnet.box"}, {"scores", "rnet.prob"}});
  ExpectGolden(network(MtcnnNetwork::kOutput, "onet.safetensors"), golden, "onet.input",
               {{"boxes", "onet.box"}, {"scores", "onet.prob"}, {"landmarks", "onet.landmarks"}});
}

}  // namespace
}  // namespace maskscope::testing
