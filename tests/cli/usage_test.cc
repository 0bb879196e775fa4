// The command line itself: help, versions, slips of the finger.
#include "tests/cli/toy_pictures.h"

namespace maskscope::test {
namespace {

class UsageTest : public ProgramTest {
 protected:
  void ExpectUsageError(const std::vector<std::string>& arguments, const std::string& hint) {
    const ProgramRun run = Run(arguments);
    EXPECT_EQ(run.exit_code, 2) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_TRUE(run.err.starts_with("maskscope: ")) << run.err;
    EXPECT_NE(run.err.find(hint), std::string::npos) << "'" << hint << "' is missing in\n" << run.err;
  }
};

TEST_F(UsageTest, HelpAndVersionGoToStdout) {
  const ProgramRun version = Run({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_TRUE(version.out.starts_with("maskscope ")) << version.out;
  const ProgramRun help = Run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_EQ(help.err, "");
  for (const char* command : {"detect", "classify", "model", "train", "eval"}) {
    EXPECT_NE(help.out.find(command), std::string::npos) << command;
    const ProgramRun one = Run({command, "--help"});
    EXPECT_EQ(one.exit_code, 0) << one.err;
    EXPECT_NE(one.out.find("Usage: maskscope"), std::string::npos) << one.out;
  }
  EXPECT_NE(Run({"detect", "--help"}).out.find("Examples:"), std::string::npos);
  EXPECT_NE(Run({"model", "bench", "--help"}).out.find("--threads"), std::string::npos);
}

TEST_F(UsageTest, SlipsGetTheNearestWord) {
  ExpectUsageError({}, "detect");
  ExpectUsageError({"detcet", "a.png"}, "did you mean 'detect'");
  ExpectUsageError({"detect", "a.png", "--scroe", "0.5"}, "did you mean '--score'");
  ExpectUsageError({"detect", "a.png", "--scroe=0.5"}, "did you mean '--score'");
  ExpectUsageError({"model", "inof", "x.onnx"}, "did you mean 'info'");
  ExpectUsageError({"model"}, "info, list, bench");
  ExpectUsageError({"detect", "--scroe", "0.5"}, "--help");
}

TEST_F(UsageTest, WrongValuesAreNamed) {
  ExpectUsageError({"detect"}, "no source");
  ExpectUsageError({"detect", "a.png", "--score", "high"}, "--score");
  ExpectUsageError({"detect", "a.png", "--score", "1.5"}, "1.5");
  ExpectUsageError({"detect", "a.png", "--threads", "-3"}, "--threads");
  ExpectUsageError({"detect", "a.png", "--precision", "fp16"}, "fp16");
  ExpectUsageError({"detect", "a.png", "--json"}, "--json");
}

TEST_F(UsageTest, AfterTwoDashesEverythingIsASource) {
  WritePicture("--odd.png", {"g"});
  const ProgramRun run = Run({"detect", "--quiet", "--", "--odd.png"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().at(0)["source"], "--odd.png");
}

}  // namespace
}  // namespace maskscope::test
