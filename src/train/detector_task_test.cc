#include "train/detector_task.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/error.h"
#include "base/test_folder.h"
#include "data/painter.h"
#include "image/encode.h"
#include "train/detector_trainer.h"
#include "train/test_resume.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

class DetectorTaskTest : public testing::Test {
 protected:
  // Two painted pictures, as large as the network's input.
  DetectorTaskTest() {
    at::set_num_threads(1);
    for (int i = 0; i < 2; ++i) {
      const Painting painting =
          PaintGroup({.width = 128, .height = 128, .people = 1, .covers = {}, .seed = static_cast<uint64_t>(3 + i)});
      LabelledImage labels;
      labels.path = folder_ / ("p" + std::to_string(i) + ".png");
      labels.set = "painted";
      WriteImage(painting.image, labels.path);
      for (const PaintedFace& face : painting.faces) labels.faces.push_back(face.label);
      pictures_.push_back(labels);
    }
    options_.batch = 2;
    options_.validation_workers = 1;
    options_.sample.size = options_.sample.longest_side = 128;
    options_.sample.least_scale = options_.sample.greatest_scale = 1;
    options_.sample.aspect = 0;
    options_.sample.flip = options_.sample.colour = options_.sample.grey = 0;
    options_.sample.blur = options_.sample.jpeg = options_.sample.noise = 0;
  }

  DetectorTask Task() const { return {pictures_, pictures_, RetinaFaceRecord(128), options_}; }
  static Graph Network() { return BuildRetinaFace({.neck_channels = 16, .seed = 5}); }

  TestFolder folder_;
  std::vector<LabelledImage> pictures_;
  DetectorTaskOptions options_;
};

TEST_F(DetectorTaskTest, MakesBatchesThatDependOnPlaceAlone) {
  options_.sample.colour = options_.sample.noise = 1;
  const DetectorTask task = Task();
  const DetectorBatch a = task.MakeBatch(1, 4), b = task.MakeBatch(1, 4), c = task.MakeBatch(1, 5);
  EXPECT_TRUE(at::equal(a.input, b.input));
  EXPECT_TRUE(at::equal(std::get<MultiboxTargets>(a.targets).boxes, std::get<MultiboxTargets>(b.targets).boxes));
  EXPECT_FALSE(at::equal(a.input, c.input));
  EXPECT_TRUE(a.input.is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST_F(DetectorTaskTest, FeedsPicturesAsTheRecordSays) {
  pictures_.resize(1);
  Image flat(128, 128);
  for (size_t i = 0; i < flat.pixels.size(); i += 3) {
    flat.pixels[i] = 200;
    flat.pixels[i + 1] = 100;
    flat.pixels[i + 2] = 50;
  }
  WriteImage(flat, pictures_[0].path);
  const DetectorBatch batch = Task().MakeBatch(0, 0);
  EXPECT_FLOAT_EQ(batch.input[0][0][5][5].item<float>(), 50 - 104);
  EXPECT_FLOAT_EQ(batch.input[0][1][5][5].item<float>(), 100 - 117);
  EXPECT_FLOAT_EQ(batch.input[0][2][5][5].item<float>(), 200 - 123);
}

TEST_F(DetectorTaskTest, LearnsTwoPicturesByHeart) {
  DetectorTask task = Task();
  TorchGraph network(Network());
  OptimizerOptions optimizer_options;
  optimizer_options.clip_norm = 10;
  Optimizer optimizer(network.parameters(), optimizer_options);
  double first = 0, last = 0;
  constexpr int kSteps = 120;
  for (int step = 0; step < kSteps; ++step) {
    task.BeginEpoch(step, 0);
    optimizer.ZeroGradients();
    const StepResult result = task.Step(network, step, 0);
    result.loss.backward();
    optimizer.Step(5e-3);
    last = result.loss.item<double>();
    if (step == 0) first = last;
  }
  EXPECT_LT(last, 0.2 * first);
  const at::NoGradGuard no_grad;
  EXPECT_GT(FindNumber(task.Validate(network, 0), "score"), 0.95);
}

TEST_F(DetectorTaskTest, AResumedTrainingEqualsAnUninterruptedOne) {
  options_.sample.colour = options_.sample.flip = 0.5;
  LoopOptions loop;
  loop.epochs = 3;
  loop.threads = 1;
  const auto train = [&](const std::string& name, int stop_after) {
    return TrainedWeights(
        folder_.path(), name, loop, stop_after, [&] { return Network(); }, [&] { return Task(); });
  };
  EXPECT_EQ(train("whole", 0), train("stopped", 2));
}

TEST_F(DetectorTaskTest, PackagesARecordThatTheDetectorReads) {
  DetectorTask task = Task();
  const Graph graph = task.Package(Network(), {{"score", 0.5}});
  const auto record = ReadModelRecord(graph, "packaged");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->task, ModelTask::kFaceDetector);
  EXPECT_EQ(record->measured["validation"]["score"], 0.5);
}

TEST(DetectorConfig, ComesBackAsItWasWritten) {
  DetectorTrainingOptions options;
  options.data = "some/data";
  options.init = "start.safetensors";
  options.batch_norm = BatchNormMode::kFold;
  options.task.sample.size = 320;
  options.loop.schedule.peak = 0.0123;
  options.network.neck_channels = 32;
  const nlohmann::json json = ToJson(options);
  DetectorTrainingOptions back;
  ReadDetectorSettings(json, "args.yaml", back);
  EXPECT_EQ(ToJson(back), json);
  EXPECT_EQ(json["sample"]["size"], 320);
  EXPECT_THROW(ReadDetectorSettings({{"run", {{"task", "classifier"}}}}, "args.yaml", back), Error);
}

}  // namespace
}  // namespace maskscope
