#include "image/encode.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "image/decode.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

ErrorKind KindOfWriting(const Image& image, const fs::path& path) {
  try {
    WriteImage(image, path);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::kInternal;
}

TEST(Encode, WritesByTheEnding) {
  const fs::path folder = fs::path(testing::TempDir()) / ("maskscope_encode_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const Image image = test::WavyImage(30, 20);
  for (const char* name : {"a.png", "b.jpg", "c.JPEG"}) {
    WriteImage(image, folder / name);
    EXPECT_LE(test::GreatestDifference(image, ReadImage(folder / name).image), 8) << name;
  }
  EXPECT_EQ(ErrorKind::kUsage, KindOfWriting(image, folder / "d.gif"));
  EXPECT_EQ(ErrorKind::kUsage, KindOfWriting(image, folder / "noending"));
  EXPECT_EQ(ErrorKind::kOutput, KindOfWriting(image, folder / "no" / "such" / "folder.png"));
  EXPECT_EQ(ErrorKind::kOutput, KindOfWriting(Image(), folder / "empty.png"));
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++files;
  EXPECT_EQ(3u, files) << "a failed write leaves nothing behind";
  fs::remove_all(folder);
}

TEST(Encode, QualityIsChecked) {
  EXPECT_THROW(EncodeJpeg(Image(2, 2), 0), Error);
  EXPECT_THROW(EncodeJpeg(Image(2, 2), 101), Error);
  EXPECT_LT(EncodeJpeg(test::NoisyImage(64, 64, 1), 30).size(), EncodeJpeg(test::NoisyImage(64, 64, 1), 95).size());
}

TEST(Encode, SidesBeyondAJpegsAreErrors) { EXPECT_THROW(EncodeJpeg(Image(65501, 1)), Error); }

}  // namespace
}  // namespace maskscope
