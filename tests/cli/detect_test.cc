// What `maskscope detect` finds, and where it takes its pictures from.
#include <filesystem>

#include "tests/cli/toy_pictures.h"

namespace maskscope::test {
namespace {

namespace fs = std::filesystem;

class DetectTest : public ProgramTest {};

TEST_F(DetectTest, SaysForEveryFaceHowTheMaskIsWorn) {
  WritePicture("photo.png", {"g.b.", "....", "..r."});
  const ProgramRun run = Run({"detect", "photo.png"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = run.json_lines();
  ASSERT_EQ(lines.size(), 1u);
  const auto& line = lines[0];
  EXPECT_EQ(line["schema"], "maskscope.result/1");
  EXPECT_EQ(line["source"], "photo.png");
  EXPECT_EQ(line["width"], 128);
  EXPECT_EQ(line["height"], 96);
  EXPECT_TRUE(line["error"].is_null());
  for (const char* stage : {"decode", "detect", "classify", "total"}) EXPECT_TRUE(line["timing_ms"][stage].is_number());
  ASSERT_EQ(line["faces"].size(), 3u);
  std::map<std::string, nlohmann::json> by_state;
  for (const auto& face : line["faces"]) by_state[face["state"]] = face;
  EXPECT_EQ(by_state["correct"]["box"], (nlohmann::json{0, 0, 32, 32}));
  EXPECT_EQ(by_state["incorrect"]["box"], (nlohmann::json{64, 0, 96, 32}));
  EXPECT_EQ(by_state["none"]["box"], (nlohmann::json{64, 64, 96, 96}));
  const auto& face = by_state["none"];
  EXPECT_GT(face["score"], 0.99);
  EXPECT_GT(face["confidence"], 0.99);
  EXPECT_EQ(face["probabilities"].size(), 3u);
  EXPECT_EQ(face["probabilities"]["none"], face["confidence"]);
  EXPECT_TRUE(face["landmarks"].is_null());
  EXPECT_TRUE(face["unsure_reason"].is_null());
}

TEST_F(DetectTest, APictureWithoutFacesIsAnAnswerNotAnError) {
  WritePicture("empty.png", {"..", ".."});
  const ProgramRun run = Run({"detect", "empty.png"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().at(0)["faces"], nlohmann::json::array());
  EXPECT_TRUE(run.json_lines().at(0)["error"].is_null());
}

TEST_F(DetectTest, TheUnsureSayWhy) {
  WritePicture("photo.png", {"w.", ".g"});
  const auto first = Run({"detect", "photo.png", "--quiet"}).json_lines().at(0)["faces"];
  ASSERT_EQ(first.size(), 2u);
  const auto& white = first[0]["state"] == "unsure" ? first[0] : first[1];
  EXPECT_EQ(white["state"], "unsure");
  EXPECT_EQ(white["unsure_reason"], "low_confidence");
  EXPECT_NEAR(white["confidence"].get<double>(), 1.0 / 3, 0.01);

  const auto small = Run({"detect", "photo.png", "--min-face", "33"}).json_lines().at(0)["faces"];
  for (const auto& face : small) EXPECT_EQ(face["unsure_reason"], "small");
  const auto blurred = Run({"detect", "photo.png", "--min-sharpness", "1e9"}).json_lines().at(0)["faces"];
  for (const auto& face : blurred) EXPECT_EQ(face["unsure_reason"], "blurred");
  EXPECT_EQ(StatesOf(Run({"detect", "photo.png", "--min-confidence", "0"}).json_lines().at(0)).find("unsure"),
            std::string::npos);
}

TEST_F(DetectTest, TheScoreThresholdDecidesWhatIsAFace) {
  WritePicture("photo.png", {"g.", ".r"});
  EXPECT_EQ(Run({"detect", "photo.png", "--score", "1"}).json_lines().at(0)["faces"].size(), 0u);
  EXPECT_EQ(Run({"detect", "photo.png", "--score", "0"}).json_lines().at(0)["faces"].size(), 4u);
}

TEST_F(DetectTest, OtherModelsCanBeNamed) {
  WritePicture("photo.png");
  fs::rename(folder_ / "models", folder_ / "elsewhere");
  const ProgramRun lost = Run({"detect", "photo.png"});
  // Where this build ships models of its own it finds those.
  if (lost.exit_code != 0) {
    EXPECT_EQ(lost.exit_code, 3);
    EXPECT_NE(lost.err.find("MASKSCOPE_MODELS"), std::string::npos) << lost.err;
    EXPECT_EQ(lost.out, "");
  }
  const ProgramRun run = Run({"detect", "photo.png", "--detector", "elsewhere/face-detector.onnx", "--classifier",
                              "elsewhere/mask-classifier.onnx"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().at(0)["faces"].size(), 2u);
}

TEST_F(DetectTest, ResultsDoNotDependOnThreadsAndKeepTheirOrder) {
  const std::vector<std::vector<std::string>> kinds = {{"g"}, {"b"}, {"r"}, {"."}};
  for (int i = 0; i < 40; ++i)
    WritePicture("in/" + std::to_string(100 + i) + ".png", kinds[static_cast<size_t>(i % 4)]);
  std::string first;
  for (const char* threads : {"1", "2", "5"}) {
    std::string all;
    const ProgramRun run = Run({"detect", "in", "--threads", threads, "--in-flight", threads});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    for (auto line : run.json_lines()) {
      line.erase("timing_ms");
      all += line.dump() + "\n";
    }
    if (first.empty()) first = all;
    EXPECT_EQ(all, first) << threads << " threads";
  }
  EXPECT_LT(first.find("in/100.png"), first.find("in/139.png"));
}

TEST_F(DetectTest, FoldersGiveTheirPicturesAndNothingElse) {
  WritePicture("in/b.jpg");
  WritePicture("in/a.png");
  WritePicture("in/sub/c.JPG.png");
  WritePicture("in/.hidden.jpg");
  WriteFile("in/notes.txt", "no picture");
  const auto names = [](const ProgramRun& run) {
    std::string all;
    for (const auto& line : run.json_lines()) all += line["source"].get<std::string>() + " ";
    return all;
  };
  EXPECT_EQ(names(Run({"detect", "in"})), "in/a.png in/b.jpg ");
  EXPECT_EQ(names(Run({"detect", "in", "-r"})), "in/a.png in/b.jpg in/sub/c.JPG.png ");
  EXPECT_EQ(names(Run({"detect", "in/*.jpg", "in/sub"})), "in/b.jpg in/sub/c.JPG.png ");
}

TEST_F(DetectTest, ANameWithWildcardsIsThatFileFirst) {
  WritePicture("a[1].png");
  WritePicture("a1.png");
  const auto lines = Run({"detect", "a[1].png"}).json_lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["source"], "a[1].png");
}

TEST_F(DetectTest, ListsNameTheSources) {
  WritePicture("a.png");
  WritePicture("b c.png");
  WriteFile("list.txt", "a.png\r\n\nb c.png");
  EXPECT_EQ(Run({"detect", "@list.txt"}).json_lines().size(), 2u);
  EXPECT_EQ(Run({"detect", "--list", "list.txt"}).json_lines().size(), 2u);
  const ProgramRun run = Run({"detect", "--list", "-"}, {.standard_input = "b c.png\na.png\n"});
  ASSERT_EQ(run.json_lines().size(), 2u) << run.err;
  EXPECT_EQ(run.json_lines()[0]["source"], "b c.png");
}

TEST_F(DetectTest, APictureCanComeOnStdin) {
  WritePicture("a.jpg", {"g."});
  const ProgramRun run = Run({"detect", "-"}, {.standard_input = ReadFile("a.jpg")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().at(0)["source"], "-");
  EXPECT_EQ(StatesOf(run.json_lines().at(0)), "correct");
  EXPECT_EQ(Run({"detect", "-"}).exit_code, 5) << "nothing on stdin is a broken picture";
  EXPECT_EQ(Run({"detect", "-", "-"}, {.standard_input = "x"}).exit_code, 2);
}

TEST_F(DetectTest, NamesThatAreNotUtf8DoNotBreakTheJson) {
  WritePicture("a.png");
  fs::rename(folder_ / "a.png", folder_ / "caf\xe9.png");
  const ProgramRun run = Run({"detect", "caf\xe9.png"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().at(0)["source"], "caf\xef\xbf\xbd.png");
}

TEST_F(DetectTest, TheSummaryCounts) {
  WritePicture("in/a.png", {"gg", "rw"});
  WritePicture("in/b.png", {"b.", ".."});
  const ProgramRun run = Run({"detect", "in"});
  EXPECT_NE(run.err.find("2 pictures, 5 faces"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("pictures/s"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("1 low_confidence"), std::string::npos) << run.err;
  for (const char* word : {"correct", "incorrect", "none", "unsure", "decode", "detect", "classify"}) {
    EXPECT_NE(run.err.find(word), std::string::npos) << word << " is missing in\n" << run.err;
  }
  EXPECT_EQ(Run({"detect", "in", "--quiet"}).err, "");
}

}  // namespace
}  // namespace maskscope::test
