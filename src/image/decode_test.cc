#include "image/decode.h"

#include <gtest/gtest.h>
#include <turbojpeg.h>

#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "base/error.h"
#include "image/encode.h"
#include "image/exif.h"
#include "image/test_pictures.h"
#include "image/transform.h"

namespace maskscope {
namespace {

using test::Append;
using test::Bytes;
using test::GreatestDifference;
using test::WavyImage;

Bytes OpenCvEncode(const std::string& ending, const cv::Mat& mat) {
  Bytes bytes;
  EXPECT_TRUE(cv::imencode(ending, mat, bytes));
  return bytes;
}

cv::Mat BgrOf(const Image& image) {
  cv::Mat bgr(image.height, image.width, CV_8UC3);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* p = image.row(y) + 3 * x;
      bgr.at<cv::Vec3b>(y, x) = {p[2], p[1], p[0]};
    }
  }
  return bgr;
}

// JPEG with a pixel format and colour space of turbojpeg's.
Bytes TurboJpeg(const uint8_t* pixels, int width, int height, int format, int subsampling, int flags = 0) {
  tjhandle handle = tjInitCompress();
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int)
  EXPECT_EQ(0, tjCompress2(handle, pixels, width, 0, height, format, &buffer, &size, subsampling, 97, flags));
  Bytes bytes(buffer, buffer + size);
  tjFree(buffer);
  tjDestroy(handle);
  return bytes;
}

// The stored picture that `orientation` turns into `upright`, straight from the table in EXIF 2.32: which side of the
// picture row 0 and column 0 are.
Image StoredFor(const Image& upright, int orientation) {
  const int w = upright.width, h = upright.height;
  const bool swap = orientation >= 5;
  Image stored(swap ? h : w, swap ? w : h);
  for (int row = 0; row < stored.height; ++row) {
    for (int column = 0; column < stored.width; ++column) {
      int x = 0, y = 0;
      switch (orientation) {
        case 1:
          x = column, y = row;
          break;  // row 0 top, column 0 left
        case 2:
          x = w - 1 - column, y = row;
          break;  // top, right
        case 3:
          x = w - 1 - column, y = h - 1 - row;
          break;  // bottom, right
        case 4:
          x = column, y = h - 1 - row;
          break;  // bottom, left
        case 5:
          x = row, y = column;
          break;  // left, top
        case 6:
          x = w - 1 - row, y = column;
          break;  // right, top
        case 7:
          x = w - 1 - row, y = h - 1 - column;
          break;  // right, bottom
        case 8:
          x = row, y = h - 1 - column;
          break;  // left, bottom
        default:
          break;
      }
      for (int c = 0; c < 3; ++c) stored.row(row)[3 * column + c] = upright.row(y)[3 * x + c];
    }
  }
  return stored;
}

TEST(Decode, JpegKeepsItsPicture) {
  const Image picture = WavyImage(97, 61);
  const Bytes bytes = EncodeJpeg(picture, 97);
  const ImageInfo info = ReadImageInfo(bytes, "a.jpg");
  EXPECT_EQ("jpeg", info.format);
  EXPECT_EQ(97, info.width);
  EXPECT_EQ(61, info.height);
  EXPECT_EQ(1, info.orientation);
  const DecodedImage decoded = DecodeImage(bytes, "a.jpg");
  EXPECT_LE(GreatestDifference(picture, decoded.image), 6);
  EXPECT_EQ(97, decoded.full_width);
  EXPECT_EQ(61, decoded.full_height);
  EXPECT_EQ(1, decoded.reduction);
}

TEST(Decode, ProgressiveJpeg) {
  const Image picture = WavyImage(50, 40);
  const Bytes bytes = TurboJpeg(picture.pixels.data(), 50, 40, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE);
  EXPECT_LE(GreatestDifference(picture, DecodeImage(bytes, "p").image), 10);
}

TEST(Decode, LosslessFormatsKeepEveryPixel) {
  const Image picture = WavyImage(53, 31);
  for (const char* ending : {".png", ".bmp", ".tiff", ".ppm"}) {
    const Bytes bytes = OpenCvEncode(ending, BgrOf(picture));
    EXPECT_EQ(0, GreatestDifference(picture, DecodeImage(bytes, ending).image)) << ending;
    const ImageInfo info = ReadImageInfo(bytes, ending);
    EXPECT_EQ(53, info.width) << ending;
    EXPECT_EQ(31, info.height) << ending;
  }
  EXPECT_EQ(0, GreatestDifference(picture, DecodeImage(EncodePng(picture), "own PNG").image));
}

