#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <optional>

#include "base/error.h"
#include "base/random.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

using test::Append;
using test::Bytes;
using test::WavyImage;

Bytes OfText(std::string_view text) { return {text.begin(), text.end()}; }

// The kind of error that decoding gives, and its message in `message`; empty when the picture is read.
std::optional<ErrorKind> Failure(const Bytes& bytes, std::string* message = nullptr,
                                 const DecodeOptions& options = {}) {
  try {
    DecodeImage(bytes, "the-source", options);
    return std::nullopt;
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    EXPECT_NE(std::string(error.what()).find("the-source"), std::string::npos) << error.what();
    return error.kind();
  }
}

TEST(BadPictures, EmptyAndText) {
  std::string message;
  EXPECT_EQ(ErrorKind::kBadImage, Failure({}, &message));
  EXPECT_NE(message.find("empty"), std::string::npos) << message;
  EXPECT_EQ(ErrorKind::kBadImage, Failure(OfText("These are words, not a photo.\n"), &message));
  EXPECT_NE(message.find("text"), std::string::npos) << message;
  EXPECT_EQ(ErrorKind::kBadImage, Failure(OfText("BMW is a maker of cars, and this is a long enough line of text.")));
  EXPECT_EQ(ErrorKind::kBadImage, Failure(Bytes(1000, 0)));
}

TEST(BadPictures, UnsupportedKindsAreNamed) {
  const std::pair<Bytes, const char*> cases[] = {
      {OfText("GIF89a\1\0\1\0"), "GIF"},
      {OfText({"\0\0\0\x18"
               "ftypheic\0\0\0\0",
               16}),
       "HEIC"},
      {OfText({"\0\0\0\x1c"
               "ftypavif\0\0\0\0",
               16}),
       "AVIF"},
      {OfText({"\0\0\0\x18"
               "ftypisom\0\0\0\0",
               16}),
       "MP4"},
      {OfText("%PDF-1.4\n"), "PDF"},
      {OfText({"\0\0\0\x0cjP  \r\n\x87\n", 12}), "JPEG 2000"},
  };
  for (const auto& [bytes, name] : cases) {
    std::string message;
    EXPECT_EQ(ErrorKind::kUnsupported, Failure(bytes, &message)) << name;
    EXPECT_NE(message.find(name), std::string::npos) << message;
    EXPECT_NE(message.find("wanted JPEG"), std::string::npos) << message;
  }
}

TEST(BadPictures, AnimatedWebpIsUnsupported) {
  Bytes bytes = OfText("RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0\7\0\0\7\0\0");
  bytes = OfText({"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0\7\0\0\7\0\0", 30});
  EXPECT_EQ(ErrorKind::kUnsupported, Failure(bytes));
}

// A decoder that allocated for these would need gigabytes; the limit must act on the header.
TEST(BadPictures, BombsAreRefusedByTheirHeader) {
  const Bytes png = test::MakePng(30000, 30000, 8, 2, Bytes(64, 0));
  std::string message;
  EXPECT_EQ(ErrorKind::kTooLarge, Failure(png, &message));
  EXPECT_NE(message.find("30000 x 30000"), std::string::npos) << message;
  EXPECT_EQ(ErrorKind::kTooLarge, Failure(test::MakePng(0x7fffffff, 0x7fffffff, 8, 2, {})));

  Bytes jpeg = EncodeJpeg(WavyImage(16, 16));
  for (size_t i = 0; i + 9 < jpeg.size(); ++i) {
    if (jpeg[i] != 0xff || jpeg[i + 1] != 0xc0) continue;
    for (size_t k = 5; k < 9; ++k) jpeg[i + k] = 0xfe;
  }
  EXPECT_EQ(ErrorKind::kTooLarge, Failure(jpeg));
  EXPECT_EQ(ErrorKind::kTooLarge, Failure(OfText("P6\n2000000000 2000000000\n255\n")));
  EXPECT_EQ(ErrorKind::kTooLarge, Failure(OfText("P6\n99999999999999999999999 2\n255\n")));
  EXPECT_EQ(ErrorKind::kTooLarge, Failure(test::TiffStructure({{0x100, 4, 0xfffffff0}, {0x101, 4, 0xfffffff0}}, true)));
  Bytes bmp = OfText({"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\xff\xff\xff\x3f\xff\xff\xff\x3f\1\0\x18\0", 30});
  EXPECT_EQ(ErrorKind::kTooLarge, Failure(bmp));
}

