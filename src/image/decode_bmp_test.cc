#include "image/decode_bmp.h"

#include <gtest/gtest.h>

#include "image/decode.h"
#include "image/test_decoding.h"

namespace maskscope {
namespace {

using test::Append;
using test::Bytes;
using test::Number;

struct BmpFile {
  int width = 0, height = 0;  // a negative height: rows from the top
  int bits = 24;
  uint32_t compression = 0;
  std::vector<uint32_t> masks;    // red, green, blue and, in a larger header, alpha
  std::vector<uint32_t> palette;  // 0xrrggbb
  Bytes data;
};

Bytes Write(const BmpFile& file) {
  const size_t info = file.masks.size() == 4 ? 56 : 40;
  const size_t offset = 14 + info + (file.masks.size() == 3 ? 12 : 0) + 4 * file.palette.size();
  Bytes bytes = {'B', 'M'};
  Append(bytes, Number(offset + file.data.size(), 4, false));
  Append(bytes, Number(0, 4, false));
  Append(bytes, Number(offset, 4, false));
  Append(bytes, Number(info, 4, false));
  Append(bytes, Number(static_cast<uint32_t>(file.width), 4, false));
  Append(bytes, Number(static_cast<uint32_t>(file.height), 4, false));
  Append(bytes, Number(1, 2, false));
  Append(bytes, Number(static_cast<uint32_t>(file.bits), 2, false));
  Append(bytes, Number(file.compression, 4, false));
  Append(bytes, Bytes(12, 0));
  Append(bytes, Number(file.palette.size(), 4, false));
  Append(bytes, Bytes(4, 0));
  for (const uint32_t mask : file.masks) Append(bytes, Number(mask, 4, false));
  for (const uint32_t color : file.palette) Append(bytes, Number(color, 4, false));
  Append(bytes, file.data);
  return bytes;
}

Bytes RandomBytes(Random& random, size_t count) {
  Bytes bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Below(256));
  return bytes;
}

// A file of random size and random pixels.
BmpFile RandomPlain(Random& random, int bits) {
  BmpFile file;
  file.bits = bits;
  file.width = random.Int(1, 40);
  file.height = random.Int(1, 12);
  file.data = RandomBytes(random, static_cast<size_t>((file.width * bits + 31) / 32 * 4 * file.height));
  const int colors = bits <= 8 ? random.Chance(0.5) ? 1 << bits : random.Int(1, 1 << bits) : 0;
  for (int i = 0; i < colors; ++i) file.palette.push_back(static_cast<uint32_t>(random.Below(1 << 24)));
  if (random.Chance(0.3)) file.height = -file.height;
  return file;
}

// Random runs, literals, line ends and moves that stay inside the picture.
BmpFile RandomRuns(Random& random, int bits) {
  BmpFile file = RandomPlain(random, bits);
  file.height = std::abs(file.height);
  file.compression = bits == 8 ? 1 : 2;
  file.data.clear();
  for (int y = 0; y < file.height; ++y) {
    for (int x = 0; x < file.width;) {
      const int left = file.width - x, count = random.Int(1, left);
      if (count >= 3 && random.Chance(0.5)) {
        Append(file.data, Bytes{0, static_cast<uint8_t>(count)});
        const int size = bits == 8 ? count : (count + 1) / 2;
        Append(file.data, RandomBytes(random, static_cast<size_t>(size + size % 2)));
      } else if (count < left && random.Chance(0.2)) {
        Append(file.data, Bytes{0, 2, static_cast<uint8_t>(count), 0});
      } else {
        Append(file.data, Bytes{static_cast<uint8_t>(count), static_cast<uint8_t>(random.Below(256))});
      }
      x += count;
    }
    Append(file.data, Bytes{0, static_cast<uint8_t>(y + 1 == file.height)});  // end of line, end of picture
  }
  return file;
}

void ExpectAsOpenCv(const Bytes& bytes, const std::string& name) {
  EXPECT_EQ(0, test::GreatestDifference(test::OpenCvDecode(bytes), DecodeImage(bytes, name).image)) << name;
}

TEST(DecodeBmp, AgreesWithOpenCvOnRandomPictures) {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    for (const int bits : {1, 4, 8, 16, 24, 32}) {
      ExpectAsOpenCv(Write(RandomPlain(random, bits)), std::to_string(bits) + " bits");
    }
    BmpFile fields = RandomPlain(random, 16);
    fields.compression = 3;
    fields.masks = {0xf800, 0x07e0, 0x001f};
    ExpectAsOpenCv(Write(fields), "5, 6 and 5 bits");
    fields.masks = {0x7c00, 0x03e0, 0x001f};
    ExpectAsOpenCv(Write(fields), "5, 5 and 5 bits");
  }
}