TEST(Decode, WebPLossyAndLossless) {
  const Image picture = WavyImage(64, 48);
  Bytes lossy, lossless;
  ASSERT_TRUE(cv::imencode(".webp", BgrOf(picture), lossy, {cv::IMWRITE_WEBP_QUALITY, 95}));
  ASSERT_TRUE(cv::imencode(".webp", BgrOf(picture), lossless, {cv::IMWRITE_WEBP_QUALITY, 101}));
  EXPECT_LE(GreatestDifference(picture, DecodeImage(lossy, "lossy").image), 25);
  EXPECT_EQ(0, GreatestDifference(picture, DecodeImage(lossless, "lossless").image));
  EXPECT_EQ(64, ReadImageInfo(lossy, "lossy").width);
  EXPECT_EQ(48, ReadImageInfo(lossless, "lossless").height);
}

TEST(Decode, EveryOrientationOfAJpegComesUpright) {
  const Image upright = WavyImage(48, 32);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool big_endian : {true, false}) {
      const Bytes plain = EncodeJpeg(StoredFor(upright, orientation), 98);
      const Bytes bytes = test::WithJpegSegment(plain, 0xe1, test::ExifBlock(orientation, big_endian));
      const ImageInfo info = ReadImageInfo(bytes, "exif");
      EXPECT_EQ(orientation, info.orientation);
      EXPECT_EQ(48, info.width);
      EXPECT_EQ(32, info.height);
      const DecodedImage decoded = DecodeImage(bytes, "exif");
      EXPECT_LE(GreatestDifference(upright, decoded.image), 6) << "orientation " << orientation;
      EXPECT_EQ(48, decoded.full_width);
    }
  }
}

TEST(Decode, OrientationHoldsAtReducedSize) {
  const Image upright = WavyImage(96, 64);
  const Image half = Resize(upright, 48, 32);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes bytes =
        test::WithJpegSegment(EncodeJpeg(StoredFor(upright, orientation), 98), 0xe1, test::ExifBlock(orientation));
    DecodeOptions options;
    options.reduce_to_longest_side = 48;
    const DecodedImage decoded = DecodeImage(bytes, "exif", options);
    EXPECT_EQ(2, decoded.reduction);
    EXPECT_EQ(96, decoded.full_width);
    EXPECT_EQ(64, decoded.full_height);
    EXPECT_LE(GreatestDifference(half, decoded.image), 8) << "orientation " << orientation;
  }
}

TEST(Decode, OrientationOfPngWebpAndTiff) {
  const Image upright = WavyImage(12, 7);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image stored = StoredFor(upright, orientation);
    Bytes rows;
    for (int y = 0; y < stored.height; ++y) {
      rows.push_back(0);
      rows.insert(rows.end(), stored.row(y), stored.row(y) + 3 * stored.width);
    }
    const Bytes exif = test::TiffStructure({{0x0112, 3, static_cast<uint32_t>(orientation)}}, false);
    const Bytes png = test::MakePng(stored.width, stored.height, 8, 2, rows, test::PngChunk("eXIf", exif));
    EXPECT_EQ(0, GreatestDifference(upright, DecodeImage(png, "png").image)) << "PNG, orientation " << orientation;

    const auto w = static_cast<uint32_t>(stored.width), h = static_cast<uint32_t>(stored.height);
    const Bytes tiff = test::TiffStructure({{0x0100, 3, w},
                                            {0x0101, 3, h},
                                            {0x0102, 3, 8},
                                            {0x0103, 3, 1},
                                            {0x0106, 3, 2},
                                            {0x0111, 4, 8},
                                            {0x0112, 3, static_cast<uint32_t>(orientation)},
                                            {0x0115, 3, 3},
                                            {0x0116, 3, h},
                                            {0x0117, 4, w * h * 3},
                                            {0x011c, 3, 1}},
                                           true, stored.pixels);
    EXPECT_EQ(0, GreatestDifference(upright, DecodeImage(tiff, "tiff").image)) << "TIFF, orientation " << orientation;

    Bytes simple;
    ASSERT_TRUE(cv::imencode(".webp", BgrOf(stored), simple, {cv::IMWRITE_WEBP_QUALITY, 101}));
    Bytes body;
    Append(body, std::string_view("WEBP"));
    Append(body, std::string_view("VP8X"));
    Append(body, test::Number(10, 4, false));
    Append(body, Bytes{8, 0, 0, 0});
    Append(body, test::Number(w - 1, 3, false));
    Append(body, test::Number(h - 1, 3, false));
    body.insert(body.end(), simple.begin() + 12, simple.end());
    Append(body, std::string_view("EXIF"));
    Append(body, test::Number(exif.size(), 4, false));
    Append(body, exif);
    Bytes webp;
    Append(webp, std::string_view("RIFF"));
    Append(webp, test::Number(body.size(), 4, false));
    Append(webp, body);
    EXPECT_EQ(0, GreatestDifference(upright, DecodeImage(webp, "webp").image)) << "WebP, orientation " << orientation;
  }
}

