#include "image/decode_tiff.h"

#include <gtest/gtest.h>
#include <tiffio.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "image/decode.h"
#include "image/test_decoding.h"

namespace maskscope {
namespace {

using test::Bytes;

struct TiffOptions {
  int bits = 8, samples = 3;
  uint16_t photometric = PHOTOMETRIC_RGB, compression = COMPRESSION_NONE;
  int extra = -1;  // EXTRASAMPLE_… of the last sample
  int rows_per_strip = 4;
  int tile = 0;         // side of tiles; 0: strips
  bool planes = false;  // each sample in a plane of its own
  bool big_endian = false;
};

// Rows of random bytes, `row_bytes` long each.
Bytes RandomRows(Random& random, size_t row_bytes, int height) {
  Bytes rows(row_bytes * static_cast<size_t>(height));
  for (uint8_t& byte : rows) byte = static_cast<uint8_t>(random.Below(256));
  return rows;
}

void SetFields(TIFF* tiff, int width, int height, const TiffOptions& options) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, options.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, options.samples);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, options.photometric);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, options.compression);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, options.planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  const auto extra = static_cast<uint16_t>(options.extra);
  if (options.extra >= 0) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &extra);
  if (options.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, options.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, options.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, options.rows_per_strip);
  }
  if (options.photometric == PHOTOMETRIC_PALETTE) {
    uint16_t map[3][256];
    for (int i = 0; i < 256; ++i) {
      for (int c = 0; c < 3; ++c) map[c][i] = static_cast<uint16_t>((i * (c + 3) % 256) * 257);
    }
    TIFFSetField(tiff, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
  }
}

// A file with random pixels (smooth ones do not matter: JPEG is compared with another decoder, not with the pixels).
Bytes RandomTiff(Random& random, int width, int height, const TiffOptions& options) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / ("maskscope_" + std::to_string(::getpid()) + ".tiff");
  TIFF* tiff = TIFFOpen(path.c_str(), options.big_endian ? "wb" : "wl");
  SetFields(tiff, width, height, options);
  for (uint16_t plane = 0; plane < (options.planes ? options.samples : 1); ++plane) {
    if (options.tile > 0) {
      for (uint32_t y = 0; y < static_cast<uint32_t>(height); y += static_cast<uint32_t>(options.tile)) {
        for (uint32_t x = 0; x < static_cast<uint32_t>(width); x += static_cast<uint32_t>(options.tile)) {
          Bytes tile = RandomRows(random, static_cast<size_t>(TIFFTileRowSize(tiff)), options.tile);
          EXPECT_LT(0, TIFFWriteTile(tiff, tile.data(), x, y, 0, plane));
        }
      }
    } else {
      for (int y = 0; y < height; ++y) {
        Bytes row = RandomRows(random, static_cast<size_t>(TIFFScanlineSize(tiff)), 1);
        EXPECT_EQ(1, TIFFWriteScanline(tiff, row.data(), static_cast<uint32_t>(y), plane));
      }
    }
  }
  TIFFClose(tiff);
  Bytes bytes = ReadFileBytes(path, 1 << 24);
  std::filesystem::remove(path);
  return bytes;
}

void ExpectAsOpenCv(const Bytes& bytes, const std::string& name, int tolerance = 0) {
  EXPECT_LE(test::GreatestDifference(test::OpenCvDecode(bytes), DecodeImage(bytes, name).image), tolerance) << name;
}

