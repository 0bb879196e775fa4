#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "data/painter.h"
#include "data/prepare/balance.h"
#include "data/prepare/clean.h"
#include "data/prepare/crops.h"
#include "data/test_folder.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/quality.h"
#include "image/transform.h"

namespace maskscope {
namespace {

class PrepareTest : public ::testing::Test {
 protected:
  void Paint(const std::string& name, int people, uint64_t seed, float blur = 0) {
    PainterOptions options;
    options.width = 320;
    options.height = 200;
    options.people = people;
    options.seed = seed;
    options.blur = blur;
    const Painting painting = PaintGroup(options);
    WriteImage(painting.image, folder_ / name);
    ManifestPicture picture;
    picture.path = name;
    picture.set = "drawn";
    picture.split = DatasetSplit::kTrain;
    for (const PaintedFace& face : painting.faces) {
      picture.faces.emplace_back();
      picture.faces.back().face = face.label;
    }
    dataset_.root = folder_.path();
    dataset_.header.sets["drawn"] = {};
    dataset_.pictures.push_back(picture);
  }
  int64_t Faces(const Dataset& dataset) const {
    int64_t count = 0;
    for (const auto& picture : dataset.pictures) {
      for (const auto& face : picture.faces) count += !face.face.ignore;
    }
    return count;
  }