TEST(Decode, MeaninglessOrientationIsUpright) {
  const Bytes plain = EncodeJpeg(WavyImage(20, 10));
  for (const int orientation : {0, 9, 255}) {
    EXPECT_EQ(20, ReadImageInfo(test::WithJpegSegment(plain, 0xe1, test::ExifBlock(orientation)), "x").width);
  }
  EXPECT_EQ(1, ExifOrientation({}));
  const Bytes cut = test::ExifBlock(6);
  for (size_t size = 0; size < cut.size() - 18; ++size) EXPECT_EQ(1, ExifOrientation(std::span(cut).first(size)));
}

TEST(Decode, JpegIsReducedWhenThatIsEnough) {
  const Image picture = WavyImage(801, 403);
  const Bytes bytes = EncodeJpeg(picture, 95);
  const struct {
    int wanted, reduction, width, height;
  } cases[] = {{0, 1, 801, 403},   {801, 1, 801, 403}, {402, 1, 801, 403}, {401, 2, 401, 202},
               {202, 2, 401, 202}, {201, 4, 201, 101}, {101, 8, 101, 51},  {1, 8, 101, 51}};
  for (const auto& c : cases) {
    DecodeOptions options;
    options.reduce_to_longest_side = c.wanted;
    const DecodedImage decoded = DecodeImage(bytes, "big", options);
    EXPECT_EQ(c.reduction, decoded.reduction) << c.wanted;
    EXPECT_EQ(c.width, decoded.image.width) << c.wanted;
    EXPECT_EQ(c.height, decoded.image.height) << c.wanted;
    EXPECT_EQ(801, decoded.full_width);
    EXPECT_EQ(403, decoded.full_height);
    EXPECT_LE(GreatestDifference(Resize(picture, c.width, c.height), decoded.image), 8) << c.wanted;
  }
}

TEST(Decode, GreyJpeg) {
  const Bytes grey = {0, 50, 100, 150, 200, 250};
  const Bytes bytes = TurboJpeg(grey.data(), 3, 2, TJPF_GRAY, TJSAMP_GRAY);
  const Image image = DecodeImage(bytes, "grey").image;
  for (size_t i = 0; i < 6; ++i) {
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(grey[i], image.pixels[3 * i + c], 4);
  }
}

TEST(Decode, CmykJpegWithAndWithoutAdobesInversion) {
  // Plain: cyan and a little black ink on the whole picture.
  Bytes inks;
  for (int i = 0; i < 16 * 16; ++i) Append(inks, Bytes{200, 0, 0, 40});
  Bytes bytes = TurboJpeg(inks.data(), 16, 16, TJPF_CMYK, TJSAMP_444);
  const std::string adobe_name = "Adobe";
  const auto adobe = std::search(bytes.begin(), bytes.end(), adobe_name.begin(), adobe_name.end());
  const auto expect_color = [](const Image& image, int r, int g, int b, const char* what) {
    EXPECT_NEAR(r, image.pixels[0], 3) << what;
    EXPECT_NEAR(g, image.pixels[1], 3) << what;
    EXPECT_NEAR(b, image.pixels[2], 3) << what;
  };
  ASSERT_NE(adobe, bytes.end()) << "the encoder marks YCCK with an Adobe marker";
  // Adobe: 255 - ink is stored, so 200 means 55 of cyan and 40 means 215 of black.
  expect_color(DecodeImage(bytes, "adobe").image, 200 * 40 / 255, 0, 0, "Adobe");
}

TEST(Decode, SixteenBitPng) {
  const Bytes rows = {0, 0x00, 0x00, 0x80, 0x80, 0xff, 0xff};
  const Image image = DecodeImage(test::MakePng(3, 1, 16, 0, rows), "grey16").image;
  EXPECT_EQ((Bytes{0, 0, 0, 128, 128, 128, 255, 255, 255}), image.pixels);
}