TEST(BadPictures, LimitsAreThoseOfTheOptions) {
  const Bytes png = EncodePng(WavyImage(40, 30));
  DecodeOptions options;
  options.max_pixels = 1200;
  EXPECT_EQ(std::nullopt, Failure(png, nullptr, options));
  options.max_pixels = 1199;
  EXPECT_EQ(ErrorKind::kTooLarge, Failure(png, nullptr, options));
  options.max_pixels = 0;
  options.max_file_bytes = -1;
  options.reduce_to_longest_side = -5;
  try {
    options.Validate();
    FAIL() << "bad options passed";
  } catch (const Error& error) {
    EXPECT_EQ(ErrorKind::kUsage, error.kind());
    for (const char* field : {"max_pixels", "max_file_bytes", "reduce_to_longest_side"}) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos) << error.what();
    }
  }
}

TEST(BadPictures, ZeroSidesAreBroken) {
  EXPECT_EQ(ErrorKind::kBadImage, Failure(test::MakePng(0, 5, 8, 2, {})));
  EXPECT_EQ(ErrorKind::kBadImage, Failure(OfText("P6\n0 4\n255\n")));
}

// Cut anywhere, a picture is refused: never half a picture, never a crash.
TEST(BadPictures, EveryTruncationOfAJpegIsAnError) {
  const Bytes whole = EncodeJpeg(test::NoisyImage(48, 40, 3), 80);
  for (size_t size = 0; size + 2 < whole.size(); size += 1 + size / 64) {
    EXPECT_EQ(ErrorKind::kBadImage, Failure(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size))))
        << size << " of " << whole.size() << " bytes";
  }
}

TEST(BadPictures, TruncationOfOtherFormatsIsAnError) {
  const Image picture = test::NoisyImage(40, 30, 5);
  const cv::Mat mat(picture.height, picture.width, CV_8UC3, const_cast<uint8_t*>(picture.pixels.data()));
  for (const char* ending : {".png", ".webp", ".tiff", ".bmp", ".ppm"}) {
    Bytes whole;
    ASSERT_TRUE(cv::imencode(ending, mat, whole));
    for (const double share : {0.01, 0.1, 0.3, 0.5, 0.8}) {
      const auto size = static_cast<ptrdiff_t>(share * static_cast<double>(whole.size()));
      EXPECT_NE(std::nullopt, Failure(Bytes(whole.begin(), whole.begin() + size))) << ending << " cut to " << size;
    }
  }
}

TEST(BadPictures, HarmlessJpegOdditiesAreRead) {
  Bytes jpeg = EncodeJpeg(WavyImage(32, 32), 95);
  Bytes with_tail = jpeg;
  Append(with_tail, OfText("bytes after the end, as some phones append a video"));
  EXPECT_EQ(std::nullopt, Failure(with_tail));
  Bytes with_stray = jpeg;
  const Bytes stray = {0x12, 0x34, 0x56};
  with_stray.insert(with_stray.begin() + 20, stray.begin(), stray.end());  // after the JFIF segment
  EXPECT_EQ(std::nullopt, Failure(with_stray));
  with_stray.resize(with_stray.size() - 200);
  EXPECT_EQ(ErrorKind::kBadImage, Failure(with_stray)) << "truncation hides behind a harmless warning";
}

TEST(BadPictures, MissingFileAndFolder) {
  const auto kind = [](const std::filesystem::path& path) {
    try {
      ReadImage(path);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;
  };
  EXPECT_EQ(ErrorKind::kNotFound, kind("no/such/picture.jpg"));
  EXPECT_EQ(ErrorKind::kUnreadable, kind(testing::TempDir()));
}

// Random damage to small files: each is read or refused with an Error; nothing else may come out.
TEST(BadPictures, DamagedFilesAreReadOrRefused) {
  const Image picture = WavyImage(24, 20);
  const cv::Mat mat(picture.height, picture.width, CV_8UC3, const_cast<uint8_t*>(picture.pixels.data()));
  Random random(20);
  int refused = 0;
  for (const char* ending : {".jpg", ".png", ".webp", ".bmp", ".tiff", ".ppm"}) {
    Bytes whole;
    ASSERT_TRUE(cv::imencode(ending, mat, whole));
    if (std::string(ending) == ".jpg") whole = test::WithJpegSegment(whole, 0xe1, test::ExifBlock(6));
    for (int round = 0; round < 400; ++round) {
      Bytes damaged = whole;
      const int changes = random.Int(1, 6);
      for (int i = 0; i < changes; ++i) {
        // Headers are short, so half of the damage is aimed at them.
        const size_t reach = random.Chance(0.5) ? std::min<size_t>(damaged.size(), 64) : damaged.size();
        damaged[random.Below(reach)] = static_cast<uint8_t>(random.Below(256));
      }
      if (random.Chance(0.1)) damaged.resize(random.Below(damaged.size()));
      DecodeOptions options;
      options.max_pixels = 1 << 16;
      options.reduce_to_longest_side = random.Int(0, 24);
      refused += Failure(damaged, nullptr, options).has_value();
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace maskscope
