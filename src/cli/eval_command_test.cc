#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "data/test_folder.h"
#include "graph/model_record.h"
#include "graph/onnx_io.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

ModelRecord DetectorRecord() {
  ModelRecord record;
  record.task = ModelTask::kFaceDetector;
  record.name = "test-detector";
  record.classes = {"background", "face"};
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = 96;
  record.decoding.kind = "retinaface";
  record.decoding.strides = {8, 16, 32};
  record.decoding.min_sizes = {{16, 32}, {64, 128}, {256, 512}};
  record.decoding.boxes_output = "boxes";
  record.decoding.scores_output = "scores";
  return record;
}

ModelRecord ClassifierRecord() {
  ModelRecord record;
  record.name = "test-classifier";
  record.classes = {"correct", "incorrect", "none"};
  record.input.width = record.input.height = 32;
  record.input.std = {255, 255, 255};
  return record;
}

// A collection of two pictures and two crops, and models that know nothing.
class EvalCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string stem : {"a", "b"}) {
      folder_.WritePicture("data/scenes/one/images/" + stem + ".png", 96, 64);
      folder_.Write(
          "data/scenes/one/annotations/" + stem + ".xml",
          "<annotation><filename>" + stem +
              ".png</filename><object><name>with_mask</name><bndbox><xmin>10</xmin><ymin>10</ymin><xmax>50</xmax>"
              "<ymax>60</ymax></bndbox></object></annotation>");
      folder_.WritePicture("data/faces/crops/none/" + stem + ".png", 40, 48);
    }
    folder_.Write("data/scenes/splits.csv",
                  "set,image,split,group\none,images/a.png,test,g1\none,images/b.png,test,g2\n");
    folder_.Write(
        "data/faces/splits.csv",
        "set,image,label,split,group,synthetic\ncrops,none/a.png,none,test,g3,0\ncrops,none/b.png,none,test,g4,0\n");
    Graph detector = BuildRetinaFace({});
    folder_.Write("detector.json", ToJson(DetectorRecord()).dump());
    WriteOnnx(detector, folder_ / "bare.onnx");
    StoreModelRecord(DetectorRecord(), detector);
    WriteOnnx(detector, folder_ / "detector.onnx");
    MobileNetV2Options options;
    options.width = 0.35f;
    options.input_size = 32;
    Graph classifier = BuildMobileNetV2(options);
    StoreModelRecord(ClassifierRecord(), classifier);
    WriteOnnx(classifier, folder_ / "classifier.onnx");
  }

  // Exit code; what went to stdout is in out_.
  int Run(std::vector<std::string> words) {
    words.insert(words.begin(), {"maskscope", "eval"});
    words.push_back("-q");
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    testing::internal::CaptureStdout();
    const int code = RunCommandLine(static_cast<int>(argv.size()), argv.data());
    out_ = testing::internal::GetCapturedStdout();
    return code;
  }
  std::string File(const std::string& name) const { return (folder_ / name).string(); }
  nlohmann::json ReadJson(const std::string& name) const { return nlohmann::json::parse(ReadFileText(folder_ / name)); }

  TestFolder folder_;
  std::string out_;
};

TEST_F(EvalCommandTest, Scenes) {
  ASSERT_EQ(
      Run({"scenes", "--data", File("data"), "--detector", File("detector.onnx"), "--classifier",
           File("classifier.onnx"), "--json", File("out.json"), "--markdown", File("out.md"), "--resamples", "20"}),
      0);
  const nlohmann::json json = ReadJson("out.json");
  EXPECT_EQ(json["schema"], "maskscope.evaluation/1");
  EXPECT_EQ(json["kind"], "scenes");
  EXPECT_EQ(json["models"]["detector"]["name"], "test-detector");
  ASSERT_EQ(json["sets"].size(), 1u);
  EXPECT_EQ(json["sets"][0]["set"], "one");
  EXPECT_EQ(json["sets"][0]["faces"], 2);
  EXPECT_TRUE(json["sets"][0]["face_ap50"]["all"].is_object());
  EXPECT_NE(out_.find("| face AP50 "), std::string::npos);
  EXPECT_EQ(ReadFileText(folder_ / "out.md"), out_);
}