TEST(Decode, AlphaLiesOverWhite) {
  // Red at full, half and no opacity.
  const Bytes rows = {0, 255, 0, 0, 255, 255, 0, 0, 128, 255, 0, 0, 0};
  const Image image = DecodeImage(test::MakePng(3, 1, 8, 6, rows), "rgba").image;
  EXPECT_EQ((Bytes{255, 0, 0, 255, 127, 127, 255, 255, 255}), image.pixels);
}

TEST(Decode, SixteenBitAlphaAndGreyAlpha) {
  const Bytes rgba = {0, 0xff, 0xff, 0, 0, 0, 0, 0x80, 0x80};
  EXPECT_EQ((Bytes{255, 127, 127}), DecodeImage(test::MakePng(1, 1, 16, 6, rgba), "rgba16").image.pixels);
  const Bytes grey_alpha = {0, 10, 255, 10, 0};
  EXPECT_EQ((Bytes{10, 10, 10, 255, 255, 255}), DecodeImage(test::MakePng(2, 1, 8, 4, grey_alpha), "ga").image.pixels);
}

TEST(Decode, PalettePngWithTransparency) {
  Bytes chunks = test::PngChunk("PLTE", {255, 0, 0, 0, 0, 255});
  const Bytes rows = {0, 0, 1};
  EXPECT_EQ((Bytes{255, 0, 0, 0, 0, 255}),
            DecodeImage(test::MakePng(2, 1, 8, 3, rows, chunks), "palette").image.pixels);
  Append(chunks, test::PngChunk("tRNS", {255, 0}));
  EXPECT_EQ((Bytes{255, 0, 0, 255, 255, 255}),
            DecodeImage(test::MakePng(2, 1, 8, 3, rows, chunks), "transparent").image.pixels);
}

TEST(Decode, WebpAlphaLiesOverWhite) {
  cv::Mat bgra(4, 4, CV_8UC4, cv::Scalar(0, 0, 255, 0));
  Bytes bytes;
  ASSERT_TRUE(cv::imencode(".webp", bgra, bytes, {cv::IMWRITE_WEBP_QUALITY, 101}));
  EXPECT_EQ(0, GreatestDifference(Image(4, 4, 255), DecodeImage(bytes, "clear").image));
}

TEST(Decode, OneBitPng) {
  EXPECT_EQ((Bytes{255, 255, 255, 0, 0, 0, 255, 255, 255}),
            DecodeImage(test::MakePng(3, 1, 1, 0, {0, 0b10100000}), "bits").image.pixels);
}

TEST(Decode, TextPnmWithComments) {
  const std::string text = "P3\n# made by hand\n2 1 # size\n255\n1 2 3 250 251 252\n";
  EXPECT_EQ((Bytes{1, 2, 3, 250, 251, 252}), DecodeImage(Bytes(text.begin(), text.end()), "p3").image.pixels);
}

TEST(Decode, TopDownBmp) {
  Bytes bytes = OpenCvEncode(".bmp", BgrOf(WavyImage(4, 3)));
  const Bytes height = test::Number(static_cast<uint32_t>(-3), 4, false);
  std::copy(height.begin(), height.end(), bytes.begin() + 22);
  const ImageInfo info = ReadImageInfo(bytes, "bmp");
  EXPECT_EQ(3, info.height);
  EXPECT_EQ(0, GreatestDifference(StoredFor(WavyImage(4, 3), 4), DecodeImage(bytes, "bmp").image));
}

TEST(Decode, OnePixelOfEveryFormat) {
  const Image pixel(1, 1, 200);
  for (const char* ending : {".jpg", ".png", ".webp", ".bmp", ".tiff", ".ppm"}) {
    const Image decoded = DecodeImage(OpenCvEncode(ending, BgrOf(pixel)), ending).image;
    EXPECT_LE(GreatestDifference(pixel, decoded), 2) << ending;
  }
  DecodeOptions options;
  options.reduce_to_longest_side = 1;
  EXPECT_EQ(1, DecodeImage(EncodeJpeg(pixel), "dot", options).image.width);
}

TEST(Decode, FileNameEndingDoesNotMatter) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "really_a_png.jpg";
  const Bytes png = EncodePng(WavyImage(5, 4));
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(png.data()), std::ssize(png));
  EXPECT_EQ(0, GreatestDifference(WavyImage(5, 4), ReadImage(path).image));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace maskscope
