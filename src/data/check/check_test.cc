#include "data/check/check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "data/check/check_index.h"
#include "data/check/check_picture.h"
#include "data/test_folder.h"
#include "image/encode.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

ManifestFace Face(Box box, std::optional<MaskState> state = MaskState::kCorrect, const std::string& label = "") {
  ManifestFace face;
  face.face.box = box;
  face.face.state = state;
  face.label = label;
  return face;
}

class CheckTest : public testing::Test {
 protected:
  // A sound picture of 60 x 40 with one face.
  ManifestPicture& Add(const std::string& path) {
    const test::Bytes bytes = EncodeJpeg(test::NoisyImage(60, 40, pictures_.pictures.size() + 1), 80);
    folder_.Write("root/" + path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return Entry(path);
  }
  ManifestPicture& Entry(const std::string& path) {
    pictures_.root = folder_ / "root";
    pictures_.header.sets["s"] = {"here", "CC0-1.0"};
    ManifestPicture picture;
    picture.path = path;
    picture.name = path;
    picture.set = "s";
    picture.width = 60;
    picture.height = 40;
    picture.faces = {Face({10, 5, 30, 35})};
    std::error_code code;
    if (fs::is_regular_file(folder_ / "root" / path, code)) picture.hash = ContentHashOfFile(folder_ / "root" / path);
    pictures_.pictures.push_back(picture);
    return pictures_.pictures.back();
  }
  CheckReport Check(CheckOptions options = {}) {
    fs::create_directories(folder_ / "root");
    pictures_.root = folder_ / "root";
    return CheckPictures(StreamOf(pictures_, "test"), options);
  }
  // The kinds of problem that were found, with their numbers.
  static std::string Found(const CheckReport& report) {
    std::string text;
    for (const auto& [name, kind] : report.kinds) {
      text += (text.empty() ? "" : " ") + std::string(SeverityName(kind.severity)) + ":" + name + "=" +
              std::to_string(kind.found);
    }
    return text;
  }
  static const DataProblem& First(const CheckReport& report, const std::string& kind) {
    for (const DataProblem& problem : report.problems) {
      if (problem.kind == kind) return problem;
    }
    throw std::runtime_error("no problem of kind " + kind + ", only " + Found(report));
  }
  TestFolder folder_;
  Dataset pictures_;
};

TEST_F(CheckTest, ASoundSetIsClean) {
  Add("a.jpg").split = DatasetSplit::kTrain;
  Add("sub/bär 東京.jpg").split = DatasetSplit::kTest;
  const CheckReport report = Check();
  EXPECT_EQ(Found(report), "");
  EXPECT_EQ(report.counts.all.pictures, 2);
  EXPECT_EQ(report.counts.all.faces[0], 2);
  EXPECT_NE(CheckMarkdown(report).find("0 errors"), std::string::npos);
}

TEST_F(CheckTest, FilesMissingChangedBrokenTruncated) {
  Add("changed.jpg");
  folder_.Write("root/changed.jpg", "not a picture any more");
  Add("cut.jpg");
  const auto bytes = ReadFileBytes(folder_ / "root/cut.jpg", 1 << 20);
  folder_.Write("root/cut.jpg", {reinterpret_cast<const char*>(bytes.data()), bytes.size() / 2});
  pictures_.pictures.back().hash = ContentHashOfFile(folder_ / "root/cut.jpg");
  Entry("gone.jpg");
  folder_.Write("root/empty.jpg", "");
  Entry("empty.jpg");
  fs::create_directories(folder_ / "root/folder.jpg");
  Entry("folder.jpg");
  Add("resized.jpg").width = 61;
  const CheckReport report = Check();
  EXPECT_EQ(Found(report),
            "error:picture_broken=3 error:picture_changed=1 error:picture_missing=1 error:picture_unreadable=1 "
            "error:size_differs=1");
  EXPECT_EQ(First(report, "picture_missing").file, "gone.jpg");
  EXPECT_NE(First(report, "picture_missing").message.find("1 labelled faces"), std::string::npos);
  EXPECT_NE(First(report, "size_differs").message.find("61 x 40"), std::string::npos);
  // Without decoding only what the folders say is known.
  EXPECT_EQ(Found(Check({.decode = false})), "error:picture_missing=1 error:picture_unreadable=1");
}

TEST_F(CheckTest, LinksMayNotLeaveTheRoot) {
  folder_.Write("outside/secret.jpg", "x");
  Add("in/a.jpg");
  fs::create_symlink(folder_ / "outside/secret.jpg", folder_ / "root/link.jpg");
  fs::create_directory_symlink(folder_ / "outside", folder_ / "root/way");
  fs::create_symlink("a.jpg", folder_ / "root/in/b.jpg");
  fs::create_symlink("nothing", folder_ / "root/in/c.jpg");
  Entry("link.jpg");
  Entry("way/secret.jpg");
  Entry("in/b.jpg");
  Entry("in/c.jpg");
  EXPECT_EQ(Found(Check({.decode = false})),
            "warning:duplicate_content=2 error:outside_root=2 error:picture_missing=1");
}

TEST_F(CheckTest, Boxes) {
  Add("a.jpg").faces = {Face({30, 5, 10, 35}),    Face({10, 35, 30, 5}),  Face({10, 10, 10, 20}),
                        Face({60, 5, 80, 20}),    Face({-20, 5, -1, 20}), Face({50, 5, 65, 35}),
                        Face({50, 5, 60.9f, 35}), Face({1, 1, 5, 30}),    Face({-3, 5, 20, 20})};
  pictures_.pictures.back().faces[7].face.ignore = false;
  const CheckReport report = Check();
  EXPECT_EQ(Found(report),
            "error:box_outside=2 warning:box_over_frame=2 error:empty_box=1 error:swapped_box=2 warning:tiny_box=1");
  EXPECT_EQ(First(report, "swapped_box").where, "faces[0]");
  EXPECT_EQ(First(report, "tiny_box").where, "faces[7]");
}

TEST_F(CheckTest, ExifRotationAgainstLabels) {
  // Stored 60 x 40, shown 40 x 60.
  const test::Bytes turned = test::WithJpegSegment(EncodeJpeg(test::WavyImage(60, 40), 80), 0xe1, test::ExifBlock(6));
  folder_.Write("root/a.jpg", {reinterpret_cast<const char*>(turned.data()), turned.size()});
  fs::copy_file(folder_ / "root/a.jpg", folder_ / "root/b.jpg");
  fs::copy_file(folder_ / "root/a.jpg", folder_ / "root/c.jpg");
  Entry("a.jpg");  // says 60 x 40: the size as stored
  pictures_.pictures.back().hash.clear();
  ManifestPicture& by_box = Entry("b.jpg");
  by_box.hash.clear();
  by_box.width = by_box.height = 0;
  by_box.faces = {Face({35, 5, 58, 35})};
  ManifestPicture& right = Entry("c.jpg");
  right.hash.clear();
  right.width = 40;
  right.height = 60;
  right.faces = {Face({5, 30, 35, 58})};
  const CheckReport report = Check();
  EXPECT_EQ(Found(report), "warning:box_over_frame=1 error:exif_rotation=2");
}

TEST_F(CheckTest, TheSameFaceTwice) {
  Add("a.jpg").faces = {Face({10, 5, 30, 35}), Face({10, 5, 30, 34.5f}), Face({40, 5, 55, 30}),
                        Face({40, 5, 55, 30}, MaskState::kNone)};
  const CheckReport report = Check();
  EXPECT_EQ(Found(report), "warning:duplicate_box=1 warning:two_states=1");
  EXPECT_EQ(First(report, "two_states").where, "faces[3]");
}

TEST(FindSameFacesTest, TheGridFindsWhatAllPairsFind) {
  Random random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<ManifestFace> faces;
    for (int i = 0; i < 300; ++i) {
      const auto x = static_cast<float>(random.Uniform(0, 200)), y = static_cast<float>(random.Uniform(0, 200));
      const auto w = static_cast<float>(random.Uniform(5, 60)), h = static_cast<float>(random.Uniform(5, 120));
      faces.push_back(Face({x, y, x + w, y + h}));
      if (random.Chance(0.3)) {
        const auto shift = static_cast<float>(random.Uniform(-0.08, 0.08));
        faces.push_back(Face({x + shift * w, y + shift * h, x + w, y + h * (1 + shift)}));
      }
    }
    std::set<size_t> wanted;
    for (size_t j = 1; j < faces.size(); ++j) {
      for (size_t i = 0; i < j; ++i) {
        if (!wanted.contains(i) && Iou(faces[i].face.box, faces[j].face.box) >= 0.8f) wanted.insert(j);
      }
    }
    std::set<size_t> found;
    for (const auto& [first, later] : FindSameFaces(faces, 0.8f)) found.insert(later);
    EXPECT_EQ(found, wanted);
    EXPECT_FALSE(found.empty());
  }
}