TEST_F(EvalCommandTest, DetectorAloneByItsOwnRecordOrAGivenOne) {
  ASSERT_EQ(Run({"scenes", "--data", File("data"), "--detector", File("detector.onnx"), "--no-classifier", "--json",
                 File("own.json"), "--resamples", "20"}),
            0);
  ASSERT_EQ(Run({"scenes", "--data", File("data"), "--detector", File("bare.onnx"), "--record", File("detector.json"),
                 "--json", File("given.json"), "--resamples", "20"}),
            0);
  EXPECT_EQ(ReadJson("own.json")["sets"], ReadJson("given.json")["sets"]);
  EXPECT_FALSE(ReadJson("own.json")["sets"][0].contains("right"));
  EXPECT_EQ(Run({"scenes", "--data", File("data"), "--detector", File("bare.onnx"), "--no-classifier"}),
            ExitCode(ErrorKind::kBadModel));
}

TEST_F(EvalCommandTest, Crops) {
  ASSERT_EQ(Run({"crops", "--data", File("data"), "--detector", File("detector.onnx"), "--classifier",
                 File("classifier.onnx"), "--json", File("out.json"), "--resamples", "20"}),
            0);
  const nlohmann::json json = ReadJson("out.json");
  EXPECT_EQ(json["sets"][0]["crops"], 2);
  EXPECT_TRUE(json["sets"][0]["accuracy"].is_object());
}

TEST_F(EvalCommandTest, ReportsAreFoldersThatReplaceOnlyReports) {
  const std::vector<std::string> scenes{"scenes",
                                        "--data",
                                        File("data"),
                                        "--detector",
                                        File("detector.onnx"),
                                        "--classifier",
                                        File("classifier.onnx"),
                                        "--resamples",
                                        "20",
                                        "--gallery",
                                        "3",
                                        "--report",
                                        File("report")};
  ASSERT_EQ(Run(scenes), 0);
  ASSERT_EQ(Run({"crops", "--data", File("data"), "--detector", File("detector.onnx"), "--classifier",
                 File("classifier.onnx"), "--resamples", "20", "--report", File("report")}),
            0);
  EXPECT_EQ(ReadJson("report/metrics.json")["kind"], "crops") << "a report replaces a report";
  EXPECT_FALSE(std::filesystem::exists(folder_ / "report/plots/detector_scores.svg"));
  folder_.Write("other/photo.txt", "mine");
  std::vector<std::string> over = scenes;
  over.back() = File("other");
  EXPECT_EQ(Run(over), ExitCode(ErrorKind::kUsage));
  EXPECT_EQ(ReadFileText(folder_ / "other/photo.txt"), "mine");
}

TEST_F(EvalCommandTest, ReportHoldsNoNetworkAndNoFalseNumber) {
  folder_.Write("found/one/a.txt", "with_mask 0.9 10 10 50 60\nwithout_mask 0.8 60 10 90 60\n");
  ASSERT_EQ(Run({"scenes", "--data", File("data"), "--predictions", File("found"), "--resamples", "20", "--report",
                 File("report")}),
            0);
  for (const char* page : {"report/index.html", "report/galleries.html"}) {
    const std::string html = ReadFileText(folder_ / page);
    for (const char* outside : {"<script", "<link", "@import", "src=\"http"}) {
      EXPECT_EQ(html.find(outside), std::string::npos) << page << " " << outside;
    }
  }
  const nlohmann::json json = ReadJson("report/metrics.json");
  EXPECT_EQ(json["models"]["predictions"]["format"], "detection text");
  EXPECT_DOUBLE_EQ(json["overall"]["recall"]["value"], 0.5);
  EXPECT_DOUBLE_EQ(json["overall"]["precision"]["value"], 0.5);
  EXPECT_TRUE(json["overall"]["f1"]["incorrect"].is_null()) << "there is no face labelled incorrect";
  EXPECT_EQ(json["answers"]["labelled_as_called"]["correct"]["not_found"], 1);
  EXPECT_TRUE(json["answers"]["labelled_as_called"]["no_face"]["not_found"].is_null());
  EXPECT_FALSE(json["calibration"]["says_confidence"]);
  EXPECT_NE(ReadFileText(folder_ / "report/index.html").find("labelled faces"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "report/plots/confusion_counts.csv"));
  EXPECT_EQ(Run({"scenes", "--data", File("data"), "--predictions", File("found"), "--no-classifier"}),
            ExitCode(ErrorKind::kUsage));
}

