// Pictures, folders and models that are broken, odd or meant to harm: a clear message, the right exit code, and the
// others still go through.
#include <sys/stat.h>
#include <turbojpeg.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "image/encode.h"
#include "image/test_pictures.h"
#include "tests/cli/toy_pictures.h"

namespace maskscope::test {
namespace {

namespace fs = std::filesystem;

std::string_view AsText(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

class DetectBadInputTest : public ProgramTest {
 protected:
  // One picture that fails: its exit code, its kind in the JSON, and a message that names it.
  void ExpectFailure(const std::string& source, int exit_code, const std::string& kind) {
    const ProgramRun run = Run({"detect", source});
    EXPECT_EQ(run.exit_code, exit_code) << source << "\n" << run.err;
    const auto lines = run.json_lines();
    ASSERT_EQ(lines.size(), 1u) << source;
    ASSERT_TRUE(lines[0]["error"].is_object()) << lines[0];
    EXPECT_EQ(lines[0]["error"]["kind"], kind) << lines[0];
    EXPECT_EQ(lines[0]["faces"], nlohmann::json::array());
    const std::string message = lines[0]["error"]["message"];
    EXPECT_NE(message.find(source), std::string::npos) << "the picture is not named: " << message;
    EXPECT_NE(run.err.find(message), std::string::npos) << "not on stderr: " << run.err;
  }

  // A picture with one green face in the upper left cell.
  void ExpectOneFace(const std::string& source) {
    const ProgramRun run = Run({"detect", source});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(StatesOf(run.json_lines().at(0)), "correct") << source << " " << run.out;
  }

  Bytes Jpeg() const { return EncodeJpeg(ToyPicture({"gb.", "..r"})); }
};

TEST_F(DetectBadInputTest, MissingFile) { ExpectFailure("absent.jpg", 3, "not_found"); }
TEST_F(DetectBadInputTest, MissingFolderOfAFile) { ExpectFailure("absent/a.jpg", 3, "not_found"); }
TEST_F(DetectBadInputTest, AWildcardThatMatchesNothing) { ExpectFailure("absent*.jpg", 3, "not_found"); }

TEST_F(DetectBadInputTest, EmptyFile) {
  WriteFile("empty.jpg", "");
  ExpectFailure("empty.jpg", 5, "bad_image");
}

TEST_F(DetectBadInputTest, TextNamedJpg) {
  WriteFile("text.jpg", "Dear Sir or Madam,\nplease find my photo attached.\n");
  ExpectFailure("text.jpg", 5, "bad_image");
}

TEST_F(DetectBadInputTest, TruncatedJpeg) {
  const Bytes whole = Jpeg();
  for (const double share : {0.02, 0.3, 0.6, 0.9}) {
    WriteFile("cut.jpg", AsText(whole).substr(0, static_cast<size_t>(share * static_cast<double>(whole.size()))));
    ExpectFailure("cut.jpg", 5, "bad_image");
  }
}

TEST_F(DetectBadInputTest, PngBomb) {
  WriteFile("bomb.png", AsText(MakePng(30000, 30000, 8, 2, Bytes(1000, 0))));
  ExpectFailure("bomb.png", 6, "too_large");
}

TEST_F(DetectBadInputTest, TheLimitOfPixelsCanBeSet) {
  WritePicture("a.png", {"g."});
  EXPECT_EQ(Run({"detect", "a.png", "--max-pixels", "2000"}).exit_code, 6);
  EXPECT_EQ(Run({"detect", "a.png", "--max-pixels", "3k"}).exit_code, 0);
  EXPECT_EQ(Run({"detect", "a.png", "--max-pixels", "lots"}).exit_code, 2);
}

TEST_F(DetectBadInputTest, OddButReadablePictures) {
  const Image picture = ToyPicture({"g.", ".."});
  cv::Mat bgr(picture.height, picture.width, CV_8UC3);
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const uint8_t* p = picture.row(y) + 3 * x;
      bgr.at<cv::Vec3b>(y, x) = {p[2], p[1], p[0]};
    }
  }
  cv::Mat deep, alpha(picture.height, picture.width, CV_8UC4), grey(picture.height, picture.width, CV_8UC1);
  bgr.convertTo(deep, CV_16U, 257);
  cv::imwrite(folder_ / "deep.png", deep);
  ExpectOneFace("deep.png");

  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      const cv::Vec3b p = bgr.at<cv::Vec3b>(y, x);
      alpha.at<cv::Vec4b>(y, x) = {p[0], p[1], p[2], 255};
      grey.at<uint8_t>(y, x) = p[1];
    }
  }
  cv::imwrite(folder_ / "alpha.png", alpha);
  ExpectOneFace("alpha.png");
  cv::imwrite(folder_ / "grey.jpg", grey);
  // White is as much of one state as of another.
  EXPECT_EQ(StatesOf(Run({"detect", "grey.jpg"}).json_lines().at(0)), "unsure");
  cv::imwrite(folder_ / "picture.bmp", bgr);
  ExpectOneFace("picture.bmp");
  cv::imwrite(folder_ / "picture.webp", bgr);
  ExpectOneFace("picture.webp");
  cv::imwrite(folder_ / "picture.tif", bgr);
  ExpectOneFace("picture.tif");
}

