#include "data/formats/collection_dataset.h"

#include <gtest/gtest.h>

#include "data/formats/labelled_parts.h"
#include "data/test_folder.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

class CollectionDatasetTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_.WritePicture("c/scenes/voc/images/a.png", 100, 80);
    folder_.Write("c/scenes/voc/annotations/a.xml",
                  "<annotation><filename>a.png</filename>" + Object(10) + Object(50) + "</annotation>");
    folder_.Write("c/scenes/voc/incorrect_audit.csv",
                  "image,object,flag\nimages/a.png,0,ambiguous\nimages/a.png,1,not_face\n");
    folder_.Write("c/scenes/splits.csv", "set,image,split,group\nvoc,images/a.png,train,g1\n");
    folder_.WritePicture("c/faces/crops/correct/x.png", 8, 9);
    folder_.WritePicture("c/faces/loose/z.png", 7, 7);
    folder_.Write("c/faces/splits.csv",
                  "set,image,label,split,group,synthetic\ncrops,correct/x.png,correct,test,g2,1\n"
                  "loose,z.png,not_a_face,train,g1,0\n");
  }
  static std::string Object(int x) {
    return "<object><name>mask_weared_incorrect</name><bndbox><xmin>" + std::to_string(x) +
           "</xmin><ymin>10</ymin><xmax>" + std::to_string(x + 30) + "</xmax><ymax>60</ymax></bndbox></object>";
  }
  TestFolder folder_;
};

TEST_F(CollectionDatasetTest, KeepsSplitsGroupsAndAudit) {
  Dataset dataset = ReadCollectionDataset(folder_ / "c");
  EXPECT_EQ(dataset.header.name, "c");
  ASSERT_EQ(dataset.pictures.size(), 3u);
  const ManifestPicture& scene = dataset.pictures[0];
  EXPECT_EQ(scene.path, "scenes/voc/images/a.png");
  EXPECT_EQ(scene.set, "voc");
  EXPECT_EQ(scene.name, "images/a.png");
  EXPECT_EQ(scene.group, "g1");
  EXPECT_EQ(scene.split, DatasetSplit::kTrain);
  ASSERT_EQ(scene.faces.size(), 2u);
  EXPECT_EQ(scene.faces[0].attributes.at("audit.flag"), "ambiguous");
  EXPECT_EQ(scene.faces[0].face.state, MaskState::kIncorrect);
  EXPECT_EQ(scene.faces[1].attributes.at("audit.flag"), "not_face");
  EXPECT_TRUE(scene.faces[1].face.ignore);
  EXPECT_EQ(dataset.pictures[1].kind, PictureKind::kNotAFace);
  const ManifestPicture& crop = dataset.pictures[2];
  EXPECT_EQ(crop.kind, PictureKind::kFaceCrop);
  EXPECT_EQ(crop.split, DatasetSplit::kTest);
  EXPECT_TRUE(crop.synthetic);
  EXPECT_EQ(crop.faces.at(0).label, "correct");
}

TEST_F(CollectionDatasetTest, AManifestOfItTrainsAndMeasuresTheSame) {
  Dataset dataset = ReadCollectionDataset(folder_ / "c");
  FillPictures(dataset, {.workers = 2});
  EXPECT_EQ(dataset.pictures[0].width, 100);
  EXPECT_EQ(dataset.pictures[2].faces[0].face.box, (Box{0, 0, 8, 9}));
  for (const ManifestPicture& picture : dataset.pictures) {
    EXPECT_EQ(picture.hash, ContentHashOfFile(dataset.root / picture.path));
  }
  WriteManifest(folder_ / "m.jsonl", dataset);
  for (const auto split : {DatasetSplit::kTrain, DatasetSplit::kTest}) {
    const auto scenes = ReadScenesToMeasure(folder_ / "c", split, {});
    const auto read = ReadScenesToMeasure(folder_ / "m.jsonl", split, {});
    ASSERT_EQ(read.size(), scenes.size());
    for (size_t i = 0; i < scenes.size(); ++i) {
      EXPECT_EQ(std::filesystem::canonical(read[i].path), std::filesystem::canonical(scenes[i].path));
      EXPECT_EQ(read[i].set + read[i].name + read[i].group, scenes[i].set + scenes[i].name + scenes[i].group);
      ASSERT_EQ(read[i].faces.size(), scenes[i].faces.size());
      for (size_t k = 0; k < scenes[i].faces.size(); ++k) EXPECT_EQ(read[i].faces[k].box, scenes[i].faces[k].box);
    }
    const auto faces = ReadFacesToMeasure(folder_ / "c", split, {});
    const auto crops = ReadFacesToMeasure(folder_ / "m.jsonl", split, {});
    ASSERT_EQ(crops.size(), faces.size());
    for (size_t i = 0; i < faces.size(); ++i) {
      EXPECT_EQ(crops[i].state, faces[i].state);
      EXPECT_EQ(crops[i].name + crops[i].group, faces[i].name + faces[i].group);
      EXPECT_EQ(crops[i].synthetic, faces[i].synthetic);
    }
  }
}

TEST_F(CollectionDatasetTest, Errors) {
  ExpectError(ErrorKind::kNotFound, {"no collection", "splits.csv"}, [&] { ReadCollectionDataset(folder_.path()); });
  Dataset dataset = ReadCollectionDataset(folder_ / "c");
  folder_.Write("c/faces/loose/z.png", "no picture");
  ExpectError(ErrorKind::kBadImage, {"z.png"}, [&] { FillPictures(dataset, {}); });
  std::filesystem::remove(folder_ / "c/faces/loose/z.png");
  dataset.pictures[1].hash.clear();
  ExpectError(ErrorKind::kNotFound, {"z.png"}, [&] { FillPictures(dataset, {}); });
  ExpectError(ErrorKind::kInterrupted, {"stopped"}, [&] { FillPictures(dataset, {.stop = [] { return true; }}); });
}

TEST(SharedCollectionTest, TheGivenCollectionBecomesADataset) {
  const std::filesystem::path data = test::SharedFile("data");
  if (!IsCollection(data)) GTEST_SKIP() << "NO GIVEN DATA at '" << data.string() << "': set MASKSCOPE_SHARED";
  const Dataset dataset = ReadCollectionDataset(data);
  // As data/README.md counts them.
  std::map<std::string, int> scenes;
  int audited = 0;
  for (const ManifestPicture& picture : dataset.pictures) {
    if (picture.kind == PictureKind::kScene) ++scenes[picture.set + "/" + std::string(DatasetSplitName(picture.split))];
    for (const ManifestFace& face : picture.faces) audited += face.attributes.contains("audit.flag") ? 1 : 0;
  }
  EXPECT_EQ(scenes["ilc2021/train"], 1147);
  EXPECT_EQ(scenes["kaggle853/test"], 215);
  EXPECT_EQ(audited, 342 + 35 + 20 + 5 + 2 + 4);
}

}  // namespace
}  // namespace maskscope
