#include "data/formats/collection.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <map>

#include "data/test_folder.h"

namespace maskscope {
namespace {

// A collection with one VOC set, one YOLO set, one face set in class folders and one loose.
class CollectionTest : public testing::Test {
 protected:
  void SetUp() override {
    WriteVocPicture("a", "with_mask");
    WriteVocPicture("b", "without_mask");
    folder_.WritePicture("scenes/yolo/images/c.png", 100, 100);
    folder_.Write("scenes/yolo/labels/c.txt", "1 0.5 0.5 0.2 0.2\n");
    folder_.Write("scenes/yolo/data.yaml", "nc: 2\nnames: ['mask', 'no-mask']\n");
    WriteScenes("voc,images/a.png,train,g1\nvoc,images/b.png,test,g2\nyolo,images/c.png,test,g3\n");
    folder_.WritePicture("faces/crops/correct/x.png", 8, 8);
    folder_.WritePicture("faces/crops/none/y.png", 8, 8);
    folder_.WritePicture("faces/loose/z.png", 8, 8);
    WriteFaces(
        "crops,correct/x.png,correct,train,g4,1\ncrops,none/y.png,none,test,g5,0\nloose,z.png,not_a_face,train,g1,0\n");
  }
  void WriteVocPicture(const std::string& stem, const std::string& name) {
    folder_.WritePicture("scenes/voc/images/" + stem + ".png", 100, 100);
    folder_.Write("scenes/voc/annotations/" + stem + ".xml",
                  "<annotation><filename>" + stem + ".png</filename><object><name>" + name +
                      "</name><bndbox><xmin>10</xmin><ymin>10</ymin><xmax>50</xmax><ymax>60</ymax></bndbox></object>"
                      "</annotation>");
  }
  void WriteScenes(const std::string& rows) { folder_.Write("scenes/splits.csv", "set,image,split,group\n" + rows); }
  void WriteFaces(const std::string& rows) {
    folder_.Write("faces/splits.csv", "set,image,label,split,group,synthetic\n" + rows);
  }
  void ExpectBadScenes(std::initializer_list<std::string> parts) {
    ExpectError(ErrorKind::kBadData, parts, [&] { ReadScenes(folder_.path(), Split::kTrain); });
  }
  void ExpectBadFaces(std::initializer_list<std::string> parts) {
    ExpectError(ErrorKind::kBadData, parts, [&] { ReadFaces(folder_.path(), Split::kTrain); });
  }
  TestFolder folder_;
};

TEST_F(CollectionTest, ReadsTheRowsOfASplit) {
  const auto train = ReadScenes(folder_.path(), Split::kTrain);
  ASSERT_EQ(train.size(), 1u);
  EXPECT_EQ(train[0].set, "voc");
  EXPECT_EQ(train[0].name, "images/a.png");
  EXPECT_EQ(train[0].group, "g1");
  EXPECT_EQ(train[0].faces.at(0).state, MaskState::kCorrect);
  const auto test = ReadScenes(folder_.path(), Split::kTest);
  ASSERT_EQ(test.size(), 2u);
  EXPECT_EQ(test[1].set, "yolo");
  EXPECT_EQ(test[1].faces.at(0).state, MaskState::kNone);
}

TEST_F(CollectionTest, ReadsFaceSets) {
  const auto train = ReadFaces(folder_.path(), Split::kTrain);
  ASSERT_EQ(train.size(), 2u);
  EXPECT_EQ(train[0].state, MaskState::kCorrect);
  EXPECT_TRUE(train[0].synthetic);
  EXPECT_EQ(train[0].path, folder_ / "faces/crops/correct/x.png");
  EXPECT_EQ(train[1].set, "loose");
  EXPECT_FALSE(train[1].state.has_value());
  EXPECT_FALSE(train[1].synthetic);
  EXPECT_EQ(ReadFaces(folder_.path(), Split::kTest).size(), 1u);
}

TEST_F(CollectionTest, RowsAndPicturesMustMatch) {
  WriteScenes("voc,images/a.png,train,g1\nvoc,images/b.png,test,g2\n");
  ExpectBadScenes({"yolo/images/c.png", "no row", "splits.csv"});
  WriteScenes("voc,images/q.png,train,g1\n");
  ExpectBadScenes({"splits.csv", "line 2", "images/q.png"});
  WriteScenes("other,images/a.png,train,g1\n");
  ExpectBadScenes({"line 2", "no set 'other'"});
  WriteScenes("voc,images/a.png,train,g1\nvoc,images/a.png,train,g1\n");
  ExpectBadScenes({"line 3", "second row"});
  WriteScenes("voc,images/a.png,train,g1\nvoc,images/b.png,test,g1\n");
  ExpectBadScenes({"line 3", "group 'g1'", "train and in test"});
  WriteScenes("voc,images/a.png,val,g1\n");
  ExpectBadScenes({"line 2", "'val'", "train or test"});
  WriteScenes("voc,images/a.png,train,\n");
  ExpectBadScenes({"line 2", "group is empty"});
}

TEST_F(CollectionTest, FaceLabelsMustMatchTheirFolders) {
  WriteFaces("crops,correct/x.png,none,train,g4,0\n");
  ExpectBadFaces({"line 2", "'none'", "correct/x.png"});
  WriteFaces("crops,correct/x.png,correct,train,g4,yes\n");
  ExpectBadFaces({"line 2", "synthetic 'yes'"});
  WriteFaces("crops,correct/x.png,correct,train,g4,0\ncrops,none/y.png,none,test,g5,0\nloose,z.png,hat,train,g1,0\n");
  ExpectBadFaces({"line 4", "unknown class 'hat'"});
}

TEST_F(CollectionTest, AuditTakesNonFacesOut) {
  folder_.Write("scenes/voc/incorrect_audit.csv", "image,object,flag\nimages/a.png,0,not_face\nimages/b.png,0,ok\n");
  const auto train = ReadScenes(folder_.path(), Split::kTrain);
  EXPECT_TRUE(train[0].faces[0].ignore);
  EXPECT_FALSE(train[0].faces[0].state.has_value());
  EXPECT_FALSE(ReadScenes(folder_.path(), Split::kTest)[0].faces[0].ignore);
  folder_.Write("scenes/voc/incorrect_audit.csv", "image,object,flag\nimages/a.png,1,not_face\n");
  ExpectBadScenes({"incorrect_audit.csv", "line 2", "object 1"});
  folder_.Write("scenes/voc/incorrect_audit.csv", "image,object,flag\nimages/a.png,0,not_fce\n");
  ExpectBadScenes({"unknown flag 'not_fce'"});
}

TEST_F(CollectionTest, YoloNamesMayBeAMap) {
  folder_.Write("scenes/yolo/data.yaml", "names:\n  0: mask\n  1: no-mask\n");
  EXPECT_EQ(ReadScenes(folder_.path(), Split::kTest).size(), 2u);
  folder_.Write("scenes/yolo/data.yaml", "names: 3\n");
  ExpectBadScenes({"data.yaml", "names"});
  folder_.Write("scenes/yolo/data.yaml", "names: [a, 'b\n");
  ExpectBadScenes({"data.yaml", "line"});
}

TEST_F(CollectionTest, UnknownFolderLayoutIsNamed) {
  folder_.Write("scenes/odd/readme.txt", "");
  ExpectBadScenes({"odd", "wanted a VOC set"});
}

// The numbers of the table that describes the given data.
TEST(GivenCollectionTest, HoldsWhatItsTableSays) {
  const char* shared = std::getenv("MASKSCOPE_SHARED");
  const std::filesystem::path data = std::filesystem::path(shared != nullptr ? shared : "../shared") / "data";
  if (!std::filesystem::is_directory(data / "scenes"))
    GTEST_SKIP() << "the given data are absent: set MASKSCOPE_SHARED";
  using Counts = std::array<int, 5>;  // pictures, correct, incorrect, none, ignored
  const auto count = [&](Split split) {
    std::map<std::string, Counts> counts;
    for (const LabelledImage& image : ReadScenes(data, split)) {
      Counts& row = counts[image.set];
      ++row[0];
      for (const LabelledFace& face : image.faces) ++row[face.ignore ? 4 : 1 + static_cast<size_t>(*face.state)];
    }
    return counts;
  };
  EXPECT_EQ(count(Split::kTrain), (std::map<std::string, Counts>{{"ilc2021", {1147, 1384, 341, 1015, 5}},
                                                                 {"kaggle853", {418, 1707, 72, 322, 0}},
                                                                 {"mafa", {800, 428, 0, 795, 0}},
                                                                 {"wider", {500, 9, 0, 3756, 553}}}));
  EXPECT_EQ(count(Split::kTest), (std::map<std::string, Counts>{{"ilc2021", {226, 294, 62, 250, 0}},
                                                                {"kaggle853", {215, 739, 25, 197, 0}},
                                                                {"mafa", {136, 110, 0, 71, 0}},
                                                                {"roboflow149", {34, 136, 0, 33, 0}},
                                                                {"wider", {100, 0, 0, 232, 9}}}));
  EXPECT_EQ(ReadFaces(data, Split::kTrain).size(), 1400u + 800 + 1250 + 150 + 350 + 768);
  EXPECT_EQ(ReadFaces(data, Split::kTest).size(), 150u + 100 + 447 + 450 + 250);
}

}  // namespace
}  // namespace maskscope