TEST_F(DetectBadInputTest, CmykJpeg) {
  // Adobe's inverted CMYK: ink values are stored as 255 - ink, so green is (0, 255, 0, 255).
  Image picture = ToyPicture({"g.", ".."});
  const size_t pixels = picture.pixels.size() / 3;
  std::vector<uint8_t> cmyk(4 * pixels, 255);
  for (size_t i = 0; i < pixels; ++i) std::copy_n(&picture.pixels[3 * i], 3, &cmyk[4 * i]);
  const tjhandle compressor = ::tjInitCompress();
  unsigned char* jpeg = nullptr;
  unsigned long size = 0;
  ASSERT_EQ(::tjCompress2(compressor, cmyk.data(), picture.width, 0, picture.height, TJPF_CMYK, &jpeg, &size,
                          TJSAMP_444, 95, 0),
            0);
  WriteFile("cmyk.jpg", {reinterpret_cast<const char*>(jpeg), size});
  ::tjFree(jpeg);
  ::tjDestroy(compressor);
  const ProgramRun run = Run({"detect", "cmyk.jpg"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().at(0)["width"], 64) << run.out;
}

TEST_F(DetectBadInputTest, UnsupportedFormats) {
  WriteFile("moving.gif",
            std::string_view("GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xff\x0bNETSCAPE2.0\3\1\0\0\0;", 40));
  ExpectFailure("moving.gif", 7, "unsupported");
  WriteFile("phone.heic", std::string_view("\0\0\0\x18"
                                           "ftypheic\0\0\0\0mif1heic",
                                           24));
  ExpectFailure("phone.heic", 7, "unsupported");
}

TEST_F(DetectBadInputTest, OnePixel) {
  WriteImage(Image(1, 1, 255), folder_ / "one.png");
  const ProgramRun run = Run({"detect", "one.png", "--draw", "out"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().at(0)["width"], 1);
  EXPECT_EQ(List("out"), "one.png");
}

TEST_F(DetectBadInputTest, PipesAndLoopsAreNotWaitedFor) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe.jpg").c_str(), 0600), 0);
  ExpectFailure("pipe.jpg", 4, "unreadable");
  fs::create_symlink("round.jpg", folder_ / "round.jpg");
  ExpectFailure("round.jpg", 4, "unreadable");
  fs::create_symlink("gone.jpg", folder_ / "dangling.jpg");
  ExpectFailure("dangling.jpg", 3, "not_found");
}

TEST_F(DetectBadInputTest, UnreadableFoldersAndFiles) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody who may not read";
  WritePicture("in/open.png", {"g"});
  WritePicture("in/closed.png", {"g"});
  WritePicture("in/locked/a.png", {"g"});
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::permissions(folder_ / "in/closed.png", fs::perms::none);
  fs::permissions(folder_ / "in/locked", fs::perms::none);
  const ProgramRun alone = Run({"detect", "in/locked"}, {.as_nobody = true});
  if (alone.exit_code == 126 || alone.exit_code == 127) GTEST_SKIP() << "the program cannot be reached by nobody";
  EXPECT_EQ(alone.exit_code, 4) << alone.err;
  EXPECT_NE(alone.err.find("in/locked"), std::string::npos) << alone.err;

  const ProgramRun all = Run({"detect", "in", "-r"}, {.as_nobody = true});
  EXPECT_EQ(all.exit_code, 1) << all.err;
  const auto lines = all.json_lines();
  ASSERT_EQ(lines.size(), 3u) << all.out;
  int readable = 0;
  for (const auto& line : lines) {
    if (line["error"].is_null()) {
      ++readable;
    } else {
      EXPECT_EQ(line["error"]["kind"], "unreadable") << line;
    }
  }
  EXPECT_EQ(readable, 1);
}