TEST_F(EvalCommandTest, PicturesWithoutAnyFaceAreMeasuredAsThat) {
  for (const std::string stem : {"a", "b"}) {
    folder_.Write("data/scenes/one/annotations/" + stem + ".xml",
                  "<annotation><filename>" + stem + ".png</filename></annotation>");
  }
  folder_.Write("found/a.txt", "with_mask 0.9 10 10 50 60\n");
  ASSERT_EQ(Run({"scenes", "--data", File("data"), "--predictions", File("found"), "--resamples", "20", "--report",
                 File("report")}),
            0);
  const nlohmann::json json = ReadJson("report/metrics.json");
  EXPECT_TRUE(json["overall"]["recall"].is_null());
  EXPECT_TRUE(json["overall"]["face_ap50"]["all"].is_null());
  EXPECT_EQ(json["answers"]["pictures_without_faces"], 2);
  EXPECT_EQ(json["answers"]["of_these_with_false_detections"], 1);
}

TEST_F(EvalCommandTest, ThresholdsAreChosenAndWritten) {
  folder_.Write("data/scenes/one/annotations/b.xml",
                "<annotation><filename>b.png</filename><object><name>without_mask</name><bndbox><xmin>10</xmin>"
                "<ymin>10</ymin><xmax>50</xmax><ymax>60</ymax></bndbox></object></annotation>");
  folder_.Write("data/scenes/splits.csv",
                "set,image,split,group\none,images/a.png,train,g1\none,images/b.png,train,g2\n");
  const std::vector<std::string> words{"thresholds",
                                       "--data",
                                       File("data"),
                                       "--validation-share",
                                       "1",
                                       "--detector",
                                       File("detector.onnx"),
                                       "--classifier",
                                       File("classifier.onnx"),
                                       "--resamples",
                                       "20"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), words.begin(), words.end());
    return Run(more);
  };
  ASSERT_EQ(with({"--report", File("costs"), "--write"}), 0);
  const nlohmann::json json = ReadJson("costs/metrics.json");
  EXPECT_EQ(json["faces"], 2);
  EXPECT_EQ(json["violations"], 1);
  for (const char* file : {"costs/index.html", "costs/plots/cost_by_score.svg", "costs/plots/cost_by_score.csv"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / file)) << file;
  }
  const auto detector = ReadModelRecord(ReadOnnx(folder_ / "detector.onnx"), "detector");
  EXPECT_FLOAT_EQ(detector->thresholds.score, json["chosen"]["score"].get<float>());
  EXPECT_EQ(detector->measured["thresholds_by_cost"]["violations"], 1);
  const auto classifier = ReadModelRecord(ReadOnnx(folder_ / "classifier.onnx"), "classifier");
  EXPECT_FLOAT_EQ(classifier->thresholds.confidence, json["chosen"]["confidence"].get<float>());
  EXPECT_FLOAT_EQ(ReadJson("costs/classifier.patch.json")["thresholds"]["confidence"].get<float>(),
                  json["chosen"]["confidence"].get<float>());
  EXPECT_EQ(with({"--split", "test"}), ExitCode(ErrorKind::kUsage));
  EXPECT_EQ(with({"--missed-cost", "-1"}), ExitCode(ErrorKind::kUsage));
}

TEST_F(EvalCommandTest, SystemsSideBySide) {
  folder_.Write("found/a.txt", "with_mask 0.9 10 10 50 60\n");
  folder_.Write("found/b.txt", "with_mask 0.9 10 10 50 60\n");
  // `eval` is put before what Run is given.
  std::vector<const char*> argv{"maskscope", "compare", "-q", "--resamples", "20", "--data"};
  const std::string data = File("data"), found = "found=" + File("found"), alone = "alone=" + File("detector.onnx"),
                    report = File("report");
  argv.insert(argv.end(),
              {data.c_str(), "--system", found.c_str(), "--system", alone.c_str(), "--report", report.c_str()});
  testing::internal::CaptureStdout();
  const int code = RunCommandLine(static_cast<int>(argv.size()), argv.data());
  const std::string out = testing::internal::GetCapturedStdout();
  ASSERT_EQ(code, 0);
  EXPECT_NE(out.find("| AP50 face"), std::string::npos) << out;
  const nlohmann::json json = ReadJson("report/metrics.json");
  EXPECT_EQ(json["schema"], "maskscope.comparison/1");
  EXPECT_DOUBLE_EQ(json["systems"][0]["numbers"]["labelled faces found"]["value"], 1);
  EXPECT_TRUE(json["systems"][0]["pictures_per_second"].is_null());
  EXPECT_GT(json["systems"][1]["pictures_per_second"], 0);
  EXPECT_TRUE(json["systems"][1]["numbers"]["AP50 mask"].is_null());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "report/plots/numbers.svg"));
  const std::string running = ReadFileText(folder_ / "report/plots/running_accuracy.csv");
  EXPECT_NE(running.find(",found,"), std::string::npos) << running;
  EXPECT_EQ(running.find(",alone,"), std::string::npos) << "it says no state: " << running;
}

