#include "image/transform.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/random.h"
#include "image/resample.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

using test::GreatestDifference;
using test::NoisyImage;

// Weight of source pixel i in output o, written down plainly: share of area when shrinking, a tent between centres when
// enlarging, nothing for a sample whose centre is outside.
double PlainWeight(double begin, double step, int o, int i, int size) {
  if (step >= 1) {
    const double overlap = std::min(begin + (o + 1) * step, i + 1.0) - std::max(begin + o * step, double(i));
    return std::max(0.0, overlap) / step;
  }
  const double centre = begin + (o + 0.5) * step;
  if (centre < 0 || centre > size) return 0;
  const double position = std::clamp(centre - 0.5, 0.0, size - 1.0);
  return std::max(0.0, 1 - std::abs(position - i));
}

Image PlainCropResize(const Image& source, const Box& box, int width, int height, uint8_t fill) {
  const double step_x = (double(box.x2) - box.x1) / width, step_y = (double(box.y2) - box.y1) / height;
  Image result(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum[3] = {0, 0, 0}, covered = 0;
      for (int j = 0; j < source.height; ++j) {
        const double wy = PlainWeight(box.y1, step_y, y, j, source.height);
        if (wy == 0) continue;
        for (int i = 0; i < source.width; ++i) {
          const double w = wy * PlainWeight(box.x1, step_x, x, i, source.width);
          covered += w;
          for (int c = 0; c < 3; ++c) sum[c] += w * source.row(j)[3 * i + c];
        }
      }
      for (int c = 0; c < 3; ++c) {
        result.row(y)[3 * x + c] =
            static_cast<uint8_t>(std::clamp(std::lround(sum[c] + (1 - covered) * fill), 0L, 255L));
      }
    }
  }
  return result;
}

TEST(Resize, AgreesWithThePlainDefinitionOnRandomShapes) {
  Random random(11);
  for (int round = 0; round < 150; ++round) {
    const Image source = NoisyImage(random.Int(1, 40), random.Int(1, 40), random.Next());
    const int width = random.Int(1, 60), height = random.Int(1, 60);
    const Box whole{0, 0, float(source.width), float(source.height)};
    EXPECT_LE(GreatestDifference(PlainCropResize(source, whole, width, height, 0), Resize(source, width, height)), 1)
        << source.width << " x " << source.height << " to " << width << " x " << height;
  }
}

TEST(CropResize, AgreesWithThePlainDefinitionOnRandomBoxes) {
  Random random(12);
  for (int round = 0; round < 200; ++round) {
    const Image source = NoisyImage(random.Int(1, 30), random.Int(1, 30), random.Next());
    const auto x1 = static_cast<float>(random.Uniform(-20, 30)), y1 = static_cast<float>(random.Uniform(-20, 30));
    const Box box{x1, y1, x1 + static_cast<float>(random.Uniform(0.2, 60)),
                  y1 + static_cast<float>(random.Uniform(0.2, 60))};
    const int width = random.Int(1, 32), height = random.Int(1, 32);
    const auto fill = static_cast<uint8_t>(random.Below(256));
    EXPECT_LE(GreatestDifference(PlainCropResize(source, box, width, height, fill),
                                 CropResize(source, box, width, height, fill)),
              1)
        << "round " << round;
  }
}

TEST(CropResize, WholePixelsAtTheirOwnSizeAreCopied) {
  const Image source = NoisyImage(20, 15, 1);
  const Image crop = CropResize(source, {3, 4, 13, 9}, 10, 5);
  for (int y = 0; y < 5; ++y) EXPECT_EQ(0, std::memcmp(crop.row(y), source.row(y + 4) + 9, 30));
}

TEST(CropResize, OutsideIsFill) {
  const Image source(4, 4, 100);
  const Image crop = CropResize(source, {-4, -4, 8, 8}, 12, 12, 7);
  EXPECT_EQ(7, crop.row(0)[0]);
  EXPECT_EQ(7, crop.row(11)[35]);
  EXPECT_EQ(100, crop.row(5)[15]);
  EXPECT_EQ(0, GreatestDifference(Image(3, 3, 9), CropResize(source, {100, 100, 120, 120}, 3, 3, 9)));
}

