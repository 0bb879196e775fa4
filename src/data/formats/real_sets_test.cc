#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "data/formats/formats.h"
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

TEST_F(RealSetsTest, VocThroughEveryFormat) {
  const Dataset kaggle = Read(scenes_ / "kaggle853", DataFormat::kVoc);
  ASSERT_EQ(kaggle.pictures.size(), 633u);
  const fs::path images = scenes_ / "kaggle853" / "images";
  for (const DataFormat format : {DataFormat::kYolo, DataFormat::kCoco, DataFormat::kKitti, DataFormat::kCvat,
                                  DataFormat::kLabelStudio, DataFormat::kCsv}) {
    SCOPED_TRACE(DataFormatName(format));
    const std::string name(DataFormatName(format));
    Write(kaggle, format, folder_ / name);
    Write(Read(folder_ / name, format, images), DataFormat::kVoc, folder_ / (name + "_voc"));
    const Dataset back = Read(folder_ / (name + "_voc"), DataFormat::kVoc, images);
    std::map<std::string, const ManifestPicture*> by_name;
    for (const ManifestPicture& picture : back.pictures) by_name["images/" + picture.path] = &picture;
    ASSERT_EQ(by_name.size(), kaggle.pictures.size());
    int different = 0;
    for (const ManifestPicture& picture : kaggle.pictures) {
      const ManifestPicture* found = by_name[picture.path];
      ASSERT_NE(found, nullptr) << picture.path;
      ASSERT_EQ(found->faces.size(), picture.faces.size());
      for (size_t i = 0; i < picture.faces.size(); ++i) {
        const ManifestFace &a = picture.faces[i], &b = found->faces[i];
        different += !(a.face.box == b.face.box) || a.label != b.label || a.face.state != b.face.state;
      }
    }
    EXPECT_EQ(different, 0);
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
