#include <gtest/gtest.h>

#include "data/formats/annotation_text.h"
#include "data/formats/formats.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

class HostileTest : public testing::Test {
 protected:
  void SetUp() override { folder_.WritePicture("set/images/p.png", 100, 80); }
  Dataset Read(const std::string& source, DataFormat format) {
    problems_.clear();
    ImportOptions options;
    options.source = folder_ / source;
    options.format = format;
    return ReadAnnotations(options, [this](const DataProblem& problem) { problems_.push_back(problem); });
  }
  Dataset ReadText(const std::string& name, const std::string& text, DataFormat format) {
    folder_.Write("set/" + name, text);
    return Read("set/" + name, format);
  }
  void ExpectProblem(const std::string& kind) const {
    for (const DataProblem& problem : problems_) {
      if (problem.kind == kind) return;
    }
    std::string all;
    for (const DataProblem& problem : problems_) all += problem.kind + ": " + problem.message + "\n";
    ADD_FAILURE() << "no problem " << kind << " among: " << all;
  }
  TestFolder folder_;
  std::vector<DataProblem> problems_;
};

std::string Coco(const std::string& name, const std::string& bbox, const std::string& category = "with_mask") {
  return R"({"images":[{"id":1,"file_name":")" + name +
         R"(","width":100,"height":80}],"categories":[{"id":3,"name":")" + category +
         R"("}],"annotations":[{"id":1,"image_id":1,"category_id":3,"bbox":)" + bbox + "}]}";
}

TEST_F(HostileTest, PathsThatLeaveTheFolder) {
  for (const std::string name : {"../secret.png", "/etc/passwd", "a/../../p.png", "C:\\\\p.png", "..\\\\p.png"}) {
    ReadText("c.json", Coco(name, "[1,2,3,4]"), DataFormat::kCoco);
    ExpectProblem("bad_path");
  }
  ReadText("x.csv", "path,x1,y1,x2,y2,label\n../p.png,1,2,3,4,mask\n", DataFormat::kCsv);
  ExpectProblem("bad_path");
  ReadText("label.txt", "# ../p.png\n1 2 3 4\n", DataFormat::kRetinaFace);
  ExpectProblem("bad_path");
  ReadText("wider_train_bbx_gt.txt", "/p.png\n1\n1 2 3 4\n", DataFormat::kWider);
  ExpectProblem("bad_path");
  ReadText("c.xml", R"(<annotations><image id="0" name="../p.png" width="100" height="80"/></annotations>)",
           DataFormat::kCvat);
  ExpectProblem("bad_path");
  ReadText("l.json", R"([{"data":{"image":"../p.png"},"annotations":[{"result":[]}]}])", DataFormat::kLabelStudio);
  ExpectProblem("bad_path");
}

TEST_F(HostileTest, BoxesThatCannotBe) {
  for (const std::string box : {"[10,10,-5,5]", "[10,10,0,5]", "[200,10,5,5]", "[1e30,1,2,3]", "[-90,1,10,10]"}) {
    const Dataset read = ReadText("c.json", Coco("p.png", box), DataFormat::kCoco);
    ExpectProblem("bad_box");
    ASSERT_EQ(read.pictures.size(), 1u);
    EXPECT_TRUE(read.pictures[0].faces.empty());
  }
  for (const std::string box : {"[\"1\",2,3,4]", "[null,2,3,4]", "\"1,2,3,4\"", "{}"}) {
    ReadText("c.json", Coco("p.png", box), DataFormat::kCoco);
    ExpectProblem("bad_json");
  }
  for (const std::string bad : {"nan", "inf", "1e999", "0x10", "3px", "\xd9\xa3"}) {
    ReadText("x.csv", "path,x1,y1,x2,y2,label\np.png,1,2," + bad + ",4,mask\n", DataFormat::kCsv);
    ExpectProblem("bad_number");
  }
  const Dataset over = ReadText("c.json", Coco("p.png", "[90,-3,30,20]"), DataFormat::kCoco);
  ExpectProblem("box_clamped");
  EXPECT_EQ(over.pictures.at(0).faces.at(0).face.box, (Box{90, 0, 100, 17}));
}

