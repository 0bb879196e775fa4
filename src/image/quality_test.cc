#include "image/quality.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "image/decode.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

using Grey = std::vector<uint8_t>;

nlohmann::json ReadGolden() {
  std::ifstream stream(test::SharedFile("golden/ops/blur.json"));
  return stream ? nlohmann::json::parse(stream) : nlohmann::json();
}

int64_t Sum(const Grey& grey) { return std::accumulate(grey.begin(), grey.end(), int64_t{0}); }

TEST(Quality, BlurOfPhotosAgreesWithTheReference) {
  const nlohmann::json golden = ReadGolden();
  if (golden.is_null()) GTEST_SKIP() << "golden/ops/blur.json is absent: set MASKSCOPE_SHARED";
  for (const auto& entry : golden.at("photos")) {
    const auto photo = test::SharedFile("golden/photos/" + entry.at("photo").get<std::string>());
    const Image image = ReadImage(photo).image;
    Grey grey = ToGrey(image);
    cv::Mat mat(image.height, image.width, CV_8UC1, grey.data());
    if (!entry.at("crop_xywh").is_null()) {
      const auto r = entry.at("crop_xywh").get<std::vector<int>>();
      mat = mat(cv::Rect(r[0], r[1], r[2], r[3])).clone();
    }
    const int k = entry.at("gaussian_k");
    if (k > 0) cv::GaussianBlur(mat.clone(), mat, {k, k}, 0);
    const Grey values(mat.datastart, mat.dataend);
    EXPECT_EQ(entry.at("gray_sum").get<int64_t>(), Sum(values)) << entry;
    EXPECT_NEAR(entry.at("laplacian_var").get<double>(), LaplacianVariance(values, mat.cols, mat.rows), 1e-6) << entry;
  }
}

TEST(Quality, BlurOfDrawnPatternsAgreesWithTheReference) {
  const nlohmann::json golden = ReadGolden();
  if (golden.is_null()) GTEST_SKIP() << "golden/ops/blur.json is absent: set MASKSCOPE_SHARED";
  const auto pattern = [](const std::string& name, int& width, int& height) {
    width = 64, height = 48;
    Grey grey;
    uint64_t state = 12345;
    if (name == "two_by_two") {
      width = height = 2;
      return Grey{1, 20, 200, 7};
    }
    if (name == "lcg") width = 31, height = 17;
    if (name == "one_pixel") width = height = 1;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if (name == "lcg") state = (1103515245 * state + 12345) % (uint64_t{1} << 31);
        const int value = name == "checker8"    ? (x / 8 + y / 8) % 2 * 255
                          : name == "ramp"      ? (3 * x + 2 * y) % 256
                          : name == "constant"  ? 77
                          : name == "one_pixel" ? 9
                                                : static_cast<int>(state >> 16 & 255);
        grey.push_back(static_cast<uint8_t>(value));
      }
    }
    return grey;
  };
  for (const auto& entry : golden.at("synthetic")) {
    const std::string name = entry.at("name");
    int width = 0, height = 0;
    const Grey grey = pattern(name, width, height);
    ASSERT_EQ(entry.at("sum").get<int64_t>(), Sum(grey)) << name;
    EXPECT_NEAR(entry.at("laplacian_var").get<double>(), LaplacianVariance(grey, width, height), 1e-6) << name;
  }
}

TEST(Quality, SmallPicturesByHand) {
  EXPECT_EQ(0, LaplacianVariance(Grey{9}, 1, 1));
  EXPECT_EQ(0, LaplacianVariance(Grey{}, 0, 0));
  // One row, borders reflected: the Laplacians are 2*10, 0+30-2*10, 2*10-2*30 = 20, 10, -40.
  EXPECT_NEAR((400.0 + 100 + 1600) / 3 - (10.0 / 3) * (10.0 / 3), LaplacianVariance(Grey{0, 10, 30}, 3, 1), 1e-9);
}

TEST(Quality, GreyOfPureColours) {
  Image image(3, 1);
  image.pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255};
  EXPECT_EQ((Grey{76, 150, 29}), ToGrey(image));
}

}  // namespace
}  // namespace maskscope