TEST(DecodeBmp, RunsAgreeWithOpenCv) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    ExpectAsOpenCv(Write(RandomRuns(random, 8)), "RLE8");
    ExpectAsOpenCv(Write(RandomRuns(random, 4)), "RLE4");
  }
}

TEST(DecodeBmp, AlphaIsReadWhereThereIsAMaskForIt) {
  BmpFile file{2, 1, 32, 3, {0xff, 0xff00, 0xff0000, 0xff000000}, {}, {255, 0, 0, 255, 255, 0, 0, 128}};
  EXPECT_EQ((Bytes{255, 0, 0, 255, 127, 127}), DecodeImage(Write(file), "alpha").image.pixels);
  file.compression = 0;  // the fourth byte of plain 32 bits means nothing, and blue comes first
  file.masks.clear();
  EXPECT_EQ((Bytes{0, 0, 255, 0, 0, 255}), DecodeImage(Write(file), "plain").image.pixels);
}

TEST(DecodeBmp, Os2Header) {
  Bytes bytes = {'B', 'M'};
  Append(bytes, Bytes(8, 0));
  Append(bytes, Number(14 + 12 + 6, 4, false));
  Append(bytes, Number(12, 4, false));
  for (const uint32_t value : {2, 1, 1, 1}) Append(bytes, Number(value, 2, false));  // sides, planes, bits
  Append(bytes, Bytes{1, 2, 3, 4, 5, 6});                                            // two colours, blue first
  Append(bytes, Bytes{0b01000000, 0, 0, 0});
  EXPECT_EQ((Bytes{3, 2, 1, 6, 5, 4}), DecodeImage(bytes, "os2").image.pixels);
  ExpectAsOpenCv(bytes, "os2");
  test::ExpectEveryTruncationRefused(bytes, "os2");
}

TEST(DecodeBmp, OddFormsAreNamed) {
  std::string message;
  EXPECT_EQ(ErrorKind::kUnsupported, test::KindOfDecoding(Write({2, 2, 24, 4, {}, {}, Bytes(16, 0)}), &message));
  EXPECT_NE(message.find("compression 4"), std::string::npos) << message;
  EXPECT_EQ(ErrorKind::kUnsupported, test::KindOfDecoding(Write({2, 2, 2, 0, {}, {}, Bytes(16, 0)})));
  EXPECT_EQ(ErrorKind::kUnsupported,
            test::KindOfDecoding(Write({2, 2, 16, 3, {0xf00f, 0xf0, 0x700}, {}, Bytes(16, 0)}), &message));
  EXPECT_NE(message.find("mask"), std::string::npos) << message;
}

TEST(DecodeBmp, RunsThatLeaveThePictureAreBroken) {
  const auto kind = [](const Bytes& data) {
    return test::KindOfDecoding(Write({3, 2, 8, 1, {}, {0, 0xffffff}, data}));
  };
  EXPECT_EQ(std::nullopt, kind({3, 1, 0, 0, 3, 1, 0, 1}));
  EXPECT_EQ(std::nullopt, kind({3, 1, 0, 0, 3, 1})) << "the mark at the end may be missing";
  EXPECT_EQ(ErrorKind::kBadImage, kind({4, 1, 0, 0, 3, 1, 0, 1})) << "beyond the right side";
  EXPECT_EQ(ErrorKind::kBadImage, kind({0, 4, 1, 1, 1, 1, 0, 1}));
  EXPECT_EQ(ErrorKind::kBadImage, kind({0, 2, 4, 0, 1, 1, 0, 1}));
  EXPECT_EQ(ErrorKind::kBadImage, kind({0, 2, 0, 3, 1, 1, 0, 1})) << "above the top";
  EXPECT_EQ(ErrorKind::kBadImage, kind({3, 1, 0, 0, 2, 1})) << "a pixel is missing";
}

TEST(DecodeBmp, EveryTruncationIsAnError) {
  Random random(3);
  for (const int bits : {1, 4, 8, 16, 24, 32}) {
    test::ExpectEveryTruncationRefused(Write(RandomPlain(random, bits)), std::to_string(bits) + " bits");
  }
  test::ExpectEveryTruncationRefused(Write(RandomRuns(random, 8)), "RLE8", 2);
  test::ExpectEveryTruncationRefused(Write(RandomRuns(random, 4)), "RLE4", 2);
}

TEST(DecodeBmp, DamagedFilesAreReadOrRefused) {
  Random random(4);
  int refused = 0;
  for (int round = 0; round < 20; ++round) {
    for (const int bits : {1, 4, 8, 16, 24, 32})
      refused += test::DamageAtRandom(Write(RandomPlain(random, bits)), 40, 5);
    refused += test::DamageAtRandom(Write(RandomRuns(random, 8)), 200, 6);
    refused += test::DamageAtRandom(Write(RandomRuns(random, 4)), 200, 7);
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace maskscope
