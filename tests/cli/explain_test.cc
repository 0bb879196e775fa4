// `maskscope explain`, on toy models: what a map must show is known.
#include "graph/onnx_io.h"
#include "tests/cli/toy_pictures.h"

namespace maskscope::test {
namespace {

class ExplainTest : public ProgramTest {
 protected:
  // The toy classifier with a layer of 8 x 8 cells to be explained by.
  ExplainTest() {
    Graph graph = ToyClassifier();
    const std::vector<int64_t> cell = {4, 4};
    graph.nodes.insert(
        graph.nodes.begin(),
        Node{"cells", "AveragePool", {"input"}, {"cell_map"}, {{"kernel_shape", cell}, {"strides", cell}}});
    graph.nodes[1].inputs = {"cell_map"};
    WriteOnnx(graph, folder_ / "mapped.onnx");
  }
};

TEST_F(ExplainTest, FacesOfAPicture) {
  WritePicture("scene.png", {"g.", ".r"});
  const ProgramRun run = Run({"explain", "faces", "scene.png", "--classifier", "mapped.onnx", "--out", "why",
                              "--method", "gradcam,hirescam", "--trust"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(List("why"), "faces.csv index.html maps");
  EXPECT_EQ(List("why/maps"), "0001-scene-1.jpg 0002-scene-2.jpg");
  const std::string csv = ReadFile("why/faces.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 2) << csv;
  for (const char* word : {"gradcam", "hirescam", "correct", "none", "cells", "heat_mouth"}) {
    EXPECT_NE(csv.find(word), std::string::npos) << word << " is missing in\n" << csv;
  }
  EXPECT_NE(run.out.find("maps may be trusted"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("no landmarks"), std::string::npos) << "the toy detector finds none:\n" << run.out;
  EXPECT_NE(ReadFile("why/index.html").find("</html>"), std::string::npos);
}

TEST_F(ExplainTest, CropsAndBoxes) {
  WritePicture("crop.png", {"b"});
  ASSERT_EQ(Run({"explain", "faces", "crop.png", "--crops", "--classifier", "mapped.onnx", "--out", "crops"}).exit_code,
            0);
  EXPECT_NE(ReadFile("crops/faces.csv").find("incorrect"), std::string::npos);
  WritePicture("scene.png", {"g.", ".r"});
  const ProgramRun run = Run({"explain", "boxes", "scene.png", "--layer", "face_conv", "--out", "boxes"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(List("boxes/maps"), "0001-scene-1.jpg 0002-scene-2.jpg");
}

TEST_F(ExplainTest, WrongPredictionsOfAClass) {
  // Two faces labelled "none", of which one looks like a mask.
  for (const char* folder : {"faces/with_mask", "faces/without_mask"})
    std::filesystem::create_directories(folder_ / folder);
  WritePicture("faces/without_mask/right.png", {"r"});
  WritePicture("faces/without_mask/wrong.png", {"g"});
  WritePicture("faces/with_mask/mask.png", {"g"});
  const ProgramRun run = Run({"explain", "errors", "--data", "faces", "--crops", "--split", "unassigned", "--class",
                              "none", "--classifier", "mapped.onnx", "--out", "why"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(List("why/maps"), "0001-wrong-1.jpg");
  EXPECT_NE(run.out.find("none, wrong"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("none, right"), std::string::npos) << run.out;
  EXPECT_EQ(ReadFile("why/faces.csv").find("mask.png"), std::string::npos) << "only the class asked for";
  EXPECT_EQ(Run({"explain", "errors", "--data", "faces", "--crops", "--split", "unassigned", "--class", "incorrect",
                 "--classifier", "mapped.onnx", "--out", "why"})
                .exit_code,
            9)
      << "there is none of that class";
}

TEST_F(ExplainTest, FeaturesAndLayers) {
  const ProgramRun list = Run({"explain", "features", "mapped.onnx"});
  ASSERT_EQ(list.exit_code, 0) << list.err;
  EXPECT_NE(list.out.find("AveragePool"), std::string::npos) << list.out;
  WritePicture("crop.png", {"b"});
  const ProgramRun run =
      Run({"explain", "features", "models/face-detector.onnx", "crop.png", "--out", "inside", "--layer", "face_conv"});
  EXPECT_EQ(run.exit_code, 2) << "a map of a single cell is no map: " << run.err;
  WritePicture("scene.png", {"g.", ".r"});
  ASSERT_EQ(Run({"explain", "features", "models/face-detector.onnx", "scene.png", "--out", "inside"}).exit_code, 0);
  EXPECT_NE(List("inside").find("activations.csv"), std::string::npos) << List("inside");
  EXPECT_NE(List("inside").find("filters.png"), std::string::npos) << List("inside");
  EXPECT_NE(ReadFile("inside/activations.csv").find("face_softmax"), std::string::npos);
}

TEST_F(ExplainTest, TheNetworkDrawnAndTold) {
  const ProgramRun run = Run({"explain", "network", "--arch", "resnet18", "--classes", "3", "--size", "64", "--out",
                              "net.svg", "--csv", "nodes.csv", "--time", "--runs", "1"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(ReadFile("net.svg").find("layer4.1"), std::string::npos);
  EXPECT_NE(ReadFile("nodes.csv").find("milliseconds"), std::string::npos);
  EXPECT_NE(run.out.find("[1, 512, 2, 2]"), std::string::npos) << run.out;
  EXPECT_EQ(Run({"explain", "network", "models/face-detector.onnx", "--out", "net.png"}).exit_code, 2);
}

TEST_F(ExplainTest, BadQuestions) {
  WritePicture("scene.png", {"g."});
  const auto faces = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"explain", "faces", "scene.png", "--out", "why"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  };
  const ProgramRun plain = faces({});
  EXPECT_EQ(plain.exit_code, 7) << "the toy classifier has no map";
  EXPECT_NE(plain.err.find("no spatial layer"), std::string::npos) << plain.err;
  const ProgramRun layer = faces({"--classifier", "mapped.onnx", "--layer", "cell"});
  EXPECT_EQ(layer.exit_code, 2);
  EXPECT_NE(layer.err.find("near are 'cells'"), std::string::npos) << layer.err;
  const ProgramRun method = faces({"--classifier", "mapped.onnx", "--method", "gradcam,scorcam"});
  EXPECT_EQ(method.exit_code, 2);
  EXPECT_NE(method.err.find("did you mean 'scorecam'"), std::string::npos) << method.err;
  EXPECT_EQ(faces({"--classifier", "mapped.onnx", "--class", "mask"}).exit_code, 2);
  EXPECT_EQ(faces({"--classifier", "models/face-detector.onnx"}).exit_code, 8);
  EXPECT_EQ(Run({"explain", "faces", "absent.png", "--classifier", "mapped.onnx", "--out", "why"}).exit_code, 3);
  WriteFile("broken.png", "no picture");
  const ProgramRun some =
      Run({"explain", "faces", "broken.png", "scene.png", "--classifier", "mapped.onnx", "--out", "why"});
  EXPECT_EQ(some.exit_code, 1) << some.err;
  EXPECT_NE(some.err.find("broken.png"), std::string::npos) << some.err;
  EXPECT_EQ(List("why/maps"), "0001-scene-1.jpg");
}

}  // namespace
}  // namespace maskscope::test
