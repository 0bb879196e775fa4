#include <gtest/gtest.h>

#include "data/formats/collection.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

std::string Object(const std::string& name, const std::string& x1, const std::string& y1, const std::string& x2,
                   const std::string& y2, const std::string& more = "") {
  return "<object><name>" + name + "</name>" + more + "<bndbox><xmin>" + x1 + "</xmin><ymin>" + y1 + "</ymin><xmax>" +
         x2 + "</xmax><ymax>" + y2 + "</ymax></bndbox></object>";
}

std::string Annotation(const std::string& objects, const std::string& picture = "p.png",
                       const std::string& size = "<size><width>100</width><height>80</height></size>") {
  return "<annotation><filename>" + picture + "</filename>" + size + objects + "</annotation>";
}

class VocTest : public testing::Test {
 protected:
  void SetUp() override { folder_.WritePicture("images/p.png", 4, 4); }
  std::vector<LabelledImage> Read(const std::string& xml) {
    folder_.Write("annotations/p.xml", xml);
    return ReadVoc(folder_ / "annotations", folder_ / "images");
  }
  void ExpectBad(std::initializer_list<std::string> parts, const std::string& xml) {
    ExpectError(ErrorKind::kBadData, parts, [&] { Read(xml); });
  }
  TestFolder folder_;
};

TEST_F(VocTest, ReadsFaces) {
  const auto images = Read(Annotation(Object("with_mask", "10", "20", "30", "40") +
                                      Object("mask_weared_incorrect", " 2.5 ", "3", "9", "9.25") +
                                      Object("NoMask", "50", "50", "60", "60", "<difficult>1</difficult>")));
  ASSERT_EQ(images.size(), 1u);
  EXPECT_EQ(images[0].name, "images/p.png");
  EXPECT_EQ(images[0].path, folder_ / "images/p.png");
  EXPECT_EQ(images[0].width, 100);
  EXPECT_EQ(images[0].height, 80);
  ASSERT_EQ(images[0].faces.size(), 3u);
  EXPECT_EQ(images[0].faces[0].box, (Box{10, 20, 30, 40}));
  EXPECT_EQ(images[0].faces[0].state, MaskState::kCorrect);
  EXPECT_FALSE(images[0].faces[0].ignore);
  EXPECT_EQ(images[0].faces[1].box, (Box{2.5f, 3, 9, 9.25f}));
  EXPECT_EQ(images[0].faces[1].state, MaskState::kIncorrect);
  EXPECT_EQ(images[0].faces[2].state, MaskState::kNone);
  EXPECT_TRUE(images[0].faces[2].ignore);
}

TEST_F(VocTest, BoxesAtTheFrameReachIt) {
  const auto images =
      Read(Annotation(Object("with_mask", "1", "1", "100", "80") + Object("with_mask", "0", "2", "103", "99")));
  EXPECT_EQ(images[0].faces[0].box, (Box{0, 0, 100, 80}));
  EXPECT_EQ(images[0].faces[1].box, (Box{0, 2, 100, 80}));
}

TEST_F(VocTest, WithoutSizeNothingIsClamped) {
  const auto images = Read(Annotation(Object("with_mask", "10", "20", "300", "400"), "p.png", ""));
  EXPECT_EQ(images[0].width, 0);
  EXPECT_EQ(images[0].faces[0].box, (Box{10, 20, 300, 400}));
}

TEST_F(VocTest, RefusesBadBoxesByName) {
  ExpectBad({"p.xml", "object[1]/bndbox", "negative", "ymin -3"},
            Annotation(Object("with_mask", "1", "2", "3", "4") + Object("with_mask", "1", "-3", "3", "4")));
  ExpectBad({"object[0]/bndbox", "swapped", "xmin 30", "xmax 10"},
            Annotation(Object("with_mask", "30", "2", "10", "4")));
  ExpectBad({"empty", "ymax 4"}, Annotation(Object("with_mask", "3", "4", "10", "4")));
  ExpectBad({"outside", "xmin 100"}, Annotation(Object("with_mask", "100", "4", "110", "8")));
  for (const std::string bad : {"nan", "inf", "-inf", "", "3x", "0x10", "1e999"}) {
    ExpectBad({"object[0]/bndbox/xmax", "'" + bad + "'", "finite number"},
              Annotation(Object("with_mask", "3", "4", bad, "8")));
  }
}

TEST_F(VocTest, RefusesBadElementsByName) {
  ExpectBad({"object[0]/name", "unknown class 'with_msk'", "did you mean 'with_mask'"},
            Annotation(Object("with_msk", "1", "2", "3", "4")));
  ExpectBad({"object[0]", "<bndbox> is missing"}, Annotation("<object><name>with_mask</name></object>"));
  ExpectBad({"object[0]", "<name> is missing"}, Annotation("<object/>"));
  ExpectBad({"object[0]", "<name> stands there twice"},
            Annotation("<object><name>with_mask</name><name>without_mask</name></object>"));
  ExpectBad({"difficult", "0 or 1"}, Annotation(Object("NoMask", "1", "2", "3", "4", "<difficult>2</difficult>")));
  ExpectBad({"size/width", "whole number"}, Annotation("", "p.png", "<size><width>0</width><height>4</height></size>"));
  ExpectBad({"<filename> is missing"}, "<annotation/>");
  ExpectBad({"found <html>", "wanted <annotation>"}, "<html/>");
  ExpectBad({"not well-formed"}, "<annotation><filename>");
  ExpectBad({"not well-formed"}, "");
  ExpectBad({"not well-formed"}, std::string("\xff\xd8\xff\x00 not text", 14));
}

TEST_F(VocTest, RefusesHostileFiles) {
  ExpectBad({"document type"},
            "<!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>" + Annotation("", "&b;"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<a>";
  ExpectBad({"not well-formed"}, "<annotation>" + deep);
  for (const std::string name : {"../p.png", "/etc/passwd", "a/p.png", "..", "a\\p.png"}) {
    ExpectBad({"filename", name, "without folders"}, Annotation("", name));
  }
}

TEST_F(VocTest, RefusesMissingAndDoublePictures) {
  ExpectError(ErrorKind::kNotFound, {"q.png", "p.xml"}, [&] { Read(Annotation("", "q.png")); });
  folder_.Write("annotations/deeper/again.xml", Annotation(""));
  ExpectBad({"p.xml", "annotated twice"}, Annotation(""));
  ExpectError(ErrorKind::kNotFound, {"nowhere"}, [&] { ReadVoc(folder_ / "nowhere", folder_ / "images"); });
  ExpectError(ErrorKind::kBadData, {"no .xml"}, [&] { ReadVoc(folder_ / "images", folder_ / "images"); });
}

TEST_F(VocTest, ClassMapDecides) {
  folder_.Write("annotations/p.xml", Annotation(Object("hat", "1", "2", "3", "4") + Object("dog", "1", "2", "3", "4")));
  const auto images = ReadVoc(folder_ / "annotations", folder_ / "images", {{"hat", "none"}, {"dog", "ignore"}});
  EXPECT_EQ(images[0].faces[0].state, MaskState::kNone);
  EXPECT_FALSE(images[0].faces[1].state.has_value());
  EXPECT_TRUE(images[0].faces[1].ignore);
  ExpectError(ErrorKind::kUsage, {"'hat'", "'nothing'"}, [&] {
    ReadVoc(folder_ / "annotations", folder_ / "images", {{"hat", "nothing"}});
  });
}

}  // namespace
}  // namespace maskscope
