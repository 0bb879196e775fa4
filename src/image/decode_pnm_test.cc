#include "image/decode_pnm.h"

#include <gtest/gtest.h>

#include "image/decode.h"
#include "image/test_decoding.h"

namespace maskscope {
namespace {

using test::Append;
using test::Bytes;

Bytes OfText(std::string_view text) { return {text.begin(), text.end()}; }

// A file of kind P1 to P6 with random pixels and, but for the binary bits, values of at most `greatest`.
Bytes RandomFile(Random& random, int kind, int greatest) {
  const int width = random.Int(1, 20), height = random.Int(1, 9);
  const bool bits = kind == 1 || kind == 4;
  Bytes bytes = OfText("P" + std::to_string(kind) + "\n" + std::to_string(width) + " " + std::to_string(height) + "\n");
  if (!bits) Append(bytes, std::to_string(greatest) + "\n");
  if (kind == 4) {
    for (int i = 0; i < (width + 7) / 8 * height; ++i) bytes.push_back(static_cast<uint8_t>(random.Below(256)));
    return bytes;
  }
  for (int i = 0; i < width * height * (kind % 3 == 0 ? 3 : 1); ++i) {
    const int value = random.Int(0, bits ? 1 : greatest);
    if (kind <= 3) {
      Append(bytes, std::to_string(value) + (random.Chance(0.1) ? "\n" : " "));
    } else {
      if (greatest > 255) bytes.push_back(static_cast<uint8_t>(value >> 8));
      bytes.push_back(static_cast<uint8_t>(value));
    }
  }
  return bytes;
}

TEST(DecodePnm, AgreesWithOpenCvOnRandomPictures) {
  Random random(1);
  for (int round = 0; round < 100; ++round) {
    for (int kind = 1; kind <= 6; ++kind) {
      const Bytes bytes = RandomFile(random, kind, 255);
      EXPECT_EQ(0, test::GreatestDifference(test::OpenCvDecode(bytes), DecodeImage(bytes, "pnm").image)) << "P" << kind;
    }
    for (const int kind : {2, 3, 5, 6}) {  // OpenCV keeps the upper byte, where the nearest of 256 is taken here
      const Bytes bytes = RandomFile(random, kind, 65535);
      EXPECT_LE(test::GreatestDifference(test::OpenCvDecode(bytes), DecodeImage(bytes, "pnm").image), 1) << "P" << kind;
    }
  }
}

TEST(DecodePnm, TheGreatestValueIsWhite) {
  EXPECT_EQ((Bytes{0, 0, 0, 128, 128, 128, 255, 255, 255}), DecodeImage(OfText("P2 3 1 4 0 2 4"), "p2").image.pixels);
  EXPECT_EQ((Bytes{255, 255, 255}), DecodeImage(OfText("P5 1 1 4095\n\x0f\xff"), "p5").image.pixels);
  EXPECT_EQ((Bytes{255, 255, 255}), DecodeImage(OfText("P5 1 1 100\n\xff"), "p5").image.pixels)
      << "beyond the greatest";
}

TEST(DecodePnm, BitsNeedNoSpaceBetweenThem) {
  EXPECT_EQ((Bytes{0, 0, 0, 255, 255, 255, 0, 0, 0}),
            DecodeImage(OfText("P1 # ink is 1\n3 1\n10 1"), "p1").image.pixels);
}

TEST(DecodePnm, BadHeadersAreBroken) {
  for (const char* text : {"P5 1 1 0 a", "P5 1 1 65536 aa", "P5 1 1 -3 a", "P5 1 1", "P5 1 1 255", "P2 1 1 255 x",
                           "P6 60 60 255 ", "P5 1 1 255#a", "P3 1 1 255 1 2", "P1 2 1 1"}) {
    EXPECT_EQ(ErrorKind::kBadImage, test::KindOfDecoding(OfText(text))) << text;
  }
}

TEST(DecodePnm, EveryTruncationIsAnError) {
  Random random(2);
  // The last bytes of a text are white space and, of a number of several digits, those that only change its value.
  const Bytes text = OfText("P3\n2 2\n255\n1 2 3  4 5 6  7 8 9  10 11 1\n");
  test::ExpectEveryTruncationRefused(text, "P3", 1);
  test::ExpectEveryTruncationRefused(OfText("P1\n3 2\n1 0 1\n0 1 1\n"), "P1", 1);
  for (const int greatest : {255, 65535}) {
    for (const int kind : {4, 5, 6}) {
      test::ExpectEveryTruncationRefused(RandomFile(random, kind, greatest), "P" + std::to_string(kind));
    }
  }
}

TEST(DecodePnm, DamagedFilesAreReadOrRefused) {
  Random random(3);
  int refused = 0;
  for (int round = 0; round < 20; ++round) {
    for (int kind = 1; kind <= 6; ++kind) {
      refused += test::DamageAtRandom(RandomFile(random, kind, random.Chance(0.5) ? 255 : 65535), 40, 4);
    }
  }
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace maskscope
