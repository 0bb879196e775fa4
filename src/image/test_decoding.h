#ifndef MASKSCOPE_IMAGE_TEST_DECODING_H_
#define MASKSCOPE_IMAGE_TEST_DECODING_H_

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "image/decode.h"
#include "image/test_pictures.h"

// What the tests of several decoders do with a file: compare with OpenCV's reader, cut it off, damage it.
namespace maskscope::test {

// As OpenCV reads it, rows as stored, without alpha.
inline Image OpenCvDecode(const Bytes& bytes) {
  const cv::Mat bgr = cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  Image image(bgr.cols, bgr.rows);
  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      for (int c = 0; c < 3; ++c) image.row(y)[3 * x + c] = bgr.at<cv::Vec3b>(y, x)[2 - c];
    }
  }
  return image;
}

// The kind of error that decoding gives; nothing when the picture is read. Only `Error` may come out.
inline std::optional<ErrorKind> KindOfDecoding(const Bytes& bytes, std::string* message = nullptr) {
  DecodeOptions options;
  options.max_pixels = 1 << 16;
  try {
    DecodeImage(bytes, "the-source", options);
    return std::nullopt;
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    EXPECT_NE(std::string(error.what()).find("the-source"), std::string::npos) << error.what();
    return error.kind();
  }
}

// Cut anywhere, a file is a broken picture, or still a whole one where the last bytes say nothing.
inline void ExpectEveryTruncationRefused(const Bytes& whole, const std::string& name, size_t idle_bytes = 0) {
  const Image picture = DecodeImage(whole, name).image;
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    const std::optional<ErrorKind> kind = KindOfDecoding(cut);
    if (!kind && size + idle_bytes >= whole.size()) {
      EXPECT_EQ(0, GreatestDifference(picture, DecodeImage(cut, name).image)) << name << " cut to " << size;
    } else {
      EXPECT_EQ(ErrorKind::kBadImage, kind) << name << " cut to " << size << " of " << whole.size() << " bytes";
    }
  }
}

// Bytes changed at random, half of them near the beginning, where headers are. Returns how many files were refused.
inline int DamageAtRandom(const Bytes& whole, int rounds, uint64_t seed) {
  Random random(seed);
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    Bytes damaged = whole;
    for (int i = random.Int(1, 5); i > 0; --i) {
      const size_t reach = random.Chance(0.5) ? std::min<size_t>(damaged.size(), 64) : damaged.size();
      uint8_t& byte = damaged[random.Below(reach)];
      byte = random.Chance(0.5) ? static_cast<uint8_t>(random.Below(256))
                                : static_cast<uint8_t>(byte ^ 1 << random.Below(8));
    }
    refused += KindOfDecoding(damaged).has_value();
  }
  return refused;
}

}  // namespace maskscope::test

#endif  // MASKSCOPE_IMAGE_TEST_DECODING_H_