TEST_F(HostileTest, FilesThatAreNot) {
  const auto bad = [&](std::initializer_list<std::string> parts, const std::string& text, DataFormat format) {
    ExpectError(ErrorKind::kBadData, parts, [&] { ReadText("f.txt", text, format); });
  };
  bad({"wanted an object"}, "[1,2]", DataFormat::kCoco);
  bad({"'images' is missing"}, R"({"categories":[],"annotations":[]})", DataFormat::kCoco);
  bad({"f.txt"}, std::string(100000, '['), DataFormat::kCoco);
  bad({"f.txt"}, R"({"images":[)", DataFormat::kCoco);
  bad({"wanted a list of tasks"}, "{}", DataFormat::kLabelStudio);
  bad({"UTF-16"}, std::string("\xFF\xFE<\0a\0", 6), DataFormat::kCvat);
  bad({"line 2", "not UTF-8"}, "<annotations>\n<a b=\"\xe4\"/></annotations>", DataFormat::kCvat);
  bad({"iso-8859-1"}, "<?xml version='1.0' encoding='ISO-8859-1'?><annotations><a b=\"\xc3\xa4\"/></annotations>",
      DataFormat::kCvat);
  bad({"document type"}, "<!DOCTYPE a [<!ENTITY x \"yyyy\"><!ENTITY z \"&x;&x;\">]><annotations>&z;</annotations>",
      DataFormat::kCvat);
  bad({"zip archive", "unpack it first"}, "PK\x03\x04 and so on", DataFormat::kCoco);
  bad({"gzip archive"}, "\x1f\x8b\x08", DataFormat::kCsv);
  bad({"number of faces"}, "p.png\n999999999\n", DataFormat::kWider);
  bad({"# PICTURE"}, "1 2 3 4\n", DataFormat::kRetinaFace);
}

TEST_F(HostileTest, UnknownClassesAreOneErrorThatListsThemAll) {
  ReadText("x.csv",
           "path,x1,y1,x2,y2,label\np.png,1,2,3,4,With_Mask\np.png,1,2,3,4,with "
           "mask\np.png,1,2,3,4,dog\np.png,1,2,3,4,dog\n",
           DataFormat::kCsv);
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_EQ(problems_[0].kind, "unknown_class");
  for (const std::string part :
       {"3 unknown classes", "'dog'", "2 times", "'With_Mask' (it differs from", "only by case or blanks", "--map"}) {
    EXPECT_NE(problems_[0].message.find(part), std::string::npos) << part << " in " << problems_[0].message;
  }
}

TEST_F(HostileTest, WindowsLineEndsBackslashesAndMarks) {
  folder_.WritePicture("set/images/sub/\xe5\x8f\xa3\xe7\xbd\xa9.png", 100, 80);
  const Dataset read = ReadText(
      "x.csv", "\xEF\xBB\xBFpath,x1,y1,x2,y2,label\r\nsub\\\xe5\x8f\xa3\xe7\xbd\xa9.png,1,2,3,4,mask\r\np.png,,,,,\r\n",
      DataFormat::kCsv);
  EXPECT_TRUE(problems_.empty());
  ASSERT_EQ(read.pictures.size(), 2u);
  EXPECT_EQ(read.pictures[0].path, "images/sub/\xe5\x8f\xa3\xe7\xbd\xa9.png");
  EXPECT_EQ(read.pictures[0].faces.size(), 1u);
  EXPECT_TRUE(read.pictures[1].faces.empty());
}

TEST_F(HostileTest, MissingAndUnlabelledPicturesAreNeverSilent) {
  ReadText("c.json", Coco("gone.png", "[1,2,3,4]"), DataFormat::kCoco);
  ExpectProblem("picture_missing");
  ExpectProblem("not_labelled");
  folder_.Write("set/images/broken.png", "no picture");
  ReadText("c.json", Coco("broken.png", "[1,2,3,4]"), DataFormat::kCoco);
  ExpectProblem("bad_picture");
}

TEST_F(HostileTest, DetectionSaysWhyItCannot) {
  folder_.Write("odd/readme.md", "nothing here");
  ExpectError(ErrorKind::kBadData, {"cannot tell the format", "data.yaml", "--from"},
              [&] { DetectFormat(folder_ / "odd"); });
  folder_.Write("set.zip", "PK\x03\x04");
  ExpectError(ErrorKind::kBadData, {"unpack it first"}, [&] { DetectFormat(folder_ / "set.zip"); });
  ExpectError(ErrorKind::kNotFound, {"nowhere"}, [&] { DetectFormat(folder_ / "nowhere"); });
}

TEST_F(HostileTest, ClassMapFiles) {
  folder_.Write("map.yaml", "hat: none\ndog: ignore\n");
  EXPECT_EQ(ReadClassMap(folder_ / "map.yaml"), (ClassMap{{"hat", "none"}, {"dog", "ignore"}}));
  folder_.Write("map.json", R"({"hat": "none"})");
  EXPECT_EQ(ReadClassMap(folder_ / "map.json"), (ClassMap{{"hat", "none"}}));
  folder_.Write("bad.yaml", "hat: nothing\n");
  ExpectError(ErrorKind::kBadData, {"bad.yaml", "line 1", "'nothing'"}, [&] { ReadClassMap(folder_ / "bad.yaml"); });
}

}  // namespace
}  // namespace maskscope
