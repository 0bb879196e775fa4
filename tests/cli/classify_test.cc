#include "tests/cli/toy_pictures.h"

namespace maskscope::test {
namespace {

class ClassifyTest : public ProgramTest {};

TEST_F(ClassifyTest, AWholePictureIsOneFace) {
  WritePicture("green.png", {"g"});
  WritePicture("dark red.jpg", {"r"});
  const ProgramRun run = Run({"classify", "green.png", "dark red.jpg"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = run.json_lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(StatesOf(lines[0]), "correct");
  EXPECT_EQ(StatesOf(lines[1]), "none");
  EXPECT_EQ(lines[0]["faces"][0]["box"], (nlohmann::json{0, 0, 32, 32}));
  EXPECT_EQ(lines[0]["faces"][0]["score"], 1.0);
  EXPECT_EQ(lines[0]["schema"], "maskscope.result/1");
}

TEST_F(ClassifyTest, GivenBoxesAreFaces) {
  WritePicture("a.png", {"gb", ".r"});
  WritePicture("b.png", {".g"});
  WriteFile("boxes.csv", "a.png,32,0,64,32\nb.png,32,0,64,32\na.png,0,0,32,32\n");
  const ProgramRun run = Run({"classify", "--boxes", "boxes.csv", "--draw", "out"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = run.json_lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["source"], "a.png");
  EXPECT_EQ(StatesOf(lines[0]), "incorrect correct") << "in the order of the file";
  EXPECT_EQ(StatesOf(lines[1]), "correct");
  EXPECT_EQ(List("out"), "a.png b.png");
}

TEST_F(ClassifyTest, TheTableOfDetectCanBeGivenBack) {
  WritePicture("a.png", {"g.", "br"});
  WritePicture("none.png", {"."});
  ASSERT_EQ(Run({"detect", "a.png", "none.png", "--csv", "found.csv"}).exit_code, 0);
  const ProgramRun run = Run({"classify", "--boxes", "found.csv"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = run.json_lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["faces"].size(), 3u);
  EXPECT_EQ(StatesOf(lines[0]), StatesOf(Run({"detect", "a.png"}).json_lines().at(0)));
}

TEST_F(ClassifyTest, BadRowsAreNamedByLine) {
  WritePicture("a.png");
  WriteFile("boxes.csv", "path,x1,y1,x2,y2\na.png,0,0,32,32\na.png,0,zero,32,32\na.png,32,0,32,32\n,0,0,1,1\n");
  const ProgramRun run = Run({"classify", "--boxes", "boxes.csv"});
  EXPECT_EQ(run.exit_code, 9);
  EXPECT_EQ(run.out, "");
  for (const char* word : {"boxes.csv", "3 bad rows", "line 3", "zero", "line 4", "line 5"}) {
    EXPECT_NE(run.err.find(word), std::string::npos) << word << " is missing in\n" << run.err;
  }
  EXPECT_EQ(run.err.find("line 2"), std::string::npos) << run.err;
}

TEST_F(ClassifyTest, BoxesOutsideThePictureFailThatPictureOnly) {
  WritePicture("a.png");
  WritePicture("b.png", {"g"});
  WriteFile("boxes.csv", "a.png,900,900,950,950\nb.png,0,0,32,32\nabsent.png,0,0,1,1\n");
  const ProgramRun run = Run({"classify", "--boxes", "boxes.csv"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  const auto lines = run.json_lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["error"]["kind"], "bad_data");
  EXPECT_EQ(StatesOf(lines[1]), "correct");
  EXPECT_EQ(lines[2]["error"]["kind"], "not_found");
}

TEST_F(ClassifyTest, WhatMakesNoSenseIsRefused) {
  WritePicture("a.png");
  WriteFile("boxes.csv", "a.png,0,0,32,32\n");
  EXPECT_EQ(Run({"classify"}).exit_code, 2);
  EXPECT_EQ(Run({"classify", "a.png", "--boxes", "boxes.csv"}).exit_code, 2);
  EXPECT_EQ(Run({"classify", "--boxes", "absent.csv"}).exit_code, 3);
  WriteFile("boxes.csv", "path,x1,y1,x2,y2\n");
  EXPECT_EQ(Run({"classify", "--boxes", "boxes.csv"}).exit_code, 9);
  WriteFile("boxes.csv", "a.png,1,2\n");
  EXPECT_EQ(Run({"classify", "--boxes", "boxes.csv"}).exit_code, 9);
}

}  // namespace
}  // namespace maskscope::test
