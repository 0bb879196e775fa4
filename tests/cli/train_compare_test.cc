// maskscope train compare: works in every build, with or without libtorch.
#include "base/files.h"
#include "tests/cli/toy_pictures.h"

namespace maskscope::test {
namespace {

class TrainCompareTest : public ProgramTest {
 protected:
  TrainCompareTest() {
    WriteRun("runs/a", "{\"epochs\": 2, \"learning_rate\": 0.001}", "epoch,loss,score\n1,0.9,0.5\n2,0.6,0.75\n");
    WriteRun("runs/b", "{\"epochs\": 2, \"learning_rate\": 0.01}", "epoch,loss,f1,score\n1,0.8,,0.8\n");
  }
  void WriteRun(const std::string& run, const std::string& settings, const std::string& results) {
    MakeFolder(folder_ / run);
    WriteFile(run + "/config.json", settings);
    WriteFile(run + "/results.csv", results);
  }
};

TEST_F(TrainCompareTest, TablesToStdoutReportToFolder) {
  const ProgramRun run = Run({"train", "compare", "runs/a", "runs/b", "--out", "out"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("|   0.75 |                 0.8 |"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("1 of 2 (unfinished)"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("learning_rate"), std::string::npos) << run.out;
  EXPECT_NE(run.err.find("out/compare.html"), std::string::npos) << run.err;
  for (const char* name : {"compare.html", "curves.svg", "curves.csv", "metrics.csv", "settings.csv"}) {
    EXPECT_TRUE(Exists(std::string("out/") + name)) << name;
  }
  EXPECT_FALSE(Exists("out/intervals.csv"));
  EXPECT_EQ(ReadFile("out/metrics.csv"),
            ",a,b\nepochs,2 of 2,1 of 2 (unfinished)\nbest epoch,2,1\nloss,0.6,0.8\nscore,0.75,0.8\nf1,,\n");
  EXPECT_TRUE(ReadFile("out/curves.svg").starts_with("<svg")) << ReadFile("out/curves.svg").substr(0, 100);
}

TEST_F(TrainCompareTest, ErrorsNameFileAndLine) {
  WriteRun("runs/broken", "{}", "epoch,loss\n1,0.5\n2,much\n");
  const ProgramRun broken = Run({"train", "compare", "runs/a", "runs/broken", "--out", "out"});
  EXPECT_EQ(broken.exit_code, 9);
  EXPECT_EQ(broken.out, "");
  EXPECT_NE(broken.err.find("runs/broken/results.csv', line 3, column 'loss'"), std::string::npos) << broken.err;
  EXPECT_FALSE(Exists("out"));
  EXPECT_EQ(Run({"train", "compare", "runs"}).exit_code, 3);
  EXPECT_EQ(Run({"train", "compare"}).exit_code, 2);
  EXPECT_EQ(Run({"train", "compare", "runs/a", "runs/a/"}).exit_code, 2);
}

}  // namespace
}  // namespace maskscope::test
