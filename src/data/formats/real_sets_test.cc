#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "data/formats/formats.h"
#include "data/formats/test_round_trip.h"
#include "data/labels.h"
#include "data/test_folder.h"

// Round trips on published sets, where they are at hand.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

class RealSetsTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("MASKSCOPE_SHARED");
    scenes_ = fs::path(shared != nullptr ? shared : "../shared") / "data" / "scenes";
    if (!fs::is_directory(scenes_))
      GTEST_SKIP() << "NO REAL DATA: set MASKSCOPE_SHARED to the folder that holds data/scenes";
  }
  static Dataset Read(const fs::path& source, DataFormat format, const fs::path& images = {}) {
    ImportOptions options;
    options.source = source;
    options.format = format;
    options.images = images;
    options.check = PictureCheck::kExists;
    return ReadAnnotations(options);
  }
  static ExportSummary Write(const Dataset& dataset, DataFormat format, const fs::path& target) {
    ExportOptions options;
    options.target = target;
    options.format = format;
    return WriteAnnotations(dataset, options);
  }
  fs::path scenes_;
  TestFolder folder_;
};

TEST_F(RealSetsTest, EverySetThroughEveryFormat) {
  const std::map<std::string, size_t> sets{
      {"kaggle853", 633}, {"ilc2021", 1373}, {"mafa", 936}, {"wider", 600}, {"roboflow149", 34}};
  for (const auto& [name, pictures] : sets) {
    Dataset set = Read(scenes_ / name, DetectFormat(scenes_ / name));
    ASSERT_EQ(set.pictures.size(), pictures);
    if (pictures > 100) {  // a part of the large ones says as much
      size_t at = 0;
      std::erase_if(set.pictures, [&at](const ManifestPicture&) { return at++ % 4 != 0; });
    }
    for (const Holds& holds : AllHolds()) {
      const std::string format(DataFormatName(holds.format));
      SCOPED_TRACE(name + " through " + format);
      const std::filesystem::path target = folder_ / (name + "_" + format);
      ExpectHeld(set, ThroughFormat(set, holds.format, target, DefaultClassMap(), PictureCheck::kExists), holds,
                 DefaultClassMap());
      fs::remove_all(target);
    }
  }
}

TEST_F(RealSetsTest, AndBackToTheFormatItCameIn) {
  const Dataset set = Read(scenes_ / "kaggle853", DataFormat::kVoc);
  const Holds& voc = AllHolds()[1];
  for (const Holds& holds : AllHolds()) {
    const std::string format(DataFormatName(holds.format));
    SCOPED_TRACE(format);
    const auto through = [&](const Dataset& from, DataFormat to, const std::string& place) {
      return ThroughFormat(from, to, folder_ / (format + place), DefaultClassMap(), PictureCheck::kExists);
    };
    ExpectHeld(set, through(through(set, holds.format, "there"), DataFormat::kVoc, "back"), Both(holds, voc),
               DefaultClassMap());
  }
}

TEST_F(RealSetsTest, CropsThroughClassFolders) {
  const fs::path source = scenes_.parent_path() / "faces" / "maskedfacenet";
  const Dataset set = Read(source, DataFormat::kClassFolders);
  ASSERT_EQ(set.pictures.size(), 500u);
  ExportOptions options;
  options.target = folder_ / "folders";
  options.format = DataFormat::kClassFolders;
  options.copy_pictures = true;
  WriteAnnotations(set, options);
  const Dataset back = Read(options.target, DetectFormat(options.target));
  ASSERT_EQ(back.pictures.size(), set.pictures.size());
  for (size_t i = 0; i < set.pictures.size(); ++i) {
    ASSERT_EQ(back.pictures[i].path, set.pictures[i].path);
    EXPECT_EQ(back.pictures[i].faces.at(0).face.state, set.pictures[i].faces.at(0).face.state);
    EXPECT_EQ(ContentHashOfFile(back.root / back.pictures[i].path), ContentHashOfFile(set.root / set.pictures[i].path));
  }
}

TEST_F(RealSetsTest, OriginAndLicenceAreKnown) {
  for (const auto& [folder, licence] : std::map<std::string, std::string>{{"scenes/kaggle853", "CC0"},
                                                                          {"scenes/wider", "research"},
                                                                          {"faces/maskedfacenet", "NC"},
                                                                          {"faces/utkface", "non-commercial"}}) {
    const fs::path source = scenes_.parent_path() / folder;
    const Dataset set = Read(source, DetectFormat(source));
    ASSERT_EQ(set.header.sets.size(), 1u);
    EXPECT_NE(set.header.sets.begin()->second.licence.find(licence), std::string::npos) << folder;
    EXPECT_NE(set.header.sets.begin()->second.origin, "");
  }
}

TEST_F(RealSetsTest, YoloThroughCocoIsTheSameFiles) {
  const Dataset roboflow = Read(scenes_ / "roboflow149", DataFormat::kYolo);
  EXPECT_EQ(roboflow.header.classes, (std::vector<std::string>{"mask", "no-mask"}));
  Write(roboflow, DataFormat::kCoco, folder_ / "coco");
  Write(Read(folder_ / "coco", DataFormat::kCoco, scenes_ / "roboflow149" / "images"), DataFormat::kYolo,
        folder_ / "yolo");
  int compared = 0;
  for (const fs::path& file : ListFiles(scenes_ / "roboflow149" / "labels", ".txt", false)) {
    EXPECT_EQ(ReadFileText(folder_ / ("yolo/labels/" + file.filename().string())), ReadFileText(file)) << file;
    ++compared;
  }
  EXPECT_GT(compared, 30);
}

}  // namespace
}  // namespace maskscope
