#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <set>

#include "base/expect_error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "data/painter.h"
#include "engine/engine.h"
#include "graph/onnx_io.h"
#include "image/decode.h"
#include "image/encode.h"
#include "train/detector_task.h"
#include "train/detector_trainer.h"
#include "train/test_resume.h"
#include "zoo/detectors.h"

// YOLOv5 and SSD, which tell mask states themselves, learn drawn pictures.
namespace maskscope {
namespace {

constexpr int kSide = 160;  // pixels: the least that AIZOO's network takes
const std::vector<std::string> kStates{"correct", "incorrect", "none"};

class OneStageTest : public testing::TestWithParam<std::string> {
 protected:
  // Three painted pictures, one of each state.
  OneStageTest() {
    at::set_num_threads(1);
    const FaceCover covers[] = {FaceCover::kMask, FaceCover::kMaskUnderNose, FaceCover::kBare};
    for (size_t i = 0; i < 3; ++i) {
      const Painting painting =
          PaintGroup({.width = kSide, .height = kSide, .people = 1, .covers = {covers[i]}, .seed = 3 + i});
      LabelledImage labels;
      labels.path = folder_ / ("p" + std::to_string(i) + ".png");
      labels.set = "painted";
      labels.width = labels.height = kSide;
      WriteImage(painting.image, labels.path);
      for (const PaintedFace& face : painting.faces) labels.faces.push_back(face.label);
      pictures_.push_back(labels);
    }
    options_.batch = 4;
    options_.validation_workers = 1;
    options_.sample.size = options_.sample.longest_side = kSide;
    options_.sample.least_scale = options_.sample.greatest_scale = 1;
    options_.sample.aspect = 0;
    options_.sample.flip = options_.sample.colour = options_.sample.grey = 0;
    options_.sample.blur = options_.sample.jpeg = options_.sample.noise = 0;
    // The gains are stated for 640 pixels and 80 classes.
    options_.criterion.yolo.objectness_gain = 8;
    options_.criterion.yolo.class_gain = 10;
  }

  static bool yolo() { return GetParam() == "yolov5"; }
  static ModelRecord Record() {
    return yolo() ? YoloV5Record("yolov5n", kSide, kStates) : AizooSsdRecord(kSide, kStates);
  }
  static Graph Network() {
    return yolo() ? BuildYoloV5({.depth = 0.33f, .width = 0.125f, .classes = 3, .seed = 5})
                  : BuildAizooSsd({.classes = 3, .seed = 5});
  }
  DetectorTask Task() const { return {pictures_, pictures_, Record(), options_}; }