TEST(DecodeTiff, AgreesWithOpenCvOnRandomPictures) {
  Random random(1);
  const std::pair<const char*, TiffOptions> kinds[] = {
      {"colour", {}},
      {"grey", {8, 1, PHOTOMETRIC_MINISBLACK}},
      {"grey, 0 white", {8, 1, PHOTOMETRIC_MINISWHITE}},
      {"palette", {8, 1, PHOTOMETRIC_PALETTE}},
      {"bits", {1, 1, PHOTOMETRIC_MINISBLACK}},
      {"colour in 16 bits", {16, 3, PHOTOMETRIC_RGB}},
      {"grey in 16 bits", {16, 1, PHOTOMETRIC_MINISBLACK}},
      {"LZW", {8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW}},
      {"Deflate", {8, 3, PHOTOMETRIC_RGB, COMPRESSION_ADOBE_DEFLATE}},
      {"PackBits", {8, 3, PHOTOMETRIC_RGB, COMPRESSION_PACKBITS}},
      {"ZSTD", {8, 3, PHOTOMETRIC_RGB, COMPRESSION_ZSTD}},
      {"JPEG", {8, 3, PHOTOMETRIC_RGB, COMPRESSION_JPEG, -1, 16}},
      {"fax", {1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4}},
      {"tiles", {8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, -1, 0, 16}},
      {"planes", {8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, -1, 4, 0, true}},
      {"CMYK", {8, 4, PHOTOMETRIC_SEPARATED}},
      {"the upper byte first", {16, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, -1, 4, 0, false, true}},
  };
  for (const auto& [name, options] : kinds) {
    for (int round = 0; round < 5; ++round) {
      const Bytes bytes = RandomTiff(random, random.Int(1, 40), random.Int(1, 40), options);
      // OpenCV keeps the upper byte of 16 bits, where the nearest of 256 is taken here.
      ExpectAsOpenCv(bytes, name, options.bits == 16 ? 1 : 0);
    }
  }
}

TEST(DecodeTiff, FewBitsOfGreyAndPalette) {
  Random random(2);
  for (const int bits : {2, 4}) {
    const Bytes bytes = RandomTiff(random, 21, 5, {bits, 1, PHOTOMETRIC_MINISBLACK});
    const Image image = DecodeImage(bytes, "grey").image;
    for (const uint8_t value : image.pixels) EXPECT_EQ(0, value % (255 / ((1 << bits) - 1))) << bits;
  }
  EXPECT_EQ(std::nullopt, test::KindOfDecoding(RandomTiff(random, 21, 5, {4, 1, PHOTOMETRIC_PALETTE})));
}

// One pixel, uncompressed, of which the last sample is alpha of the kind `extra`.
Image OnePixel(uint16_t photometric, uint32_t extra, const Bytes& samples) {
  const auto count = static_cast<uint32_t>(samples.size());
  Bytes data = samples;
  const bool wide = count > 1;  // the bits of several samples do not fit into the directory
  for (uint32_t i = 0; i < count; ++i) test::Append(data, test::Number(8, 2, true));
  Bytes bytes = test::TiffStructure({{0x0100, 3, 1},
                                     {0x0101, 3, 1},
                                     {0x0102, 3, wide ? 0u : 8u},
                                     {0x0103, 3, 1},
                                     {0x0106, 3, photometric},
                                     {0x0111, 4, 8},
                                     {0x0115, 3, count},
                                     {0x0116, 3, 1},
                                     {0x0117, 4, count},
                                     {0x0152, 3, extra}},
                                    true, data);
  const size_t entry = 8 + data.size() + 2 + 2 * 12;  // BitsPerSample: a count, and where the values are
  const Bytes many = test::Number(count, 4, true);
  std::copy(many.begin(), many.end(), bytes.begin() + static_cast<ptrdiff_t>(entry) + 4);
  if (count > 2) {
    const Bytes at = test::Number(8 + count, 4, true);
    std::copy(at.begin(), at.end(), bytes.begin() + static_cast<ptrdiff_t>(entry) + 8);
  } else {
    std::copy_n(data.begin() + count, 4, bytes.begin() + static_cast<ptrdiff_t>(entry) + 8);
  }
  return DecodeImage(bytes, "pixel").image;
}

