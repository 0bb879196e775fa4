// Where `maskscope detect` puts its results, and what is left when it cannot.
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "image/decode.h"
#include "image/encode.h"
#include "tests/cli/toy_pictures.h"

namespace maskscope::test {
namespace {

namespace fs = std::filesystem;

class DetectOutputTest : public ProgramTest {
 protected:
  int CountLines(const std::string& text) const { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }
};

TEST_F(DetectOutputTest, JsonCanGoIntoAFile) {
  WritePicture("a.png");
  const ProgramRun piped = Run({"detect", "a.png"});
  const ProgramRun run = Run({"detect", "a.png", "--json", "r.jsonl"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "");
  auto written = nlohmann::json::parse(ReadFile("r.jsonl")), wanted = piped.json_lines().at(0);
  written.erase("timing_ms");
  wanted.erase("timing_ms");
  EXPECT_EQ(written, wanted);
}

TEST_F(DetectOutputTest, TheTableHasOneRowAFaceAndEveryPicture) {
  WritePicture("a.png", {"g.", ".w"});
  WritePicture("b, \"c\".png", {".."});
  WriteFile("broken.jpg", "text");
  const ProgramRun run = Run({"detect", "a.png", "b, \"c\".png", "broken.jpg", "--csv", "t.csv"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_EQ(run.out, "");
  const std::string table = ReadFile("t.csv");
  EXPECT_EQ(CountLines(table), 5) << table;
  EXPECT_TRUE(
      table.starts_with("source,width,height,face,x1,y1,x2,y2,score,state,confidence,p_correct,p_incorrect,p_none,"
                        "unsure_reason,error_kind,error\n"))
      << table;
  EXPECT_NE(table.find("\na.png,64,64,0,"), std::string::npos) << table;
  EXPECT_NE(table.find(",0.00,0.00,32.00,32.00,"), std::string::npos) << table;
  EXPECT_NE(table.find("unsure,0.3"), std::string::npos) << table;
  EXPECT_NE(table.find("\n\"b, \"\"c\"\".png\",64,32" + std::string(14, ',') + "\n"), std::string::npos) << table;
  EXPECT_NE(table.find("\nbroken.jpg,0,0" + std::string(13, ',') + "bad_image,"), std::string::npos) << table;
}

TEST_F(DetectOutputTest, NamesCannotBecomeSpreadsheetFormulas) {
  WritePicture("=1+1.png");
  const ProgramRun run = Run({"detect", "=1+1.png", "--csv", "-"});
  EXPECT_NE(run.out.find("\n./=1+1.png,"), std::string::npos) << run.out;
}

TEST_F(DetectOutputTest, DrawnCopiesShowTheFaces) {
  WritePicture("a.png", {"....", ".g..", "...."});
  const ProgramRun run = Run({"detect", "a.png", "--draw", "out"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("out/a.png"), std::string::npos) << "where it lies is not said:\n" << run.err;
  const Image before = ReadImage(folder_ / "a.png").image, after = ReadImage(folder_ / "out/a.png").image;
  ASSERT_EQ(after.width, before.width);
  ASSERT_EQ(after.height, before.height);
  EXPECT_NE(after.pixels, before.pixels);
  EXPECT_EQ(run.json_lines().size(), 1u) << "the results still go to stdout";
}

TEST_F(DetectOutputTest, BlurTakesTheFaceAway) {
  // One bright pixel column in the face must not survive.
  Image image = ToyPicture({"....", ".g..", "...."});
  for (int y = kCell; y < 2 * kCell; ++y) image.row(y)[3 * (kCell + 16)] = 255;
  WritePicture("a.png");
  fs::create_directory(folder_ / "in");
  WriteImage(image, folder_ / "in/a.png");
  ASSERT_EQ(Run({"detect", "in/a.png", "--draw", "plain"}).exit_code, 0);
  ASSERT_EQ(Run({"detect", "in/a.png", "--draw", "blurred", "--blur"}).exit_code, 0);
  const int y = kCell + 16, x = 3 * (kCell + 16);
  EXPECT_EQ(ReadImage(folder_ / "plain/a.png").image.row(y)[x], 255);
  EXPECT_LT(ReadImage(folder_ / "blurred/a.png").image.row(y)[x], 128);
  EXPECT_EQ(Run({"detect", "in/a.png", "--blur"}).exit_code, 2) << "--blur without --draw does nothing: say so";
}

TEST_F(DetectOutputTest, EqualNamesFromDifferentFoldersAreKeptApart) {
  WritePicture("x/a.png");
  WritePicture("y/a.png");
  WritePicture("y/A.png");
  WritePicture("z/deep/a.jpg");
  WriteFile("w/a.bmp", "no picture at all");
  ASSERT_EQ(Run({"detect", "x/a.png", "y/a.png", "y/A.png", "w", "-r", "z", "--draw", "out"}).exit_code, 1);
  EXPECT_EQ(List("out"), "A-3.png a-2.png a.png deep");
  EXPECT_EQ(List("out/deep"), "a.jpg");
}

TEST_F(DetectOutputTest, ASourceIsNeverOverwritten) {
  WritePicture("in/a.png");
  const std::string before = ReadFile("in/a.png");
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"detect", "in", "--draw", "in"},
                                                    {"detect", "in/a.png", "--draw", "./in/../in"},
                                                    {"detect", "in", "--json", "in/a.png"},
                                                    {"detect", "in", "--csv", "in/a.png"}}) {
    const ProgramRun run = Run(arguments);
    EXPECT_EQ(run.exit_code, 2) << arguments[2] << " " << run.err;
    EXPECT_NE(run.err.find("overwrite"), std::string::npos) << run.err;
    EXPECT_EQ(ReadFile("in/a.png"), before);
  }
  EXPECT_EQ(Run({"detect", "in", "--json", "x", "--csv", "x"}).exit_code, 2);
  EXPECT_EQ(Run({"detect", "in", "--json", "t", "--detector", "models/face-detector.onnx", "--csv",
                 "models/face-detector.onnx"})
                .exit_code,
            2);
  EXPECT_EQ(List("in"), "a.png");
}

TEST_F(DetectOutputTest, AnOutputThatCannotBeWrittenIsSaidAtOnce) {
  WritePicture("a.png");
  for (const char* path : {"absent/r.jsonl", "."}) {
    const ProgramRun run = Run({"detect", "a.png", "--json", path});
    EXPECT_EQ(run.exit_code, 10) << run.err;
    EXPECT_EQ(run.out, "");
  }
  WriteFile("file", "x");
  EXPECT_EQ(Run({"detect", "a.png", "--draw", "file"}).exit_code, 10);
  EXPECT_EQ(ReadFile("file"), "x");
}

TEST_F(DetectOutputTest, AFullDiskIsSaid) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  WritePicture("a.png");
  for (const char* option : {"--json", "--csv"}) {
    const ProgramRun run = Run({"detect", "a.png", option, "/dev/full"});
    EXPECT_EQ(run.exit_code, 10) << option << run.err;
    EXPECT_NE(run.err.find("No space left"), std::string::npos) << run.err;
  }
  const ProgramRun run = Run({"detect", "a.png"}, {.stdout_to = "/dev/full"});
  EXPECT_EQ(run.exit_code, 10) << run.err;
  EXPECT_NE(run.err.find("stdout"), std::string::npos) << run.err;
}

TEST_F(DetectOutputTest, AFullDiskLeavesNoHalfPicture) {
  fs::create_directory(folder_ / "small");
  if (::mount("none", (folder_ / "small").c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "a small file system cannot be mounted here (needs root)";
  }
  // Hard to compress: the drawn copy has some 300 KB.
  Image image(400, 400);
  uint32_t state = 1;
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  WriteImage(image, folder_ / "noise.png");
  const ProgramRun run = Run({"detect", "noise.png", "--draw", "small", "--json", "small/r.jsonl"});
  const std::string left = List("small");
  ::umount((folder_ / "small").c_str());
  EXPECT_EQ(run.exit_code, 10) << run.err;
  EXPECT_NE(run.err.find("No space left"), std::string::npos) << run.err;
  EXPECT_EQ(left, "");
}

TEST_F(DetectOutputTest, AReaderThatGoesAwayEndsTheRunQuietly) {
  WritePicture("a.png");
  std::string list;
  for (int i = 0; i < 20000; ++i) list += "a.png\n";
  WriteFile("list.txt", list);
  const ProgramRun run =
      Run({"detect", "@list.txt", "--json", "-", "--csv", "t.csv"}, {.close_stdout_after_first_line = true});
  EXPECT_EQ(run.exit_code, 10);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(List(), "a.png list.txt models") << "a temporary file was left";
}

TEST_F(DetectOutputTest, AStoppedRunKeepsWhatIsDoneUnderAnotherName) {
  WritePicture("a.png", {"g"});
  std::string list;
  for (int i = 0; i < 20000; ++i) list += "a.png\n";
  WriteFile("list.txt", list);
  for (const int signal : {SIGINT, SIGTERM}) {
    const ProgramRun run =
        Run({"detect", "@list.txt", "--json", "-", "--csv", "t.csv"}, {.signal_after_first_line = signal});
    EXPECT_EQ(run.exit_code, 130) << run.err;
    EXPECT_NE(run.err.find("t.csv.partial"), std::string::npos) << run.err;
    EXPECT_EQ(List(), "a.png list.txt models t.csv.partial");
    const std::string table = ReadFile("t.csv.partial");
    EXPECT_EQ(CountLines(table), CountLines(run.out) + 1) << "both outputs hold the same pictures";
    EXPECT_LT(CountLines(table), 20001);
    EXPECT_TRUE(table.ends_with("\n"));
  }
}

}  // namespace
}  // namespace maskscope::test