  TestFolder folder_;
  std::vector<LabelledImage> pictures_;
  DetectorTaskOptions options_;
};

TEST_P(OneStageTest, LearnsThreePicturesByHeart) {
  DetectorTask task = Task();
  TorchGraph network(Network());
  OptimizerOptions optimizer_options;
  optimizer_options.clip_norm = 10;
  Optimizer optimizer(network.parameters(), optimizer_options);
  double first = 0, last = 0;
  const int steps = yolo() ? 120 : 60;
  for (int step = 0; step < steps; ++step) {
    task.BeginEpoch(step, 0);
    optimizer.ZeroGradients();
    const StepResult result = task.Step(network, step, 0);
    result.loss.backward();
    optimizer.Step(3 * step < 2 * steps ? 5e-3 : 1e-3);
    last = result.loss.item<double>();
    if (step == 0) first = last;
  }
  EXPECT_LT(last, 0.5 * first);
  const at::NoGradGuard no_grad;
  const NamedNumbers numbers = task.Validate(network, 0);
  EXPECT_GT(FindNumber(numbers, "ap50"), 0.95);
  EXPECT_GT(FindNumber(numbers, "map50_states"), 0.95);
}

TEST_P(OneStageTest, AResumedTrainingEqualsAnUninterruptedOne) {
  options_.sample.mosaic = options_.sample.flip = 0.5;
  options_.sample.hsv = {0.02f, 0.5f, 0.4f};
  options_.sizes = {160, 192};
  options_.batch = 2;
  for (int i = 0; i < 3; ++i) pictures_.push_back(pictures_[static_cast<size_t>(i)]);
  LoopOptions loop;
  loop.epochs = 2;
  loop.threads = 1;
  const auto train = [&](const std::string& name, int stop_after) {
    return TrainedWeights(
        folder_.path(), name, loop, stop_after, [&] { return Network(); }, [&] { return Task(); });
  };
  EXPECT_EQ(train("whole", 0), train("stopped", 4));
}

TEST_P(OneStageTest, BatchesDependOnPlaceAlone) {
  options_.sample.mosaic = 0.5;
  options_.sizes = {160, 192};
  const DetectorTask task = Task();
  std::set<int64_t> sizes;
  for (int64_t step = 0; step < 8; ++step) {
    const DetectorBatch a = task.MakeBatch(1, step), b = task.MakeBatch(1, step);
    EXPECT_TRUE(at::equal(a.input, b.input));
    EXPECT_EQ(a.input.size(2), a.input.size(3));
    sizes.insert(a.input.size(2));
  }
  EXPECT_EQ(sizes, (std::set<int64_t>{160, 192}));
}

TEST_P(OneStageTest, FacesOfAStateWithoutAClassTeachOnlyWhereTheyAre) {
  const std::vector<std::string> two{"correct", "none"};
  const ModelRecord record = yolo() ? YoloV5Record("yolov5n", kSide, two) : AizooSsdRecord(kSide, two);
  EXPECT_EQ(ClassOfFace(record, MaskState::kCorrect), 0);
  EXPECT_EQ(ClassOfFace(record, MaskState::kIncorrect), -1);
  EXPECT_EQ(ClassOfFace(record, MaskState::kNone), 1);
  EXPECT_EQ(ClassOfFace(record, std::nullopt), -1);
  const ModelRecord faces = yolo() ? YoloV5Record("yolov5n", kSide, {"face"}) : AizooSsdRecord(kSide, {"face"});
  EXPECT_EQ(faces.task, ModelTask::kFaceDetector);
  EXPECT_EQ(ClassOfFace(faces, MaskState::kIncorrect), 0);
}

TEST_P(OneStageTest, EpochsAreAsLongAsAskedFor) {
  EXPECT_EQ(Task().PicturesPerEpoch(0), 4);  // three pictures fill no batch of four, one is drawn twice
  options_.draws_per_epoch = 42;
  EXPECT_EQ(Task().StepsPerEpoch(0), 10);
  EXPECT_EQ(Task().PicturesPerEpoch(0), 40);
}

TEST_P(OneStageTest, ShowsWhatItLearnsFrom) {
  const DetectorTask task = Task();
  const RunFolder folder = RunFolder::Create(folder_.path(), "shown");
  task.DrawStart(folder);
  const Image sheet = ReadImage(folder.path() / "train_batch0.jpg").image;
  EXPECT_GT(sheet.width, 4 * 300);  // four pictures in one row
  EXPECT_GT(sheet.height, 300);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "labels.svg"));
  const std::string table = ReadFileText(folder.path() / "labels.csv", 1 << 20);
  EXPECT_NE(table.find("incorrect"), std::string::npos) << table;
}

INSTANTIATE_TEST_SUITE_P(All, OneStageTest, testing::Values("yolov5", "aizoo_ssd"),
                         [](const auto& named) { return named.param; });

DetectorTrainingOptions OptionsOf(const std::string& arch) {
  DetectorTrainingOptions options;
  options.data = "some/data";
  options.arch = arch;
  return options;
}