TEST(FindSameFacesTest, ManyEqualBoxesTakeLittleTime) {
  const std::vector<ManifestFace> faces(200000, Face({1, 2, 30, 40}));
  EXPECT_EQ(FindSameFaces(faces, 0.9f).size(), faces.size() - 1);
}

TEST_F(CheckTest, LandmarksFarFromTheirFace) {
  ManifestPicture& picture = Add("a.jpg");
  picture.faces[0].face.landmarks = {{15, 10}, {25, 10}, {20, 20}, {15, 25}, {25, 25}};
  EXPECT_EQ(Found(Check()), "");
  pictures_.pictures[0].faces[0].face.landmarks[4] = {55, 25};
  EXPECT_EQ(Found(Check()), "warning:landmark_outside=1");
}

TEST_F(CheckTest, NamesThatAreOneOnSomeDisks) {
  Add("a.jpg");
  Add("A.JPG");
  Add("b\u00e4r.jpg");   // one letter
  Add("ba\u0308r.jpg");  // a and a combining diaeresis
  Add("STRASSE.jpg");
  Add("stra\u00dfe.jpg");
  const CheckReport report = Check();
  EXPECT_EQ(Found(report), "warning:name_spelling=6");  // three paths, three names
  EXPECT_EQ(First(report, "name_spelling").file, "A.JPG");
}

