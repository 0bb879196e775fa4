#include <gtest/gtest.h>

#include <filesystem>

#include "base/log.h"
#include "data/formats/formats.h"
#include "data/test_folder.h"

// Sets in which some files are wrong: each is a row that names it, and the rest is read.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

const std::string kObject =
    "<object><name>mask</name><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>40</xmax><ymax>50</ymax></bndbox></object>";

std::string Voc(const std::string& picture, const std::string& objects = kObject) {
  return "<annotation><filename>" + picture + "</filename>" + objects + "</annotation>";
}

std::string Utf16(const std::string& text) {
  std::string wide = "\xFF\xFE";
  for (const char c : text) (wide += c) += '\0';
  return wide;
}

class HostileSetsTest : public testing::Test {
 protected:
  void TearDown() override { SetLogSink({}); }
  void AddVoc(const std::string& name, const std::string& xml) {
    folder_.WritePicture("set/JPEGImages/" + name + ".png", 100, 80);
    folder_.Write("set/Annotations/" + name + ".xml", xml);
  }
  void AddYolo(const std::string& name, const std::string& labels) {
    folder_.WritePicture("set/images/" + name + ".png", 100, 80);
    folder_.Write("set/labels/" + name + ".txt", labels);
  }
  Dataset Read(const std::string& source = "set") {
    problems_.clear();
    ImportOptions options;
    options.source = folder_ / source;
    return ReadAnnotations(options, [this](const DataProblem& problem) { problems_.push_back(problem); });
  }
  // "kind of FILE" of every problem, sorted as they came, one a line.
  std::string Rows() const {
    std::string rows;
    for (const DataProblem& problem : problems_) {
      rows += problem.kind + " of " + fs::path(problem.file).filename().string() + "\n";
    }
    return rows;
  }
  std::string MessageOf(const std::string& kind) const {
    for (const DataProblem& problem : problems_) {
      if (problem.kind == kind) return problem.message;
    }
    return "no " + kind;
  }
  TestFolder folder_;
  std::vector<DataProblem> problems_;
};

TEST_F(HostileSetsTest, OneBadXmlAmongGoodOnes) {
  AddVoc("a", Voc("a.png"));
  AddVoc("bomb", "<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>" + Voc("bomb.png", "&b;"));
  AddVoc("cut", "<annotation><filename>cut.png</filename>");
  AddVoc("empty", "");
  AddVoc("external", "<!DOCTYPE l [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" + Voc("&e;"));
  AddVoc("latin", Voc("latin.png", "<source>caf\xe9</source>"));
  AddVoc("lies", "<?xml version='1.0' encoding='windows-1251'?>" + Voc("lies.png", "<source>\xd0\xb6</source>"));
  AddVoc("page", "<html><body>not found</body></html>");
  AddVoc("wide", Utf16(Voc("wide.png")));
  AddVoc("z", "\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?>\r\n" + Voc("z.png"));
  const Dataset set = Read();
  ASSERT_EQ(set.pictures.size(), 2u);
  EXPECT_EQ(set.pictures[0].path, "JPEGImages/a.png");
  EXPECT_EQ(set.pictures[1].path, "JPEGImages/z.png");
  EXPECT_EQ(set.pictures[1].faces.size(), 1u);
  const std::string rows = Rows();
  for (const std::string row : {"bad_xml of bomb.xml", "bad_xml of cut.xml", "bad_xml of empty.xml",
                                "bad_xml of external.xml", "bad_file of latin.xml", "bad_encoding of lies.xml",
                                "bad_xml of page.xml", "bad_file of wide.xml", "not_labelled of latin.png"}) {
    EXPECT_NE(rows.find(row + "\n"), std::string::npos) << row << " is missing in:\n" << rows;
  }
  EXPECT_NE(MessageOf("bad_file").find("not UTF-8"), std::string::npos) << MessageOf("bad_file");
  ImportOptions options;
  options.source = folder_ / "set";
  ExpectError(ErrorKind::kBadData, {"bomb.xml", "document type"}, [&] { ReadAnnotations(options); });
}

