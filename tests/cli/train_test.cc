// `maskscope train`, in small: what a run leaves, recipes, and what is said when something is wrong.
#include "tests/cli/toy_sets.h"

namespace maskscope::test {
namespace {

class TrainTest : public DataTest {
 protected:
  void SetUp() override {
    if (Run({"train", "--help"}).out.find("classifier") == std::string::npos) GTEST_SKIP() << "built without training";
    WriteSplitSet("voc", {"g.b.", "....", ".r.."});
  }

  // Twelve pictures of these cells as NAME.jsonl, dealt out to train and validation.
  void WriteSplitSet(const std::string& name, const std::vector<std::string>& rows) {
    for (int i = 0; i < 12; ++i) WriteVoc(name, "p" + std::to_string(i), rows);
    const ProgramRun run =
        Run({"data", "split", name, name + ".jsonl", "--shares", "train=0.7,validation=0.3", "--no-duplicates"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }

  ProgramRun Train(std::vector<std::string> further, const std::string& data = "voc.jsonl") const {
    std::vector<std::string> words{"train", "classifier", "--data", data,       "--width", "0.25",      "--size",
                                   "32",    "--batch",    "4",      "--epochs", "2",       "--threads", "1"};
    words.insert(words.end(), further.begin(), further.end());
    return Run(words);
  }
};

TEST_F(TrainTest, LeavesAFolderOneCanRead) {
  const ProgramRun run = Train({"--name", "toy"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ExpectSaid(run.err, {"runs/toy", "best model", "weights/best.onnx"});
  EXPECT_EQ(List("runs/toy/weights"), "best.onnx checkpoint.safetensors last.onnx");
  for (const char* file :
       {"args.yaml", "environment.json", "results.csv", "results.svg", "labels.svg", "confusion_matrix.svg",
        "f1_curve.csv", "reliability.svg", "validation.csv", "train_batch0.jpg", "val_batch0_pred.jpg"}) {
    EXPECT_TRUE(Exists(std::string("runs/toy/") + file)) << file;
  }
  const std::string results = ReadFile("runs/toy/results.csv");
  EXPECT_EQ(std::count(results.begin(), results.end(), '\n'), 3) << results;
  EXPECT_EQ(Run({"model", "info", "runs/toy/weights/best.onnx"}).exit_code, 0);
  // The next one of the name stands beside it; a finished one has nothing left to do.
  ASSERT_EQ(Train({"--name", "toy"}).exit_code, 0);
  EXPECT_EQ(List("runs"), "toy toy2");
  EXPECT_EQ(Run({"train", "classifier", "--resume", "runs/toy"}).exit_code, 0);
  EXPECT_EQ(ReadFile("runs/toy/results.csv"), results);
}

TEST_F(TrainTest, RecipesGiveWayToOptionsWhateverTheirOrder) {
  WriteFile("mine.yaml", "training: {optimizer: sgd, schedule: step}\nloss: {mixup: 0.2}\n");
  ASSERT_EQ(Train({"--optimizer", "adagrad", "--recipe", "mine.yaml", "--name", "toy"}).exit_code, 0);
  const std::string args = ReadFile("runs/toy/args.yaml");
  ExpectSaid(args, {"optimizer: \"adagrad\"", "schedule: \"step\"", "mixup: 0.2", "width: 0.25"});
  // A run's own settings are a recipe.
  ASSERT_EQ(
      Run({"train", "classifier", "--recipe", "runs/toy/args.yaml", "--epochs", "1", "--name", "again"}).exit_code, 0);
  ExpectSaid(ReadFile("runs/again/args.yaml"), {"optimizer: \"adagrad\"", "epochs: 1"});

  WriteFile("typo.yaml", "training: {optimiser: sgd}\n");
  const ProgramRun typo = Train({"--recipe", "typo.yaml"});
  EXPECT_EQ(typo.exit_code, 9);
  ExpectSaid(typo.err, {"typo.yaml", "'optimiser'", "did you mean 'optimizer'"});
  const ProgramRun unknown = Train({"--recipe", "a-resnet81"});
  EXPECT_EQ(unknown.exit_code, 3);
  ExpectSaid(unknown.err, {"a-resnet81", "a-resnet18"});
}

TEST_F(TrainTest, WhatCannotBeTrainedLeavesNothing) {
  WriteSplitSet("one", {"g..."});
  const ProgramRun one = Train({}, "one.jsonl");
  EXPECT_EQ(one.exit_code, 9);
  ExpectSaid(one.err, {"none of 'incorrect', 'none'", "two states"});
  EXPECT_FALSE(Exists("runs/classifier"));
  ExpectSaid(Train({"--lr", "0"}).err, {"learning rate"});
  ExpectSaid(Train({"--arch", "resnet81"}).err, {"resnet81", "resnet18"});
  ExpectSaid(Train({"--optimizer", "lamb"}).err, {"lamb", "adamw"});
  EXPECT_EQ(Run({"train", "classifier", "--resume", "voc"}).exit_code, 3);
  EXPECT_FALSE(Exists("runs/classifier"));
  // A batch larger than the set is filled by drawing again.
  EXPECT_EQ(Run({"train", "classifier", "--data", "voc.jsonl", "--width", "0.25", "--size", "32", "--batch", "64",
                 "--epochs", "1", "--threads", "1"})
                .exit_code,
            0);
}

TEST_F(TrainTest, TwoStatesCanBeLearntWithoutTheThird) {
  WriteSplitSet("two", {"g...", ".r.."});
  const ProgramRun two = Train({"--name", "two"}, "two.jsonl");
  EXPECT_EQ(two.exit_code, 0) << two.err;
  ExpectSaid(two.err, {"no face to learn from is 'incorrect'"});
}

TEST_F(TrainTest, WhatDoesNotFitInMemoryIsLearntFromAFile) {
  ASSERT_EQ(Train({"--name", "memory"}).exit_code, 0);
  ASSERT_EQ(Train({"--name", "file", "--memory", "0"}).exit_code, 0);
  EXPECT_EQ(ReadFile("runs/memory/validation.csv"), ReadFile("runs/file/validation.csv"));
  EXPECT_EQ(List("runs/memory"), List("runs/file"));
}

TEST_F(TrainTest, FindsALearningRate) {
  const ProgramRun run = Train({"--find-rate", "--name", "rates"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out.substr(0, 5), "--lr ") << run.out;
  EXPECT_TRUE(Exists("runs/rates/rates.svg"));
}

TEST_F(TrainTest, AHeadOfItsOwnLearnsOnAFrozenBody) {
  ASSERT_EQ(Train({"--freeze", "body", "--hidden", "16", "--name", "head"}).exit_code, 0);
  ASSERT_EQ(
      Train({"--init", "runs/head/weights/best.onnx", "--teacher", "runs/head/weights/best.onnx", "--name", "pupil"})
          .exit_code,
      0);
  ExpectSaid(Run({"model", "info", "runs/head/weights/best.onnx"}).out, {"Gemm 2"});
}

}  // namespace
}  // namespace maskscope::test
