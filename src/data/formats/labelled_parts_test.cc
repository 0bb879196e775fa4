#include "data/formats/labelled_parts.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

ManifestPicture Picture(const std::string& path, DatasetSplit split, PictureKind kind = PictureKind::kScene) {
  ManifestPicture picture;
  picture.path = path;
  picture.set = "s";
  picture.split = split;
  picture.kind = kind;
  if (kind != PictureKind::kNotAFace) {
    ManifestFace face;
    face.face.box = {1, 2, 3, 4};
    face.face.state = MaskState::kIncorrect;
    picture.faces = {face};
  }
  return picture;
}

class LabelledPartsTest : public testing::Test {
 protected:
  void SetUp() override {
    SetLogSink([this](LogLevel, std::string_view text) { log_ += std::string(text) + "\n"; }, LogLevel::kWarning);
  }
  void TearDown() override { SetLogSink({}); }
  std::filesystem::path Write(const std::vector<ManifestPicture>& pictures) {
    Dataset dataset;
    dataset.root = folder_ / "pictures";
    dataset.pictures = pictures;
    WriteManifest(folder_ / "m.jsonl", dataset);
    return folder_ / "m.jsonl";
  }
  TestFolder folder_;
  std::string log_;
};

TEST_F(LabelledPartsTest, ScenesOfASplit) {
  ManifestPicture named = Picture("set/a.jpg", DatasetSplit::kTrain);
  named.name = "a.jpg";
  named.group = "g";
  named.width = 40;
  named.height = 30;
  const auto manifest =
      Write({named, Picture("b.jpg", DatasetSplit::kTest), Picture("c.jpg", DatasetSplit::kUnassigned),
             Picture("d.jpg", DatasetSplit::kTrain, PictureKind::kFaceCrop)});
  const auto train = ReadManifestScenes(manifest, DatasetSplit::kTrain);
  ASSERT_EQ(train.size(), 1u);
  EXPECT_EQ(train[0].path, folder_ / "pictures/set/a.jpg");
  EXPECT_EQ(train[0].set, "s");
  EXPECT_EQ(train[0].name, "a.jpg");
  EXPECT_EQ(train[0].group, "g");
  EXPECT_EQ(train[0].width, 40);
  EXPECT_EQ(train[0].height, 30);
  ASSERT_EQ(train[0].faces.size(), 1u);
  EXPECT_EQ(train[0].faces[0].box, (Box{1, 2, 3, 4}));
  EXPECT_EQ(train[0].faces[0].state, MaskState::kIncorrect);
  EXPECT_NE(log_.find("1 pictures belong to no split"), std::string::npos) << log_;
  const auto test = ReadManifestScenes(manifest, DatasetSplit::kTest);
  ASSERT_EQ(test.size(), 1u);
  EXPECT_EQ(test[0].group, "s/b.jpg");
  EXPECT_EQ(test[0].name, "b.jpg");
}

TEST_F(LabelledPartsTest, CropsWithoutAStateAreNotNonFaces) {
  ManifestPicture unknown = Picture("u.jpg", DatasetSplit::kTrain, PictureKind::kFaceCrop);
  unknown.faces[0].face.state.reset();
  ManifestPicture ignored = Picture("i.jpg", DatasetSplit::kTrain, PictureKind::kFaceCrop);
  ignored.faces[0].face.ignore = true;
  ManifestPicture drawn = Picture("d.jpg", DatasetSplit::kTrain, PictureKind::kFaceCrop);
  drawn.synthetic = true;
  const auto manifest =
      Write({unknown, ignored, drawn, Picture("n.jpg", DatasetSplit::kTrain, PictureKind::kNotAFace)});
  const auto crops = ReadManifestFaces(manifest, DatasetSplit::kTrain);
  ASSERT_EQ(crops.size(), 2u);
  EXPECT_EQ(crops[0].state, MaskState::kIncorrect);
  EXPECT_TRUE(crops[0].synthetic);
  EXPECT_FALSE(crops[1].state.has_value());
  EXPECT_NE(log_.find("2 face crops"), std::string::npos) << log_;
}