TEST(DecodeTiff, AlphaLiesOverWhite) {
  const Bytes half_red = {255, 127, 127};
  EXPECT_EQ(half_red, OnePixel(PHOTOMETRIC_RGB, EXTRASAMPLE_UNASSALPHA, {255, 0, 0, 128}).pixels);
  EXPECT_EQ(half_red, OnePixel(PHOTOMETRIC_RGB, EXTRASAMPLE_ASSOCALPHA, {128, 0, 0, 128}).pixels);
  EXPECT_EQ(half_red, OnePixel(PHOTOMETRIC_RGB, EXTRASAMPLE_UNSPECIFIED, {255, 0, 0, 128}).pixels);
  EXPECT_EQ((Bytes{255, 255, 255}), OnePixel(PHOTOMETRIC_RGB, EXTRASAMPLE_ASSOCALPHA, {200, 0, 90, 0}).pixels)
      << "colours beyond alpha";
  EXPECT_EQ((Bytes{127, 127, 127}), OnePixel(PHOTOMETRIC_MINISBLACK, EXTRASAMPLE_UNASSALPHA, {0, 128}).pixels);
  EXPECT_EQ((Bytes{191, 191, 191}), OnePixel(PHOTOMETRIC_MINISBLACK, EXTRASAMPLE_ASSOCALPHA, {64, 128}).pixels);
}

TEST(DecodeTiff, OddFormsAreNamed) {
  Random random(3);
  std::string message;
  EXPECT_EQ(ErrorKind::kUnsupported,
            test::KindOfDecoding(RandomTiff(random, 8, 8, {32, 3, PHOTOMETRIC_RGB}), &message));
  EXPECT_NE(message.find("32"), std::string::npos) << message;
  EXPECT_EQ(ErrorKind::kUnsupported,
            test::KindOfDecoding(RandomTiff(random, 8, 8, {8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZMA}), &message));
  EXPECT_NE(message.find("compression 34925"), std::string::npos) << message;
}

TEST(DecodeTiff, EveryTruncationIsAnError) {
  Random random(4);
  for (const uint16_t compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_JPEG}) {
    const TiffOptions options{8, 3, PHOTOMETRIC_RGB, compression, -1, 8};
    test::ExpectEveryTruncationRefused(RandomTiff(random, 9, 8, options), "compression " + std::to_string(compression),
                                       4);  // where the next picture is
  }
  // The directory first, the pixels at the end.
  const Bytes first = test::TiffStructure({{0x0100, 3, 3},
                                           {0x0101, 3, 2},
                                           {0x0102, 3, 8},
                                           {0x0103, 3, 1},
                                           {0x0106, 3, 1},
                                           {0x0111, 4, 8 + 2 + 9 * 12 + 4},
                                           {0x0115, 3, 1},
                                           {0x0116, 3, 2},
                                           {0x0117, 4, 6}},
                                          false);
  Bytes whole = first;
  test::Append(whole, Bytes{1, 2, 3, 4, 5, 6});
  EXPECT_EQ((Bytes{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6}), DecodeImage(whole, "first").image.pixels);
  test::ExpectEveryTruncationRefused(whole, "directory first");
}

TEST(DecodeTiff, DamagedFilesAreReadOrRefused) {
  Random random(5);
  int refused = 0;
  const TiffOptions kinds[] = {{},
                               {16, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW},
                               {8, 1, PHOTOMETRIC_PALETTE, COMPRESSION_PACKBITS},
                               {8, 3, PHOTOMETRIC_RGB, COMPRESSION_ADOBE_DEFLATE, -1, 0, 16},
                               {8, 3, PHOTOMETRIC_RGB, COMPRESSION_JPEG, -1, 16},
                               {8, 4, PHOTOMETRIC_RGB, COMPRESSION_ZSTD, EXTRASAMPLE_UNASSALPHA, 4, 0, true},
                               {1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX3}};
  for (const TiffOptions& options : kinds) {
    Bytes bytes = RandomTiff(random, 20, 17, options);
    refused += test::DamageAtRandom(bytes, 200, 6);
    // Most of the harm is in the directory, which stands at the end: aim at it.
    const size_t directory = bytes.size() - std::min<size_t>(bytes.size(), 240);
    for (int round = 0; round < 800; ++round) {
      Bytes damaged = bytes;
      for (int i = random.Int(1, 3); i > 0; --i) {
        damaged[directory + random.Below(damaged.size() - directory)] = static_cast<uint8_t>(random.Below(256));
      }
      refused += test::KindOfDecoding(damaged).has_value();
    }
  }
  EXPECT_GT(refused, 1000);
}