TEST_F(HostileSetsTest, ALabelFileThatCannotBeReadIsNotAPictureWithoutFaces) {
  folder_.Write("set/data.yaml", "names: [mask, no-mask]\r\n");
  AddYolo("a", "0 0.5 0.5 0.1 0.2\r\n\r\n1 0.2 0.2 0.1 0.2\r\n");
  AddYolo("b", "0 0.5 0.5 0.1 0.2 \xe4\n");
  AddYolo("c", Utf16("0 0.5 0.5 0.1 0.2\n"));
  AddYolo("d", "0 0.5 0.5 1e300 0.2\n0 0.5 0.5 0.1 -0.2\n0 inf 0.5 0.1 0.2\n7 0.5 0.5 0.1 0.2\n0 0.5\n");
  AddYolo("e", "");
  folder_.WritePicture("set/images/f.png", 100, 80);
  folder_.Write("set/labels/gone.txt", "0 0.5 0.5 0.1 0.2\n");
  const Dataset set = Read();
  ASSERT_EQ(set.pictures.size(), 4u);
  EXPECT_EQ(set.pictures[0].faces.size(), 2u);
  EXPECT_EQ(set.pictures[1].path, "images/d.png");
  EXPECT_TRUE(set.pictures[1].faces.empty());
  EXPECT_EQ(Rows(),
            "bad_file of b.txt\nbad_file of c.txt\nbad_box of d.txt\nbad_box of d.txt\nbad_number of d.txt\n"
            "bad_class_number of d.txt\nbad_line of d.txt\nno_label_file of f.png\npicture_missing_for_label of "
            "gone.txt\n");
}

TEST_F(HostileSetsTest, KittiRowsByFile) {
  for (const std::string name : {"a", "b", "c"}) folder_.WritePicture("set/image_2/" + name + ".png", 100, 80);
  folder_.Write("set/label_2/a.txt", "mask 0 0 0 1 2 30 40 0 0 0 0 0 0 0\nmask 0 0 0 40 2 30 nan 0 0 0 0 0 0 0\n");
  folder_.Write("set/label_2/b.txt", "caf\xe9 0 0 0 1 2 30 40 0 0 0 0 0 0 0\n");
  folder_.Write("set/label_2/gone.txt", "");
  const Dataset set = Read();
  ASSERT_EQ(set.pictures.size(), 1u);
  EXPECT_EQ(set.pictures[0].faces.size(), 1u);
  EXPECT_EQ(Rows(),
            "bad_number of a.txt\nbad_file of b.txt\npicture_missing_for_label of gone.txt\nnot_labelled of b.png\n"
            "not_labelled of c.png\n");
}

TEST_F(HostileSetsTest, LinksMayNotLeadOut) {
  folder_.WritePicture("secret/x.png", 100, 80);
  folder_.WritePicture("set/JPEGImages/a.png", 100, 80);
  fs::create_symlink("a.png", folder_ / "set/JPEGImages/inside.png");
  fs::create_symlink("../../secret/x.png", folder_ / "set/JPEGImages/out.png");
  fs::create_symlink("../../secret/none.png", folder_ / "set/JPEGImages/torn.png");
  fs::create_symlink("../../secret", folder_ / "set/JPEGImages/deep");
  for (const std::string name : {"inside", "out", "torn"}) {
    folder_.Write("set/Annotations/" + name + ".xml", Voc(name + ".png"));
  }
  folder_.Write("set/Annotations/deep/x.xml", Voc("x.png"));
  const Dataset set = Read();
  ASSERT_EQ(set.pictures.size(), 1u);
  EXPECT_EQ(set.pictures[0].path, "JPEGImages/inside.png");
  const std::string rows = Rows();
  EXPECT_NE(rows.find("outside_root of out.xml\n"), std::string::npos) << rows;
  EXPECT_NE(rows.find("outside_root of x.xml\n"), std::string::npos) << rows;
  EXPECT_NE(rows.find("picture_missing of torn.xml\n"), std::string::npos) << rows;
  // A link to the folder of pictures itself is how people spare space.
  folder_.Write("linked/Annotations/x.xml", Voc("x.png"));
  fs::create_directory_symlink(folder_ / "secret", folder_ / "linked/JPEGImages");
  EXPECT_EQ(Read("linked").pictures.size(), 1u);
  EXPECT_EQ(Rows(), "");
}

