// `maskscope model`, on the toy models, whose numbers can be worked out by hand.
#include "graph/model_record.h"
#include "graph/onnx_io.h"
#include "tests/cli/toy_pictures.h"

namespace maskscope::test {
namespace {

class ModelTest : public ProgramTest {};

TEST_F(ModelTest, InfoTellsWhatIsInTheFile) {
  const ProgramRun run = Run({"model", "info", "models/face-detector.onnx", "--json", "--size", "96x64"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto info = nlohmann::json::parse(run.out);
  EXPECT_EQ(info["schema"], "maskscope.model_info/1");
  // Two convolutions of 3 x 32 x 32 into 2 and 4 channels, with a bias each.
  EXPECT_EQ(info["parameters"], (2 + 4) * (3 * 32 * 32) + 2 + 4);
  EXPECT_EQ(info["multiply_adds"]["count"], 3 * 2 * (2 + 4) * (3 * 32 * 32)) << "3 x 2 cells";
  EXPECT_EQ(info["operators"]["Conv"], 2);
  EXPECT_EQ(info["operators"]["Softmax"], 1);
  EXPECT_EQ(info["inputs"][0]["shape"], (nlohmann::json{"batch", 3, "height", "width"}));
  EXPECT_EQ(info["file_bytes"], ReadFile("models/face-detector.onnx").size());
  EXPECT_EQ(info["record"]["name"], "toy-detector");

  const ProgramRun text = Run({"model", "info", "models/mask-classifier.onnx"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  for (const char* word : {"toy-classifier", "Gemm 1", "multiply-adds", "9 at 32x32", "none needed", "correct"}) {
    EXPECT_NE(text.out.find(word), std::string::npos) << word << " is missing in\n" << text.out;
  }
}

TEST_F(ModelTest, AnAverageIsAModelOfItsOwn) {
  Graph tripled = ReadOnnx(folder_ / "models/mask-classifier.onnx");
  for (auto& [name, tensor] : tripled.initializers) {
    for (float& value : tensor.floats) value *= 3;
  }
  WriteOnnx(tripled, folder_ / "other.onnx");
  const ProgramRun run = Run({"model", "average", "models/mask-classifier.onnx", "other.onnx", "--out", "soup.onnx"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Graph first = ReadOnnx(folder_ / "models/mask-classifier.onnx"), soup = ReadOnnx(folder_ / "soup.onnx");
  for (const auto& [name, tensor] : first.initializers) {
    for (size_t i = 0; i < tensor.floats.size(); ++i) {
      EXPECT_FLOAT_EQ(soup.initializers.at(name).floats[i], 2 * tensor.floats[i]) << name;
    }
  }
  const std::optional<ModelRecord> record = ReadModelRecord(soup, "soup");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->provenance["average_of"].size(), 2u);

  const ProgramRun wrong =
      Run({"model", "average", "models/mask-classifier.onnx", "models/face-detector.onnx", "--out", "no.onnx"});
  EXPECT_EQ(wrong.exit_code, 8);
  EXPECT_NE(wrong.err.find("models/face-detector.onnx is another network"), std::string::npos) << wrong.err;
  EXPECT_FALSE(Exists("no.onnx"));
}

TEST_F(ModelTest, InfoOfAModelWithoutARecord) {
  Graph graph = ToyDetector();
  graph.metadata.clear();
  WriteOnnx(graph, folder_ / "bare.onnx");
  const ProgramRun run = Run({"model", "info", "bare.onnx"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("--size"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("none"), std::string::npos) << run.out;
  const ProgramRun detect = Run({"detect", "x.png", "--detector", "bare.onnx"});
  EXPECT_EQ(detect.exit_code, 8);
  EXPECT_NE(detect.err.find("bare.onnx"), std::string::npos) << detect.err;
}

TEST_F(ModelTest, BenchMeasuresEachThreadCount) {
  const ProgramRun run = Run({"model", "bench", "models/face-detector.onnx", "--size", "64x64", "--threads", "1,2",
                              "--runs", "5", "--nodes", "--json", "--precision", "f32"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto bench = nlohmann::json::parse(run.out);
  ASSERT_EQ(bench["results"].size(), 2u);
  EXPECT_EQ(bench["results"][0]["threads"], 1);
  EXPECT_EQ(bench["results"][1]["threads"], 2);
  for (const auto& result : bench["results"]) {
    EXPECT_EQ(result["precision"], "f32");
    EXPECT_GT(result["median_ms"], 0);
    EXPECT_LE(result["fastest_ms"], result["median_ms"]);
    EXPECT_FALSE(result["steps"].empty());
  }
  EXPECT_EQ(Run({"model", "bench", "models/mask-classifier.onnx", "--runs", "2", "--batch", "3"}).exit_code, 0);
}

TEST_F(ModelTest, InfoOfAnArchitecture) {
  const ProgramRun run = Run({"model", "info", "--arch", "resnet18", "--classes", "3", "--size", "64x96", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto info = nlohmann::json::parse(run.out);
  EXPECT_EQ(info["architecture"]["name"], "resnet18");
  EXPECT_EQ(info["architecture"]["task"], "classifier");
  EXPECT_EQ(info["parameters"], 11689512 - 1000 * 513 + 3 * 513) << "the published number with a smaller last layer";
  EXPECT_EQ(info["multiply_adds"]["width"], 64);
  EXPECT_EQ(info["outputs"][0]["shape"], (nlohmann::json{"batch", 3}));
  EXPECT_FALSE(info.contains("file"));

  const ProgramRun text = Run({"model", "info", "--arch", "mobilenet_v2", "--width", "0.5"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  for (const char* word : {"Sandler", "parameters", "1.97 M", "at 224x224"}) {
    EXPECT_NE(text.out.find(word), std::string::npos) << word << " is missing in\n" << text.out;
  }
}

TEST_F(ModelTest, ListNamesEveryArchitectureWithItsCosts) {
  const ProgramRun text = Run({"model", "list"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  for (const char* word : {"efficientnet_b7", "66.35 M", "retinaface", "detector", "37.75 G at 600x600"}) {
    EXPECT_NE(text.out.find(word), std::string::npos) << word << " is missing in\n" << text.out;
  }
  const ProgramRun run = Run({"model", "list", "--json", "--size", "128"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto list = nlohmann::json::parse(run.out);
  EXPECT_EQ(list["schema"], "maskscope.model_list/1");
  for (const auto& architecture : list["architectures"]) {
    EXPECT_GT(architecture["parameters"], 5000) << architecture;
    // Detectors of one size alone are listed at theirs.
    if (architecture["task"] != "classifier") continue;
    EXPECT_EQ(architecture["multiply_adds"]["height"], 128) << architecture;
  }
}

TEST_F(ModelTest, BenchOfAnArchitecture) {
  const ProgramRun run = Run({"model", "bench", "--arch", "mobilenet_v3_small", "--width", "0.25", "--size", "64",
                              "--threads", "1", "--runs", "2", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_GT(nlohmann::json::parse(run.out)["results"][0]["median_ms"], 0);
}

TEST_F(ModelTest, BadArchitectures) {
  const ProgramRun run = Run({"model", "info", "--arch", "resnet51"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("did you mean 'resnet50'"), std::string::npos) << run.err;
  EXPECT_EQ(Run({"model", "info", "--arch", "resnet50", "--width", "0.5"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "info", "--arch", "resnet50", "--classes", "0"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "info", "models/face-detector.onnx", "--arch", "resnet50"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "info", "models/face-detector.onnx", "--classes", "3"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "bench", "--arch", "mobilenet_v3_small", "--size", "8by8"}).exit_code, 2);
}

TEST_F(ModelTest, BadFilesAndOptions) {
  WriteFile("text.onnx", "no model");
  for (const char* command : {"info", "bench"}) {
    EXPECT_EQ(Run({"model", command, "absent.onnx"}).exit_code, 3);
    EXPECT_EQ(Run({"model", command, "text.onnx"}).exit_code, 8);
    EXPECT_EQ(Run({"model", command}).exit_code, 2);
    EXPECT_EQ(Run({"model", command, "models/face-detector.onnx", "--size", "64by64"}).exit_code, 2);
  }
  EXPECT_EQ(Run({"model", "bench", "models/face-detector.onnx", "--runs", "0"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "bench", "models/face-detector.onnx", "--precision", "f64"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "bench", "models/mask-classifier.onnx", "--size", "64x64"}).exit_code, 2)
      << "the input is fixed at 32 x 32";
}

TEST_F(ModelTest, AnAbsurdSizeIsRefusedBeforeMemoryIsTaken) {
  const ProgramRun run =
      Run({"model", "bench", "models/face-detector.onnx", "--size", "32768x32768", "--batch", "1024"});
  EXPECT_TRUE(run.exit_code == 8 || run.exit_code == 6 || run.exit_code == 11) << run.exit_code << run.err;
}

}  // namespace
}  // namespace maskscope::test