TEST_F(DetectBadInputTest, AFolderWithoutPictures) {
  fs::create_directory(folder_ / "empty");
  ExpectFailure("empty", 3, "not_found");
  EXPECT_NE(Run({"detect", "empty"}).err.find("--recursive"), std::string::npos);
}

TEST_F(DetectBadInputTest, TheOthersStillGoThroughAndAreCounted) {
  WritePicture("in/a.png", {"g"});
  WriteFile("in/b.jpg", "text");
  WriteFile("in/c.jpg", "");
  WriteFile("in/d.png", AsText(MakePng(30000, 30000, 8, 2, Bytes(1000, 0))));
  WritePicture("in/e.png", {"r"});
  const ProgramRun run = Run({"detect", "in", "absent.jpg", "--draw", "out"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  const auto lines = run.json_lines();
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(StatesOf(lines[0]), "correct");
  EXPECT_EQ(StatesOf(lines[4]), "none");
  EXPECT_NE(run.err.find("4 failures"), std::string::npos) << run.err;
  for (const char* word : {"bad_image", "too_large", "not_found", "in/b.jpg", "absent.jpg"}) {
    EXPECT_NE(run.err.find(word), std::string::npos) << word << " is missing in\n" << run.err;
  }
  EXPECT_EQ(List("out"), "a.png e.png");
}

TEST_F(DetectBadInputTest, WhereAllFailAlikeTheExitCodeSaysHow) {
  WriteFile("in/a.jpg", "text");
  WriteFile("in/b.jpg", "more text");
  EXPECT_EQ(Run({"detect", "in"}).exit_code, 5);
  EXPECT_EQ(Run({"detect", "in", "absent.jpg"}).exit_code, 1);
}

TEST_F(DetectBadInputTest, AListThatCannotBeReadEndsTheRun) {
  EXPECT_EQ(Run({"detect", "@absent.txt"}).exit_code, 3);
  WriteFile("list.txt", "\n\n");
  EXPECT_EQ(Run({"detect", "@list.txt"}).exit_code, 3);
}

TEST_F(DetectBadInputTest, BrokenModels) {
  WritePicture("a.png");
  const std::string good = ReadFile("models/face-detector.onnx");
  const auto exit_code = [this](const std::string& detector, const std::string& named = "") {
    const ProgramRun run = Run({"detect", "a.png", "--detector", detector, "--json", "r.jsonl", "--draw", "out"});
    EXPECT_NE(run.err.find(named.empty() ? detector : named), std::string::npos) << "not named: " << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_FALSE(Exists("r.jsonl")) << "a result without a model";
    return run.exit_code;
  };
  EXPECT_EQ(exit_code("absent.onnx"), 3);
  WriteFile("empty.onnx", "");
  EXPECT_EQ(exit_code("empty.onnx"), 8);
  WriteFile("text.onnx", "this is not a model\n");
  EXPECT_EQ(exit_code("text.onnx"), 8);
  for (const double share : {0.01, 0.5, 0.99}) {
    WriteFile("cut.onnx", good.substr(0, static_cast<size_t>(share * static_cast<double>(good.size()))));
    EXPECT_EQ(exit_code("cut.onnx"), 8) << share;
  }
  EXPECT_EQ(exit_code("models"), 3) << "a folder without the files of a cascade";
  EXPECT_EQ(exit_code("models/mask-classifier.onnx", "toy-classifier"), 8) << "a classifier cannot find faces";
}

}  // namespace
}  // namespace maskscope::test