TEST_F(CheckTest, ThingsListedTwice) {
  Add("a.jpg");
  pictures_.pictures.push_back(pictures_.pictures[0]);
  fs::create_directories(folder_ / "root");
  fs::copy_file(folder_ / "root/a.jpg", folder_ / "root/b.jpg");
  Entry("b.jpg");
  Add("c.jpg").name = "b.jpg";
  const CheckReport report = Check();
  EXPECT_EQ(Found(report), "warning:duplicate_content=1 warning:duplicate_name=2 error:duplicate_path=1");
}

TEST_F(CheckTest, SidesOfASplit) {
  Add("a.jpg").split = DatasetSplit::kTrain;
  fs::copy_file(folder_ / "root/a.jpg", folder_ / "root/b.jpg");
  Entry("b.jpg").split = DatasetSplit::kTest;
  for (const DatasetSplit split : {DatasetSplit::kTrain, DatasetSplit::kTrain, DatasetSplit::kValidation}) {
    ManifestPicture& picture = Add("g" + std::to_string(pictures_.pictures.size()) + ".jpg");
    picture.split = split;
    picture.group = "one man";
  }
  const CheckReport report = Check();
  EXPECT_EQ(Found(report), "error:copy_on_both_sides=1 error:group_on_both_sides=1");
  EXPECT_NE(First(report, "group_on_both_sides").message.find("'one man' is in train and validation"),
            std::string::npos);
}

TEST_F(CheckTest, ClassDrift) {
  ManifestPicture& a = Add("a.jpg");
  a.faces = {Face({1, 1, 20, 20}, MaskState::kCorrect, "with_mask"),
             Face({30, 1, 50, 20}, MaskState::kCorrect, "With Mask"), Face({1, 21, 20, 38}, MaskState::kNone, "mask"),
             Face({30, 21, 50, 38}, MaskState::kCorrect, "mask"), Face({52, 21, 60, 38}, std::nullopt, "scarf")};
  const CheckReport report = Check();
  EXPECT_EQ(Found(report), "warning:class_of_two_states=1 warning:class_spelling=1 note:no_state=1");
}

TEST_F(CheckTest, SharesThatDiffer) {
  for (int i = 0; i < 400; ++i) {
    ManifestPicture& picture = Entry("p" + std::to_string(i));
    picture.split = i % 2 == 0 ? DatasetSplit::kTrain : DatasetSplit::kTest;
    if (i % 2 == 0 && i % 4 == 0) picture.faces[0].face.state = MaskState::kNone;
  }
  const CheckReport report = Check({.decode = false});
  EXPECT_EQ(Found(report), "error:picture_missing=400 warning:split_shares=2");
  EXPECT_NE(First(report, "split_shares").message.find("100 % of the 200 faces in test are correct"), std::string::npos)
      << First(report, "split_shares").message;
}

