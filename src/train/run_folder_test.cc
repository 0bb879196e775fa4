#include "train/run_folder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data/test_folder.h"

namespace maskscope {
namespace {

TEST(RunFolder, CountsUpWhereTheNameIsTaken) {
  const TestFolder folder;
  const auto runs = folder / "runs";  // made as needed
  EXPECT_EQ(RunFolder::Create(runs, "mask").path(), runs / "mask");
  EXPECT_EQ(RunFolder::Create(runs, "mask").path(), runs / "mask2");
  EXPECT_EQ(RunFolder::Create(runs, "mask").path(), runs / "mask3");
  EXPECT_EQ(RunFolder::Create(runs, "face").path(), runs / "face");
  std::filesystem::remove_all(runs / "mask2");
  EXPECT_EQ(RunFolder::Create(runs, "mask").path(), runs / "mask2");
}

TEST(RunFolder, RefusesNamesThatAreNotPlain) {
  const TestFolder folder;
  for (const char* name : {"", ".", "..", "a/b", "/a"}) {
    ExpectError(ErrorKind::kUsage, {"folder name"}, [&] { RunFolder::Create(folder.path(), name); });
  }
  folder.Write("file", "not a folder");
  ExpectError(ErrorKind::kOutput, {"file"}, [&] { RunFolder::Create(folder / "file", "run"); });
}

TEST(RunFolder, KeepsTheSettings) {
  const TestFolder folder;
  const RunFolder run = RunFolder::Create(folder.path(), "run");
  EXPECT_TRUE(std::filesystem::is_directory(run.best_model().parent_path()));
  ExpectError(ErrorKind::kNotFound, {"run", "args.yaml"}, [&] { RunFolder::Open(run.path()); });
  const nlohmann::json settings{{"training", {{"epochs", 3}, {"learning_rate", 0.1}}}};
  run.WriteArgs(settings);
  EXPECT_EQ(RunFolder::Open(run.path()).ReadArgs(), settings);
  folder.Write("run/args.yaml", "training: [");
  ExpectError(ErrorKind::kBadData, {"args.yaml"}, [&] { RunFolder::Open(run.path()).ReadArgs(); });
}

TEST(RunFolder, WritesResultsAsATable) {
  const TestFolder folder;
  const RunFolder run = RunFolder::Create(folder.path(), "run");
  run.WriteResults({});
  EXPECT_FALSE(std::filesystem::exists(run.path() / "results.csv"));
  run.WriteResults({{{"epoch", 1}, {"loss", 0.25}, {"score", std::nan("")}},
                    {{"score", 0.5}, {"epoch", 2}},
                    {{"epoch", 3}, {"loss", 1e-9}, {"score", 1}, {"unknown", 7}}});
  EXPECT_EQ(ReadFileText(run.path() / "results.csv"), "epoch,loss,score\n1,0.25,\n2,,0.5\n3,1e-09,1\n");
}

TEST(NamedNumbers, AreFoundByName) {
  EXPECT_EQ(FindNumber({{"a", 1}, {"b", 2}}, "b"), 2);
  EXPECT_TRUE(std::isnan(FindNumber({{"a", 1}}, "c")));
}

}  // namespace
}  // namespace maskscope