TEST(OneStageOptions, NamesWhatIsWrong) {
  DetectorTrainingOptions options = OptionsOf("yolov6");
  ExpectError(ErrorKind::kUsage, {"'yolov6'", "yolov5n"}, [&] { options.Validate(); });
  options = OptionsOf("yolov5n");
  for (const auto& classes : std::vector<std::vector<std::string>>{
           {}, {"none", "correct"}, {"correct", "correct"}, {"none"}, {"face", "none"}, {"mask", "none"}}) {
    options.classes = classes;
    ExpectError(ErrorKind::kUsage, {"classes", "in this order"}, [&] { options.Validate(); });
  }
  for (const auto& classes : std::vector<std::vector<std::string>>{{"face"}, {"correct", "none"}, kStates}) {
    options.classes = classes;
    EXPECT_NO_THROW(options.Validate());
  }
  options.states = true;
  ExpectError(ErrorKind::kUsage, {"states", "RetinaFace"}, [&] { options.Validate(); });
  options = OptionsOf("yolov5n");
  options.task.sizes = {320, 330};
  ExpectError(ErrorKind::kUsage, {"330", "multiple of 32"}, [&] { options.Validate(); });
  options = OptionsOf("aizoo_ssd");
  options.task.sizes = {128};
  options.task.batch = 1;
  ExpectError(ErrorKind::kUsage, {"128", "at least 160", "batch"}, [&] { options.Validate(); });
  options = OptionsOf("yolov5n");
  options.task.sample.mosaic = 2;
  ExpectError(ErrorKind::kUsage, {"probability"}, [&] { options.Validate(); });
}

TEST(OneStageStart, TakesWeightsAndAnchorsOverButNotHeadsOfOtherClasses) {
  const TestFolder folder;
  DetectorTrainingOptions options = OptionsOf("yolov5n");
  options.network.seed = 9;
  Graph first = ReadDetectorStart(options);
  ModelRecord record = *ReadModelRecord(first, "start");
  record.decoding.anchors[0][0] = 11;
  StoreModelRecord(record, first);
  WriteOnnx(first, folder / "first.onnx");

  options.network.seed = 10;
  options.init = folder / "first.onnx";
  const Graph same = ReadDetectorStart(options);
  EXPECT_EQ(same.initializers.at("model.0.conv.weight"), first.initializers.at("model.0.conv.weight"));
  EXPECT_EQ(same.initializers.at("model.24.m.1.weight"), first.initializers.at("model.24.m.1.weight"));
  EXPECT_EQ(ReadModelRecord(same, "same")->decoding.anchors[0][0], 11);

  options.classes = {"correct", "none"};
  const Graph other = ReadDetectorStart(options);
  EXPECT_EQ(other.initializers.at("model.0.conv.weight"), first.initializers.at("model.0.conv.weight"));
  EXPECT_EQ(other.initializers.at("model.24.m.1.weight").shape, (Shape{21, 128, 1, 1}));

  options.arch = "yolov5s";
  ExpectError(ErrorKind::kBadModel, {"first.onnx", "yolov5s", "another shape"}, [&] { ReadDetectorStart(options); });
  options.arch = "aizoo_ssd";
  ExpectError(ErrorKind::kBadModel, {"first.onnx", "yolov5_raw", "ssd_aizoo"}, [&] { ReadDetectorStart(options); });
  options.init = folder / "absent.onnx";
  ExpectError(ErrorKind::kNotFound, {"absent.onnx"}, [&] { ReadDetectorStart(options); });
}

TEST(OneStageStart, SaysOfAnEmptyPictureThatItIsEmpty) {
  for (const std::string arch : {"yolov5n", "aizoo_ssd"}) {
    DetectorTrainingOptions options = OptionsOf(arch);
    const Graph graph = ReadDetectorStart(options);
    const auto record = ReadModelRecord(graph, arch);
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->task, ModelTask::kMaskDetector);
    EXPECT_EQ(record->classes, kStates);
    DetectorOptions detector;
    detector.score_threshold = 0.2f;
    if (arch == "yolov5n") detector.longest_side = kSide;
    const Detector start(std::make_shared<Engine>(graph, EngineOptions{.precision = Precision::kF32}), *record,
                         detector);
    EXPECT_TRUE(start.Detect(Image(128, 96, 114), 128, 96).empty()) << arch;
  }
}

TEST(OneStageTeacher, MustBeADetector) {
  const TestFolder folder;
  DetectorTrainingOptions options = OptionsOf("yolov5n");
  Graph graph = BuildAizooSsd({.draw_weights = false});
  WriteOnnx(graph, folder / "plain.onnx");
  options.teacher_model = folder / "plain.onnx";
  ExpectError(ErrorKind::kBadModel, {"plain.onnx", "no model record"}, [&] { ReadDetectorTeacher(options); });
}

}  // namespace
}  // namespace maskscope