TEST_F(HostileSetsTest, NamesInAnyLanguageAndWindowsPaths) {
  const std::vector<std::string> names{"\xd1\x84\xd0\xbe\xd1\x82\xd0\xbe 1", "\xd9\x88\xd8\xac\xd9\x87",
                                       "\xf0\x9f\x98\xb7", "e\xcc\x81t\xc3\xa9", "a'b \"c\" & d"};
  for (const std::string& name : names) folder_.WritePicture("set/images/in/" + name + ".png", 100, 80);
  std::string csv = "path,x1,y1,x2,y2,label\r\n", coco;
  for (const std::string& name : names) {
    std::string quoted = name;
    for (size_t at = 0; (at = quoted.find('"', at)) != std::string::npos; at += 2) quoted.insert(at, "\"");
    csv += "\"in\\" + quoted + ".png\",1,2,30,40,mask\r\n";
  }
  folder_.Write("set/labels.csv", csv);
  const Dataset set = Read("set/labels.csv");
  EXPECT_EQ(Rows(), "");
  ASSERT_EQ(set.pictures.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(set.pictures[i].path, "images/in/" + names[i] + ".png");
}

TEST_F(HostileSetsTest, ClassNamesThatDifferByCaseOrBlanks) {
  folder_.Write("set/data.yaml", "names: [With_Mask, ' with_mask ', 'no mask', helmet]\n");
  AddYolo("a", "0 0.5 0.5 0.1 0.2\n1 0.5 0.5 0.1 0.2\n2 0.5 0.5 0.1 0.2\n3 0.5 0.5 0.1 0.2\n3 0.2 0.2 0.1 0.2\n");
  Read();
  ASSERT_EQ(Rows(), "unknown_class of a.txt\n");
  const std::string message = MessageOf("unknown_class");
  for (const std::string part :
       {"4 unknown classes", "'With_Mask' (it differs from 'with_mask' only by case or blanks)",
        "' with_mask ' (it differs from 'with_mask'", "'no mask' (it differs from", "'helmet' 2 times", "known are",
        "--map"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " is missing in: " << message;
  }
  folder_.WritePicture("folders/WITH MASK/a.png", 20, 20);
  folder_.WritePicture("folders/mask/b.png", 20, 20);
  EXPECT_EQ(Read("folders").pictures.size(), 1u);
  EXPECT_EQ(Rows(), "unknown_class of WITH MASK\n");
}

TEST_F(HostileSetsTest, EmptyFiles) {
  folder_.Write("empty/a.json", "");
  folder_.Write("empty/a.csv", "");
  folder_.Write("empty/a.jsonl", "");
  folder_.Write("empty/data.yaml", "");
  folder_.Write("empty/map.yaml", "");
  const auto bad = [&](std::initializer_list<std::string> parts, const std::string& file, DataFormat format) {
    ImportOptions options;
    options.source = folder_ / "empty" / file;
    options.format = format;
    ExpectError(ErrorKind::kBadData, parts, [&] { ReadAnnotations(options); });
  };
  bad({"a.json"}, "a.json", DataFormat::kCoco);
  bad({"a.json"}, "a.json", DataFormat::kLabelStudio);
  bad({"a.csv", "names the columns"}, "a.csv", DataFormat::kCsv);
  bad({"a.jsonl"}, "a.jsonl", DataFormat::kManifest);
  bad({"data.yaml", "names"}, "data.yaml", DataFormat::kYolo);
  ExpectError(ErrorKind::kBadData, {"map.yaml", "NAME: correct"}, [&] { ReadClassMap(folder_ / "empty/map.yaml"); });
  ExpectError(ErrorKind::kBadData, {"a.json", "cannot tell the format"},
              [&] { DetectFormat(folder_ / "empty/a.json"); });
}

TEST_F(HostileSetsTest, NestedAndMisshapenJson) {
  const auto bad = [&](std::initializer_list<std::string> parts, const std::string& text) {
    folder_.Write("set/l.json", text);
    ExpectError(ErrorKind::kBadData, parts, [&] { Read("set/l.json"); });
  };
  std::string deep;
  for (int i = 0; i < 200000; ++i) deep += "[{\"data\":";
  bad({"l.json", "deep"}, deep);
  bad({"l.json"}, R"([{"data":{"image":"p.png"},"annotations":[{"result":[{"value":{"x":NaN}}]}]}])");
  folder_.WritePicture("set/p.png", 100, 80);
  folder_.Write("set/l.json",
                R"([{"data":[]},{"data":{"image":7}},7,null,{"data":{"image":"p.png"},"annotations":{}},
                    {"data":{"image":"p.png"},"annotations":[{"result":[
                      {"type":"rectanglelabels","value":{"x":"1","y":1,"width":5,"height":5,"rectanglelabels":["mask"]}},
                      {"type":"rectanglelabels","value":{"x":1e9,"y":1,"width":5,"height":5,"rectanglelabels":["mask"]}},
                      {"type":"rectanglelabels","value":{"x":1,"y":1,"width":-5,"height":5,"rectanglelabels":["mask"]}},
                      {"type":"rectanglelabels","value":{"x":1,"y":1,"width":5,"height":5,"rectanglelabels":[]}}]}]}])");
  EXPECT_EQ(Read("set/l.json").pictures.size(), 1u);
  EXPECT_EQ(Rows(),
            "bad_json of l.json\nbad_json of l.json\nbad_json of l.json\nbad_json of l.json\nbad_json of l.json\n"
            "bad_json of l.json\nbad_box of l.json\nbad_box of l.json\nbad_json of l.json\n");
}

TEST_F(HostileSetsTest, ArchivesAreToBeUnpacked) {
  folder_.Write("set.json", "\x1f\x8b\x08 and so on");
  folder_.Write("downloads/archive.zip", "PK\x03\x04 and so on");
  folder_.Write("set/Annotations/a.xml", "PK\x03\x04 and so on");
  ExpectError(ErrorKind::kBadData, {"set.json", "gzip", "unpack it first"}, [&] { Read("set.json"); });
  ExpectError(ErrorKind::kBadData, {"downloads", "archive.zip", "unpack it first"}, [&] { Read("downloads"); });
  Read();
  EXPECT_EQ(Rows(), "bad_file of a.xml\n");
}

TEST_F(HostileSetsTest, AFolderWithManifestsAsksWhichOneIsMeant) {
  folder_.Write("crops/crops.jsonl", R"({"schema":"maskscope.dataset/1","sets":{}})"
                                     "\n");
  ExpectError(ErrorKind::kBadData, {"crops", "'crops.jsonl'", "name the file"}, [&] { Read("crops"); });
}

TEST_F(HostileSetsTest, ASoundSetEndsWithAllKindsOfErrors) {
  AddVoc("a", Voc("a.png", kObject + "<object><name>hat</name></object>"));
  AddVoc("b", Voc("c.png"));
  AddVoc("d", "<x/>");
  ImportOptions options;
  options.source = folder_ / "set";
  ExpectError(ErrorKind::kBadData,
              {"has errors", "1 picture_missing", "c.png", "2 bad_xml, the first: ", "a.xml", "<bndbox> is missing",
               "1 unknown_class", "'hat'", "data check"},
              [&] { ReadSoundAnnotations(options); });
  std::string log;
  SetLogSink([&log](LogLevel, std::string_view text) { log += std::string(text) + "\n"; }, LogLevel::kWarning);
  fs::remove(folder_ / "set/Annotations/b.xml");
  fs::remove(folder_ / "set/Annotations/d.xml");
  folder_.Write("set/Annotations/a.xml", Voc("a.png"));
  EXPECT_EQ(ReadSoundAnnotations(options).pictures.size(), 1u);
  EXPECT_NE(log.find("2 not_labelled"), std::string::npos) << log;
}

TEST_F(HostileSetsTest, WhatAManifestSaysItselfIsNotAskedFor) {
  folder_.Write("m.jsonl", R"({"schema":"maskscope.dataset/1","sets":{"s":{}}})"
                           "\n");
  ImportOptions options;
  options.source = folder_ / "m.jsonl";
  options.classes = {{"a", "none"}};
  options.images = folder_.path();
  options.class_names = {"a"};
  ExpectError(ErrorKind::kUsage, {"m.jsonl", "--map", "--images", "--names", "a manifest says itself"},
              [&] { ReadAnnotations(options); });
}

}  // namespace
}  // namespace maskscope