TEST_F(LabelledPartsTest, AManifestsOwnValidationPartIsHonoured) {
  std::vector<ManifestPicture> pictures;
  for (int i = 0; i < 100; ++i) {
    pictures.push_back(Picture("p" + std::to_string(i), i % 4 == 0 ? DatasetSplit::kTest : DatasetSplit::kTrain));
  }
  const ValidationRule rule{0.5, 3};
  auto parts = ReadTrainingScenes(Write(pictures), rule);
  EXPECT_EQ(parts.train.size() + parts.validation.size(), 75u);
  EXPECT_GT(parts.validation.size(), 20u);
  EXPECT_EQ(ReadScenesToMeasure(folder_ / "m.jsonl", DatasetSplit::kValidation, rule).size(), parts.validation.size());
  EXPECT_EQ(ReadScenesToMeasure(folder_ / "m.jsonl", DatasetSplit::kTrain, rule).size(), 75u);
  EXPECT_EQ(ReadScenesToMeasure(folder_ / "m.jsonl", DatasetSplit::kTest, rule).size(), 25u);
  pictures[1].split = DatasetSplit::kValidation;
  parts = ReadTrainingScenes(Write(pictures), rule);
  EXPECT_EQ(parts.train.size(), 74u);
  ASSERT_EQ(parts.validation.size(), 1u);
  EXPECT_EQ(parts.validation[0].name, "p1");
  // What scenes say holds for the crops too: none of them is held back by the rule.
  for (int i = 0; i < 20; ++i) {
    pictures.push_back(Picture("f" + std::to_string(i), DatasetSplit::kTrain, PictureKind::kFaceCrop));
  }
  EXPECT_EQ(ReadTrainingFaces(Write(pictures), rule).train.size(), 20u);
}

TEST_F(LabelledPartsTest, ASetWithoutAnySplitIsLearntFromWhole) {
  std::vector<ManifestPicture> pictures;
  for (int i = 0; i < 60; ++i) pictures.push_back(Picture("p" + std::to_string(i), DatasetSplit::kUnassigned));
  const ValidationRule rule{0.5, 3};
  const auto parts = ReadTrainingScenes(Write(pictures), rule);
  EXPECT_EQ(parts.train.size() + parts.validation.size(), 60u);
  EXPECT_GT(parts.validation.size(), 15u);
  EXPECT_NE(log_.find("all 60 are learnt from"), std::string::npos) << log_;
  // One row with a split, and the set has been dealt out: what was not is left alone.
  pictures[0].split = DatasetSplit::kTest;
  EXPECT_TRUE(ReadTrainingScenes(Write(pictures), rule).train.empty());
  EXPECT_NE(log_.find("59 pictures belong to no split"), std::string::npos) << log_;
}

TEST_F(LabelledPartsTest, ACollectionIsDividedByTheRule) {
  std::string rows = "set,image,label,split,group,synthetic\n";
  for (int i = 0; i < 40; ++i) {
    const std::string name = "correct/" + std::to_string(i) + ".png";
    folder_.WritePicture("faces/crops/" + name, 4, 4);
    rows += "crops," + name + ",correct," + (i < 30 ? "train" : "test") + ",g" + std::to_string(i) + ",0\n";
  }
  folder_.Write("faces/splits.csv", rows);
  const auto parts = ReadTrainingFaces(folder_.path(), {0.5, 1});
  EXPECT_EQ(parts.train.size() + parts.validation.size(), 30u);
  EXPECT_GT(parts.validation.size(), 5u);
  EXPECT_EQ(ReadFacesToMeasure(folder_.path(), DatasetSplit::kTest, {}).size(), 10u);
  EXPECT_EQ(ReadFacesToMeasure(folder_.path(), DatasetSplit::kValidation, {0.5, 1}).size(), parts.validation.size());
  ExpectError(ErrorKind::kNotFound, {"gone", "manifest"}, [&] { ReadTrainingFaces(folder_ / "gone", {}); });
}

}  // namespace
}  // namespace maskscope
