// `maskscope train detector`, in small: one-stage detectors from nothing, and what is said when something is wrong.
#include "tests/cli/toy_sets.h"

namespace maskscope::test {
namespace {

class TrainDetectorTest : public DataTest {
 protected:
  void SetUp() override {
    if (Run({"train", "--help"}).out.find("classifier") == std::string::npos) GTEST_SKIP() << "built without training";
    for (int i = 0; i < 9; ++i) WriteVoc("voc", "p" + std::to_string(i), {"g.b.", "....", ".r.."});
    const ProgramRun run =
        Run({"data", "split", "voc", "voc.jsonl", "--shares", "train=0.7,validation=0.3", "--no-duplicates"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }

  ProgramRun Train(std::vector<std::string> further) const {
    std::vector<std::string> words{"train", "detector", "--data", "voc.jsonl",      "--size", "160",       "--epochs",
                                   "1",     "--batch",  "2",      "--longest-side", "160",    "--threads", "1"};
    words.insert(words.end(), further.begin(), further.end());
    return Run(words);
  }
};

TEST_F(TrainDetectorTest, YoloLeavesADetectorThatTellsStates) {
  const ProgramRun run = Train({"--recipe", "e-yolov5n", "--anchors", "keep", "--name", "toy"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ExpectSaid(run.err, {"runs/toy", "best model", "objectness_loss", "ap50_incorrect"});
  for (const char* file :
       {"args.yaml", "results.csv", "labels.svg", "train_batch0.jpg", "val_batch0_labels.jpg", "val_batch0_pred.jpg"}) {
    EXPECT_TRUE(Exists(std::string("runs/toy/") + file)) << file;
  }
  ExpectSaid(ReadFile("runs/toy/args.yaml"), {"arch: \"yolov5n\"", "optimizer: \"sgd\"", "size: 160"});
  ExpectSaid(Run({"model", "info", "runs/toy/weights/best.onnx"}).out, {"yolov5n", "mask_detector", "incorrect"});
  const ProgramRun found = Run({"detect", "voc/JPEGImages", "--detector", "runs/toy/weights/best.onnx"});
  EXPECT_EQ(found.exit_code, 0) << found.err;
  const ProgramRun measured = Run({"eval", "scenes", "--data", "voc.jsonl", "--split", "validation", "--detector",
                                   "runs/toy/weights/best.onnx", "--resamples", "10"});
  EXPECT_EQ(measured.exit_code, 0) << measured.err;
  // Going on from it, with two classes: the heads begin anew.
  const ProgramRun two = Train({"--arch", "yolov5n", "--init", "runs/toy/weights/best.onnx", "--classes",
                                "correct,none", "--anchors", "keep", "--name", "two"});
  ASSERT_EQ(two.exit_code, 0) << two.err;
  EXPECT_EQ(two.err.find("ap50_incorrect"), std::string::npos) << two.err;
}

TEST_F(TrainDetectorTest, SsdLeavesADetectorThatTellsStates) {
  const ProgramRun run = Train({"--recipe", "aizoo-ssd", "--name", "ssd"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ExpectSaid(Run({"model", "info", "runs/ssd/weights/best.onnx"}).out, {"aizoo_ssd", "mask_detector"});
  EXPECT_EQ(Run({"detect", "voc/JPEGImages", "--detector", "runs/ssd/weights/best.onnx"}).exit_code, 0);
}

TEST_F(TrainDetectorTest, WhatCannotBeTrainedLeavesNothing) {
  const auto refuses = [&](std::vector<std::string> words, const std::vector<std::string>& parts) {
    const ProgramRun run = Train(words);
    EXPECT_NE(run.exit_code, 0);
    ExpectSaid(run.err, parts);
  };
  refuses({"--arch", "yolo5n"}, {"'yolo5n'", "yolov5n"});
  refuses({"--arch", "retinaface"}, {"--init is missing"});
  refuses({"--arch", "yolov5n", "--classes", "none,correct"}, {"classes", "in this order"});
  refuses({"--arch", "yolov5n", "--anchors", "some"}, {"'some'", "auto, keep or fit"});
  refuses({"--arch", "yolov5n", "--init", "absent.pt"}, {"absent.pt"});
  refuses({"--arch", "yolov5n", "--sizes", "160,170"}, {"170", "multiple of 32"});
  refuses({"--arch", "yolov5n", "--teacher", "absent.onnx"}, {"absent.onnx"});
  EXPECT_FALSE(Exists("runs/detector"));
}

}  // namespace
}  // namespace maskscope::test