  TestFolder folder_;
  Dataset dataset_;
};

TEST(GrowBoxTest, GrowsAboutTheCentreAndIsCutAtTheEdge) {
  EXPECT_EQ(GrowBox({40, 40, 60, 80}, 2.0, 200, 200), (Box{30, 20, 70, 100}));
  EXPECT_EQ(GrowBox({40, 40, 60, 80}, 1.5, 200, 200), (Box{35, 30, 65, 90}));
  EXPECT_EQ(GrowBox({0, 0, 20, 40}, 2.0, 25, 200), (Box{0, 0, 25, 60}));
}

TEST_F(PrepareTest, CutsEveryFaceOrSaysWhyNot) {
  Paint("a.png", 6, 1);
  Paint("b.png", 5, 2);
  dataset_.pictures[0].faces[0].face.ignore = true;
  dataset_.pictures[0].faces[1].face.state.reset();
  dataset_.pictures[1].split = DatasetSplit::kTest;
  ManifestPicture missing = dataset_.pictures[1];
  missing.path = "missing.png";
  dataset_.pictures.push_back(missing);
  CropOptions options;
  options.size = 96;
  options.not_a_face = 12;
  options.factor = 1.5;
  const CropsResult result = WriteCrops(dataset_, folder_ / "crops", options);
  const auto dropped = CountDropped(result.dropped);
  EXPECT_EQ(dropped.at("ignored"), 1);
  EXPECT_EQ(dropped.at("no_state"), 1);
  EXPECT_EQ(dropped.at("unreadable"), 5);
  const Dataset read = ReadManifest(folder_ / "crops/crops.jsonl");
  std::map<PictureKind, int> kinds;
  for (const ManifestPicture& crop : read.pictures) {
    ++kinds[crop.kind];
    const Image image = ReadImage(read.root / crop.path).image;
    EXPECT_EQ(image.width, 96);
    EXPECT_EQ(image.height, 96);
    EXPECT_EQ(ContentHashOfFile(read.root / crop.path), crop.hash);
    EXPECT_EQ(crop.group, crop.attributes.at("crop.picture"));
    EXPECT_EQ(crop.split, crop.group == "b.png" ? DatasetSplit::kTest : DatasetSplit::kTrain);
  }
  EXPECT_EQ(kinds[PictureKind::kFaceCrop], 9);
  EXPECT_GE(kinds[PictureKind::kNotAFace], 3);  // two crowded pictures have little room
  EXPECT_EQ(ReadManifest(folder_ / "crops/dropped.jsonl").pictures.size(), result.dropped.size());
  ExpectError(ErrorKind::kOutput, {"crops", "empty folder"}, [&] { WriteCrops(dataset_, folder_ / "crops", options); });
}

TEST_F(PrepareTest, PatchesTouchNoFace) {
  Paint("a.png", 4, 3);
  CropOptions options;
  options.not_a_face = 6;
  options.factor = 1;
  const CropsResult result = WriteCrops(dataset_, folder_ / "crops", options);
  int patches = 0;
  for (const ManifestPicture& crop : result.crops.pictures) {
    if (crop.kind != PictureKind::kNotAFace) continue;
    ++patches;
    Box box;
    ASSERT_EQ(std::sscanf(crop.attributes.at("crop.box").c_str(), "%f %f %f %f", &box.x1, &box.y1, &box.x2, &box.y2),
              4);
    for (const ManifestFace& face : dataset_.pictures[0].faces) EXPECT_EQ(Iou(box, face.face.box), 0);
  }
  EXPECT_GT(patches, 0);
}

TEST_F(PrepareTest, DetectedBoxesTakeTheLabelTheyOverlap) {
  Paint("a.png", 3, 4);
  CropOptions options;
  const Box first = dataset_.pictures[0].faces[0].face.box;
  options.find_faces = [&](const Image&) {
    return std::vector<Box>{{first.x1 + 2, first.y1, first.x2 + 2, first.y2}, {0, 0, 9, 9}};
  };
  const CropsResult result = WriteCrops(dataset_, folder_ / "crops", options);
  ASSERT_EQ(result.crops.pictures.size(), 1u);
  EXPECT_EQ(result.crops.pictures[0].faces[0].face.state, dataset_.pictures[0].faces[0].face.state);
  const auto dropped = CountDropped(result.dropped);
  EXPECT_EQ(dropped.at("no_label"), 1);
  EXPECT_EQ(dropped.at("not_detected"), 2);
}

TEST_F(PrepareTest, StoppedCropsLeaveNothing) {
  Paint("a.png", 3, 4);
  CropOptions options;
  options.stop = [] { return true; };
  ExpectError(ErrorKind::kInterrupted, {"stopped"}, [&] { WriteCrops(dataset_, folder_ / "crops", options); });
  EXPECT_FALSE(std::filesystem::exists(folder_ / "crops"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "crops.unfinished"));
}

// Crops of one picture, blurred more and more: 0.png is the sharpest.
class CleanTest : public PrepareTest {
 protected:
  void AddCrops(int count, MaskState state, const std::string& prefix) {
    for (int i = 0; i < count; ++i) {
      Paint(prefix + std::to_string(i) + ".png", 1, 5, static_cast<float>(i) * 0.5f);
      ManifestPicture& picture = dataset_.pictures.back();
      picture.kind = PictureKind::kFaceCrop;
      picture.faces.resize(1);
      picture.faces[0].face.box = {0, 0, 320, 200};
      picture.faces[0].face.state = state;
    }
  }
};

TEST_F(CleanTest, ThinsTheMostBlurredToTheRatio) {
  AddCrops(8, MaskState::kNone, "none");
  AddCrops(3, MaskState::kCorrect, "correct");
  CleanOptions options;
  options.thin = ThinRule{};  // 1.5 x 3 = 4 stay
  const CleanResult result = CleanDataset(dataset_, options);
  std::set<std::string> left;
  for (const ManifestPicture& picture : result.dataset.pictures) left.insert(picture.path);
  EXPECT_EQ(left, (std::set<std::string>{"none0.png", "none1.png", "none2.png", "none3.png", "correct0.png",
                                         "correct1.png", "correct2.png"}));
  EXPECT_EQ(CountDropped(result.dropped).at("thinned"), 4);
  EXPECT_GT(std::stod(result.dropped[0].picture.faces[0].attributes.at("sharpness")), 0);
}

TEST_F(CleanTest, ThresholdLeavesTestAlone) {
  AddCrops(6, MaskState::kNone, "none");
  dataset_.pictures[5].split = DatasetSplit::kTest;
  CleanOptions options;
  options.least_sharpness = LaplacianVariance(ReadImage(folder_ / "none2.png").image);
  options.measured_side = 0;
  const CleanResult result = CleanDataset(dataset_, options);
  EXPECT_EQ(result.dataset.pictures.size(), 4u);
  EXPECT_EQ(result.dataset.pictures.back().path, "none5.png");
  EXPECT_EQ(CountDropped(result.dropped).at("blurred"), 2);
  options.also_test = true;
  EXPECT_EQ(CleanDataset(dataset_, options).dataset.pictures.size(), 3u);
}

TEST_F(CleanTest, ALargeFaceIsNotBlurredForItsSize) {
  AddCrops(1, MaskState::kNone, "none");
  const Image image = ReadImage(folder_ / "none0.png").image;
  WriteImage(Resize(image, 4 * image.width, 4 * image.height), folder_ / "large.png");
  const auto sharpness = [&](const std::string& picture, int side) {
    dataset_.pictures[0].path = picture;
    CleanOptions options;
    options.least_sharpness = 0;
    options.measured_side = side;
    return CleanDataset(dataset_, options).spread.at("none").at[0];
  };
  EXPECT_LT(sharpness("large.png", 0), sharpness("none0.png", 0) / 4);
  EXPECT_NEAR(sharpness("large.png", 64) / sharpness("none0.png", 64), 1, 0.1);
}

TEST_F(CleanTest, TheSpreadSaysWhichShareIsBelow) {
  AddCrops(5, MaskState::kNone, "none");
  AddCrops(2, MaskState::kCorrect, "correct");
  dataset_.pictures[0].split = DatasetSplit::kTest;  // the sharpest, not looked at
  CleanOptions options;
  options.least_sharpness = 0;
  const CleanResult result = CleanDataset(dataset_, options);
  EXPECT_TRUE(result.dropped.empty());
  EXPECT_EQ(result.spread.at("correct").faces, 2);
  const SharpnessSpread& none = result.spread.at("none");
  EXPECT_EQ(none.faces, 4);
  EXPECT_TRUE(std::is_sorted(none.at.begin(), none.at.end()));
  options.least_sharpness = none.at.back() + 1e-9;  // the median is the second of four
  EXPECT_EQ(CountDropped(CleanDataset(dataset_, options).dropped).at("blurred"), 2);
}

TEST_F(CleanTest, BlurredFacesOfScenesAreIgnoredNotForgotten) {
  Paint("a.png", 5, 6);
  CleanOptions options;
  options.least_sharpness = 1e9;
  const CleanResult result = CleanDataset(dataset_, options);
  ASSERT_EQ(result.dataset.pictures.size(), 1u);
  EXPECT_EQ(result.dataset.pictures[0].faces.size(), 5u);
  EXPECT_EQ(Faces(result.dataset), 0);
  ExpectError(ErrorKind::kUsage, {"nothing to do"}, [] { CleanOptions().Validate(); });
}

Dataset CropSet() {
  Dataset dataset;
  const auto add = [&](int count, MaskState state, DatasetSplit split) {
    for (int i = 0; i < count; ++i) {
      ManifestPicture picture;
      picture.path = std::string(MaskStateName(state)) + std::to_string(i) + std::string(DatasetSplitName(split));
      picture.kind = PictureKind::kFaceCrop;
      picture.split = split;
      picture.faces.resize(1);
      picture.faces[0].face.state = state;
      dataset.pictures.push_back(picture);
    }
  };
  add(100, MaskState::kNone, DatasetSplit::kTrain);
  add(10, MaskState::kIncorrect, DatasetSplit::kTrain);
  add(40, MaskState::kCorrect, DatasetSplit::kTrain);
  add(50, MaskState::kNone, DatasetSplit::kTest);
  return dataset;
}

std::map<std::string, int> CountTrain(const Dataset& dataset) {
  std::map<std::string, int> counts;
  for (const ManifestPicture& picture : dataset.pictures) {
    if (picture.split == DatasetSplit::kTrain) ++counts[std::string(MaskStateName(*picture.faces[0].face.state))];
  }
  return counts;
}

TEST(BalanceTest, CapsRepeatsOrWeighs) {
  const Dataset dataset = CropSet();
  BalanceOptions options;
  options.ratio = 3;
  BalanceResult result = BalanceDataset(dataset, options);
  EXPECT_EQ(CountTrain(result.dataset), (std::map<std::string, int>{{"none", 30}, {"incorrect", 10}, {"correct", 30}}));
  EXPECT_EQ(result.dropped.size(), 80u);
  EXPECT_EQ(result.dataset.pictures.size(), 120u);  // with the 50 of test
  options.mode = BalanceMode::kOversample;
  options.ratio = 2;
  result = BalanceDataset(dataset, options);
  EXPECT_EQ(CountTrain(result.dataset),
            (std::map<std::string, int>{{"none", 100}, {"incorrect", 50}, {"correct", 50}}));
  options.mode = BalanceMode::kWeights;
  result = BalanceDataset(dataset, options);
  EXPECT_NEAR(result.classes.at("incorrect").weight, 5, 1e-9);
  EXPECT_EQ(result.dataset.pictures[100].attributes.at("balance.weight"), "5");
  EXPECT_EQ(result.dataset.pictures.back().attributes.count("balance.weight"), 0u);
}

TEST(BalanceTest, ScenesMustBeCutFirst) {
  Dataset dataset = CropSet();
  dataset.pictures[0].kind = PictureKind::kScene;
  ExpectError(ErrorKind::kBadData, {"scene", "data crops"}, [&] { BalanceDataset(dataset, {}); });
}

}  // namespace
}  // namespace maskscope
