// `maskscope model import`: weights of others become models that `detect` takes.
#include <algorithm>

#include "graph/graph_testing.h"
#include "graph/model_record.h"
#include "graph/onnx_io.h"
#include "tests/cli/toy_models.h"
#include "tests/cli/toy_pictures.h"

namespace maskscope::test {
namespace {

class ModelImportTest : public ProgramTest {};

TEST_F(ModelImportTest, AForeignDetectorWorksOnceItsRecordIsGiven) {
  Graph graph = ToyDetector();
  nlohmann::json record = ToJson(*ReadModelRecord(graph, "toy"));
  graph.metadata.clear();
  WriteOnnx(graph, folder_ / "bare.onnx");
  WriteFile("record.json", record.dump());
  WritePicture("a.png");
  const ProgramRun import = Run({"model", "import", "bare.onnx", "--record", "record.json", "--out", "described.onnx",
                                 "--name", "mine", "--licence", "MIT"});
  ASSERT_EQ(import.exit_code, 0) << import.err;
  EXPECT_EQ(import.out, "");
  const auto info = nlohmann::json::parse(Run({"model", "info", "described.onnx", "--json"}).out);
  EXPECT_EQ(info["record"]["name"], "mine");
  EXPECT_EQ(info["record"]["licence"], "MIT");
  EXPECT_EQ(info["record"]["provenance"]["imported_from"], "bare.onnx");
  const ProgramRun own = Run({"detect", "a.png"}), foreign = Run({"detect", "a.png", "--detector", "described.onnx"});
  ASSERT_EQ(foreign.exit_code, 0) << foreign.err;
  EXPECT_EQ(foreign.json_lines()[0]["faces"], own.json_lines()[0]["faces"]);
  EXPECT_FALSE(own.json_lines()[0]["faces"].empty());
}

TEST_F(ModelImportTest, WhatDoesNotFitIsListedAndNothingIsWritten) {
  const ProgramRun run =
      Run({"model", "import", "models/face-detector.onnx", "--arch", "mobilenet_v3_small", "--out", "m.onnx"});
  EXPECT_EQ(run.exit_code, 8);
  for (const char* part : {"face-detector.onnx", "missing tensor 'features.0.0.weight'", "extra tensor"}) {
    EXPECT_NE(run.err.find(part), std::string::npos) << part << " is missing in " << run.err;
  }
  EXPECT_FALSE(Exists("m.onnx"));
}

TEST_F(ModelImportTest, BadFilesAndOptions) {
  WriteFile("text.pt", "no weights at all");
  EXPECT_EQ(Run({"model", "import", "absent.pt", "--arch", "resnet18", "--out", "m.onnx"}).exit_code, 3);
  EXPECT_EQ(Run({"model", "import", "text.pt", "--arch", "resnet18", "--out", "m.onnx"}).exit_code, 7);
  EXPECT_EQ(Run({"model", "import", "text.pt", "--arch", "resnet18"}).exit_code, 2);
  const ProgramRun near = Run({"model", "import", "text.pt", "--arch", "yolov5z", "--out", "m.onnx"});
  EXPECT_EQ(near.exit_code, 2);
  EXPECT_NE(near.err.find("did you mean 'yolov5"), std::string::npos) << near.err;
  EXPECT_EQ(Run({"model", "import", "models/face-detector.onnx", "--decoding", "yolov9", "--out", "m.onnx"}).exit_code,
            2);
  EXPECT_FALSE(Exists("m.onnx"));
}

TEST_F(ModelImportTest, ThreeFilesBecomeACascade) {
  const auto shared = std::filesystem::absolute(maskscope::testing::SharedFolder());
  if (!std::filesystem::exists(shared / "weights/mtcnn")) {
    GTEST_SKIP() << shared / "weights/mtcnn"
                 << " is absent: set MASKSCOPE_SHARED";
  }
  std::filesystem::create_directory(folder_ / "mtcnn");
  for (const std::string part : {"pnet", "rnet", "onet"}) {
    const ProgramRun run = Run({"model", "import", (shared / "weights/mtcnn" / (part + ".safetensors")).string(),
                                "--arch", "mtcnn_" + part, "--out", "mtcnn/" + part + ".onnx"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  const std::string photo = (shared / "golden/photos/kaggle14.png").string();
  const ProgramRun run = Run({"detect", photo, "--detector", "mtcnn", "--precision", "f32"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto faces = run.json_lines().at(0)["faces"];
  ASSERT_EQ(faces.size(), 1u);
  EXPECT_NEAR(faces[0]["box"][0].get<double>(), 138.92, 0.5);
  EXPECT_EQ(faces[0]["landmarks"].size(), 5u);
}

}  // namespace
}  // namespace maskscope::test