TEST_F(CheckTest, CountsAreTrue) {
  ManifestPicture& a = Add("a.jpg");
  a.faces = {Face({0, 0, 10, 15.9f}), Face({10, 0, 20, 16}, MaskState::kIncorrect),
             Face({20, 0, 30, 32}, MaskState::kNone), Face({30, 0, 40, 31.5f}, std::nullopt),
             Face({40, 0, 50, 38}, MaskState::kNone)};
  a.faces[4].face.ignore = true;
  ManifestPicture& crop = Add("crop.jpg");
  crop.kind = PictureKind::kFaceCrop;
  crop.synthetic = true;
  ManifestPicture& patch = Add("patch.jpg");
  patch.kind = PictureKind::kNotAFace;
  patch.faces.clear();
  patch.licence = "CC BY 4.0";
  Add("none.jpg").faces.clear();
  const CheckReport report = Check();
  EXPECT_EQ(Found(report), "note:no_faces=1 note:no_state=1");
  const LabelCounts& counts = report.counts;
  EXPECT_EQ(counts.all.pictures, 4);
  EXPECT_EQ(counts.all.without_faces, 1);
  EXPECT_EQ(counts.all.not_a_face, 1);
  EXPECT_EQ(counts.all.synthetic, 1);
  EXPECT_EQ(counts.all.faces, (FaceCounts{2, 1, 1, 1, 1}));
  EXPECT_EQ(counts.by_size[0], (FaceCounts{1, 0, 0, 0, 0}));
  EXPECT_EQ(counts.by_size[1], (FaceCounts{0, 1, 0, 1, 0}));
  EXPECT_EQ(counts.by_size[2], (FaceCounts{1, 0, 1, 0, 1}));
  EXPECT_EQ(counts.licences.at("s").at("CC BY 4.0"), 1);
  const std::string markdown = CheckMarkdown(report);
  EXPECT_NE(markdown.find("| 32-64 | 1 | 0 | 1 | 0 | 1 |"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("| s | 4 | CC0-1.0 | here |"), std::string::npos) << markdown;
}

TEST_F(CheckTest, BadLinesAreProblemsOfTheirOwn) {
  Add("a.jpg");
  WriteManifest(folder_ / "m.jsonl", pictures_);
  folder_.Write("m.jsonl", ReadFileText(folder_ / "m.jsonl") + "{\"path\":\"../x\",\"set\":\"s\"}\nrubbish\n");
  const CheckReport report = CheckPictures(StreamOf(folder_ / "m.jsonl"), {});
  EXPECT_EQ(Found(report), "error:bad_line=2");
  EXPECT_NE(report.problems[1].message.find("line 4"), std::string::npos);
  EXPECT_EQ(report.counts.all.pictures, 1);
}

TEST_F(CheckTest, ListsAreBoundedAndCountsAreNot) {
  for (int i = 0; i < 50; ++i) Entry("p" + std::to_string(i));
  const CheckReport report = Check({.decode = false, .listed = 5});
  EXPECT_EQ(report.kinds.at("picture_missing").found, 50);
  EXPECT_EQ(report.problems.size(), 5u);
  EXPECT_NE(CheckMarkdown(report, 3).find("and 47 more"), std::string::npos);
  const auto json = nlohmann::json::parse(CheckJson(report));
  EXPECT_EQ(json["schema"], "maskscope.check/1");
  EXPECT_EQ(json["errors"], 50);
  EXPECT_EQ(json["kinds"]["picture_missing"]["listed"], 5);
}

TEST_F(CheckTest, EmptyAndWithoutARoot) {
  EXPECT_EQ(Found(Check()), "warning:empty=1");
  pictures_.root = folder_ / "nowhere";
  EXPECT_EQ(Found(CheckPictures(StreamOf(pictures_, "x"), {})), "warning:empty=1 error:no_root=1");
}

TEST(CheckOptionsTest, NamesEveryBadField) {
  CheckOptions options;
  options.same_face_iou = 0.2f;
  options.tiny_side = -1;
  ExpectError(ErrorKind::kUsage, {"same_face_iou", "tiny_side"}, [&] { options.Validate(); });
}

TEST(FoldNameTest, CaseAndForm) {
  EXPECT_EQ(FoldName("ABC.jpg"), "abc.jpg");
  EXPECT_EQ(FoldName("BA\u0308R"), FoldName("b\u00e4r"));
  EXPECT_NE(FoldName("bar"), FoldName("b\u00e4r"));
  EXPECT_EQ(FoldName("东京"), "东京");
}

}  // namespace
}  // namespace maskscope