TEST_F(EvalCommandTest, ASiteIsComparedAndRankedWithoutLabels) {
  folder_.WritePicture("site/x.png", 96, 64);
  folder_.WritePicture("site/deeper/y.png", 64, 96);
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"site", "--detector", File("detector.onnx"), "--classifier", File("classifier.onnx")});
    return Run(more);
  };
  ASSERT_EQ(with({File("site"), "-r", "--against", File("data"), "--split", "test", "--report", File("report"),
                  "--json", File("out.json")}),
            0);
  const nlohmann::json json = ReadJson("report/metrics.json");
  EXPECT_EQ(json, ReadJson("out.json"));
  EXPECT_EQ(json["schema"], "maskscope.site/1");
  EXPECT_EQ(json["pictures"], 2);
  EXPECT_EQ(json["against"]["pictures"], 2);
  EXPECT_EQ(json["distributions"]["faces"]["site"]["count"], 2);
  EXPECT_TRUE(json["distributions"]["faces"]["kolmogorov_smirnov"].is_null()) << "two pictures are too few";
  EXPECT_NE(ReadFileText(folder_ / "report/label-first.csv").find("path,rank,score,reason"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "report/plots/height.svg"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "report/plots/height.csv"));

  // No face at all: undefined numbers are null, and a chart without numbers is no failure.
  ASSERT_EQ(with({File("site"), "-r", "--score", "1", "--report", File("report")}), 0);
  EXPECT_EQ(ReadJson("report/metrics.json")["faces"], 0);
  EXPECT_TRUE(ReadJson("report/metrics.json")["distributions"]["height"]["site"]["median"].is_null());
  EXPECT_FALSE(ReadJson("report/metrics.json").contains("against"));

  folder_.Write("site/broken.png", "no picture");
  EXPECT_EQ(with({File("site")}), kSomeFailedExitCode);
  EXPECT_NE(out_.find("1 picture could not be read"), std::string::npos) << out_;
  EXPECT_EQ(with({File("site/broken.png")}), ExitCode(ErrorKind::kBadImage));
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_EQ(with({File("empty")}), ExitCode(ErrorKind::kNotFound));
  EXPECT_EQ(with({}), ExitCode(ErrorKind::kUsage));
  EXPECT_EQ(with({"-"}), ExitCode(ErrorKind::kUsage));
  EXPECT_EQ(with({File("site"), "--first", "0"}), ExitCode(ErrorKind::kUsage));
}

TEST_F(EvalCommandTest, RefusesWhatIsNotThere) {
  const std::vector<std::string> models{"--detector", File("detector.onnx"), "--classifier", File("classifier.onnx")};
  const auto with_models = [&](std::vector<std::string> words) {
    words.insert(words.end(), models.begin(), models.end());
    return Run(words);
  };
  EXPECT_EQ(with_models({"scenes", "--data", File("nowhere")}), ExitCode(ErrorKind::kNotFound));
  EXPECT_EQ(with_models({"scenes", "--data", File("data"), "--set", "two"}), ExitCode(ErrorKind::kUsage));
  EXPECT_EQ(with_models({"scenes", "--data", File("data"), "--split", "tset"}), ExitCode(ErrorKind::kUsage));
  EXPECT_EQ(with_models({"scenes", "--data", File("data"), "--split", "train"}), ExitCode(ErrorKind::kBadData));
  folder_.Write("data/scenes/one/images/a.png", "no picture");
  EXPECT_EQ(with_models({"scenes", "--data", File("data")}), ExitCode(ErrorKind::kBadImage));
}

}  // namespace
}  // namespace maskscope