// Greatest address space the process has had, in bytes.
[[maybe_unused]] int64_t PeakBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmPeak:")) return 1024 * std::stoll(line.substr(7));
  }
  return 0;
}

// Directories that ask for much more than their pictures are worth: refused, and nothing large is allocated.
TEST(DecodeTiff, HostileDirectories) {
  const std::vector<test::TiffEntry> sound = {{0x0100, 3, 4}, {0x0101, 3, 4}, {0x0102, 3, 8},
                                              {0x0103, 3, 1}, {0x0106, 3, 1}, {0x0111, 4, 8},
                                              {0x0115, 3, 1}, {0x0116, 4, 4}, {0x0117, 4, 16}};
  ASSERT_EQ(std::nullopt, test::KindOfDecoding(test::TiffStructure(sound, true, Bytes(16, 7))));
  const std::vector<test::TiffEntry> changes[] = {
      {{0x0115, 3, 0xffff}},                                                          // samples
      {{0x0102, 3, 0xffff}},                                                          // bits
      {{0x0111, 4, 0xfffffff0}},                                                      // where a strip is
      {{0x0101, 4, 16000}, {0x0116, 4, 1}},                                           // more strips than are named
      {{0x0142, 4, 0x40000000}, {0x0143, 4, 0x10}, {0x0144, 4, 8}, {0x0145, 4, 16}},  // tiles
      {{0x0142, 4, 0x10000}, {0x0143, 4, 0x10000}, {0x0144, 4, 8}, {0x0145, 4, 16}},
      {{0x0142, 4, 0xfffffff0}, {0x0143, 4, 0xfffffff0}, {0x0144, 4, 8}, {0x0145, 4, 16}},
      {{0x0103, 3, 7}},      // JPEG that is none
      {{0x0103, 3, 6}},      // old-style JPEG that is none
      {{0x0103, 3, 5}},      // LZW that is none
      {{0x0103, 3, 50001}},  // WebP that is none
  };
  [[maybe_unused]] const int64_t before = PeakBytes();
  for (size_t i = 0; i < std::size(changes); ++i) {
    std::vector<test::TiffEntry> entries = sound;
    for (const test::TiffEntry& change : changes[i]) {
      const auto same = [&](const test::TiffEntry& entry) { return entry.tag == change.tag; };
      const auto found = std::find_if(entries.begin(), entries.end(), same);
      if (found != entries.end()) {
        *found = change;
      } else {
        entries.push_back(change);
      }
    }
    for (const bool big_endian : {false, true}) {
      EXPECT_NE(std::nullopt, test::KindOfDecoding(test::TiffStructure(entries, big_endian, Bytes(16, 7)))) << i;
    }
  }
#ifndef __SANITIZE_ADDRESS__  // its own bookkeeping takes address space as it likes
  EXPECT_LT(PeakBytes() - before, int64_t{160} << 20);
#endif
}

TEST(DecodeTiff, ADirectoryThatFollowsItselfIsReadOnce) {
  Bytes bytes = test::TiffStructure({{0x0100, 3, 4},
                                     {0x0101, 3, 4},
                                     {0x0102, 3, 8},
                                     {0x0103, 3, 1},
                                     {0x0106, 3, 1},
                                     {0x0111, 4, 8},
                                     {0x0115, 3, 1},
                                     {0x0116, 4, 4},
                                     {0x0117, 4, 16}},
                                    false, Bytes(16, 7));
  const Bytes itself = test::Number(8 + 16, 4, false);
  std::copy(itself.begin(), itself.end(), bytes.end() - 4);
  EXPECT_EQ(0, test::GreatestDifference(Image(4, 4, 7), DecodeImage(bytes, "loop").image));
}

TEST(DecodeTiff, NothingIsPrinted) {
  Random random(7);
  const Bytes whole = RandomTiff(random, 20, 17, {8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW});
  testing::internal::CaptureStderr();
  test::DamageAtRandom(whole, 300, 8);
  EXPECT_EQ("", testing::internal::GetCapturedStderr());
}

}  // namespace
}  // namespace maskscope