TEST(CropResize, BoxesWithoutAreaOrNumbersGiveFill) {
  const Image source = NoisyImage(8, 8, 2);
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const Box& box : {Box{3, 3, 3, 5}, Box{5, 3, 3, 5}, Box{nan, 0, 4, 4}, Box{0, 0, infinity, 4}}) {
    EXPECT_EQ(0, GreatestDifference(Image(5, 4, 33), CropResize(source, box, 5, 4, 33)));
  }
  // Vast but finite: nearly all of it is outside.
  EXPECT_EQ(0, GreatestDifference(Image(2, 2, 33), CropResize(source, {-1e30f, -1e30f, 1e30f, 1e30f}, 2, 2, 33)));
}

TEST(Resize, SizesWithoutPixelsAreErrors) {
  EXPECT_THROW(Resize(NoisyImage(4, 4, 1), 0, 4), Error);
  EXPECT_THROW(Resize(Image(), 4, 4), Error);
  EXPECT_THROW(CropResize(NoisyImage(4, 4, 1), {0, 0, 1, 1}, 4, -1), Error);
}

TEST(Resize, ConstantStaysConstant) {
  for (const int value : {0, 1, 127, 254, 255}) {
    const Image source(33, 17, static_cast<uint8_t>(value));
    EXPECT_EQ(0, GreatestDifference(Image(100, 7, static_cast<uint8_t>(value)), Resize(source, 100, 7)));
  }
}

// One U8 tensor of a .safetensors file as a picture (the channel order does not matter to a resize).
Image ReadTensorImage(const std::vector<char>& file, const std::string& name) {
  uint64_t header_size = 0;
  std::memcpy(&header_size, file.data(), 8);
  const auto header = nlohmann::json::parse(file.begin() + 8, file.begin() + 8 + static_cast<ptrdiff_t>(header_size));
  const auto& entry = header.at(name);
  Image image(entry.at("shape")[1], entry.at("shape")[0]);
  std::memcpy(image.pixels.data(), file.data() + 8 + header_size + entry.at("data_offsets")[0].get<size_t>(),
              image.pixels.size());
  return image;
}

TEST(Resize, AgreesWithOpenCvsResults) {
  std::ifstream stream(test::SharedFile("golden/ops/resize.safetensors"), std::ios::binary);
  if (!stream) GTEST_SKIP() << "golden/ops/resize.safetensors is absent: set MASKSCOPE_SHARED";
  const std::vector<char> file((std::istreambuf_iterator<char>(stream)), {});
  const Image source = ReadTensorImage(file, "src");
  for (const char* name : {"area_32x24", "linear_80x60", "linear_150x120"}) {
    const Image expected = ReadTensorImage(file, name);
    EXPECT_LE(GreatestDifference(expected, Resize(source, expected.width, expected.height)), 1) << name;
  }
}

TEST(Flip, TwiceIsTheSame) {
  const Image source = NoisyImage(7, 3, 4);
  const Image flipped = FlipHorizontal(source);
  EXPECT_EQ(0, std::memcmp(flipped.row(1), source.row(1) + 18, 3));
  EXPECT_EQ(0, GreatestDifference(source, FlipHorizontal(flipped)));
}

TEST(Boxes, ClampAndPlacement) {
  EXPECT_EQ((Box{0, 2, 10, 5}), Clamp({-3, 2, 12, 9}, 10, 5));
  const Placement placement{2, 4, 10, 20};
  EXPECT_EQ((Box{5, 5, 10, 10}), placement.ToSource(Box{20, 40, 30, 60}));
  EXPECT_EQ((Point{5, 5}), placement.ToSource(Point{20, 40}));
}

TEST(Boxes, Iou) {
  EXPECT_FLOAT_EQ(1, Iou({0, 0, 4, 4}, {0, 0, 4, 4}));
  EXPECT_FLOAT_EQ(0.5f, Iou({0, 0, 10, 20}, {0, 0, 10, 10}));
  EXPECT_FLOAT_EQ(0, Iou({0, 0, 1, 1}, {1, 0, 2, 1}));
  EXPECT_FLOAT_EQ(0, Iou({1, 1, 1, 1}, {1, 1, 1, 1}));
  EXPECT_FLOAT_EQ(25.0f / 175.0f, Iou({0, 0, 10, 10}, {5, 5, 15, 15}));
}

}  // namespace
}  // namespace maskscope
