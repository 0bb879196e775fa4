#include "train/augment.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <numbers>

namespace maskscope {
namespace {

// Every strength 0: only mirroring is left.
AugmentOptions Nothing() {
  AugmentOptions options;
  options.rotation = options.shift = options.aspect = 0;
  options.low_resolution = options.jpeg = options.blur = options.noise = 0;
  options.colour = options.grey = options.cutout = 0;
  return options;
}

AugmentOptions Everything() {
  AugmentOptions options;
  options.low_resolution = options.jpeg = options.blur = options.noise = options.cutout = 1;
  options.grey = 0.5;
  return options;
}

std::vector<Random> Generators(int64_t count, uint64_t seed = 1) {
  std::vector<Random> random;
  for (int64_t i = 0; i < count; ++i) random.emplace_back(seed + static_cast<uint64_t>(i));
  return random;
}

at::Tensor Canvases(int64_t count, int64_t side) {
  torch::manual_seed(9);
  return at::randint(0, 256, {count, 3, side, side}, at::kByte);
}

double GreatestDifference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST(SampleCrops, WithoutStrengthIsTheMiddleOfTheCanvasOrItsMirrorImage) {
  constexpr int64_t kCount = 16;
  const at::Tensor canvases = Canvases(kCount, 32);
  std::vector<Random> random = Generators(kCount);
  const at::Tensor crops = SampleCrops(canvases, 2, 16, std::vector<CropJitter>(kCount, {1, 1}), Nothing(), random);
  int plain = 0, mirrored = 0;
  for (int64_t i = 0; i < kCount; ++i) {
    const at::Tensor middle = canvases[i].slice(1, 8, 24).slice(2, 8, 24).to(at::kFloat) / 255;
    plain += GreatestDifference(crops[i], middle) < 1e-4;
    mirrored += GreatestDifference(crops[i], middle.flip(2)) < 1e-4;
  }
  EXPECT_EQ(plain + mirrored, kCount);
  EXPECT_GE(std::min(plain, mirrored), 3);  // 8 on average
}

TEST(SampleCrops, RotationTurnsAndStaysInRange) {
  const at::Tensor canvas = Canvases(1, 16), picture = canvas[0].to(at::kFloat) / 255;
  AugmentOptions options = Nothing();
  options.rotation = 45;
  bool turned = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<Random> random = Generators(1, seed);
    const at::Tensor crop = SampleCrops(canvas, 1, 16, {{1, 1}}, options, random)[0];
    EXPECT_GE(crop.min().item<double>(), 0);
    EXPECT_LE(crop.max().item<double>(), 1 + 1e-6);
    turned |= GreatestDifference(crop, picture) > 0.1 && GreatestDifference(crop, picture.flip(2)) > 0.1;
  }
  EXPECT_TRUE(turned);
}

// A crop of at most 1.06 nominal sides moved by at most 0.09 stays within a canvas of 1.4: its edge is never seen.
TEST(SampleCrops, StaysWithinItsLimits) {
  constexpr int64_t kCount = 64;
  at::Tensor canvases = at::full({kCount, 3, 56, 56}, 255, at::kByte);
  canvases.slice(2, 2, 54).slice(3, 2, 54).zero_();
  AugmentOptions options = Nothing();
  options.shift = 0.09;
  options.aspect = 0.12;
  std::vector<Random> random = Generators(kCount);
  const std::vector<CropJitter> jitter(kCount, {0.8, 1});
  EXPECT_EQ(SampleCrops(canvases, 1.4, 32, jitter, options, random).max().item<double>(), 0);
  options.shift = 0.4;
  EXPECT_NEAR(SampleCrops(canvases, 1.4, 32, jitter, options, random).max().item<double>(), 1, 1e-5);
}

TEST(SampleCrops, DependOnTheGeneratorsAlone) {
  constexpr int64_t kCount = 4;
  const at::Tensor canvases = Canvases(kCount, 48);
  const auto crop = [&](uint64_t seed) {
    std::vector<Random> random = Generators(kCount, seed);
    return SampleCrops(canvases, 1.4, 32, std::vector<CropJitter>(kCount), {}, random);
  };
  EXPECT_TRUE(at::equal(crop(1), crop(1)));
  EXPECT_GT(GreatestDifference(crop(1), crop(100)), 0.1);
}

TEST(DegradeAndColour, DependsOnEachPicturesGeneratorAlone) {
  constexpr int64_t kCount = 4;
  const at::Tensor pictures = Canvases(kCount, 32).to(at::kFloat) / 255;
  const auto make = [&](int64_t first, int64_t count, uint64_t seed) {
    std::vector<Random> random = Generators(count, seed + static_cast<uint64_t>(first));
    return DegradeAndColour(pictures.slice(0, first, first + count), Everything(), random);
  };
  torch::manual_seed(1);
  const at::Tensor all = make(0, kCount, 100);
  torch::manual_seed(2);  // must not matter
  EXPECT_TRUE(at::equal(make(0, kCount, 100), all));
  for (int64_t i = 0; i < kCount; ++i) EXPECT_TRUE(at::equal(make(i, 1, 100)[0], all[i])) << i;
  EXPECT_GT(GreatestDifference(make(0, kCount, 200), all), 0.1);
}

TEST(DegradeAndColour, WithoutStrengthChangesNothing) {
  const at::Tensor pictures = Canvases(3, 16).to(at::kFloat) / 255;
  std::vector<Random> random = Generators(3);
  EXPECT_LE(GreatestDifference(DegradeAndColour(pictures, Nothing(), random), pictures), 1e-4);
}

TEST(DegradeAndColour, StaysInRange) {
  for (const int64_t size : {32, 40}) {  // a multiple of 16, and of 8 only
    constexpr int64_t kCount = 24;
    const at::Tensor pictures = Canvases(kCount, size).to(at::kFloat) / 255;
    std::vector<Random> random = Generators(kCount);
    const at::Tensor result = DegradeAndColour(pictures, Everything(), random);
    EXPECT_EQ(result.sizes(), pictures.sizes());
    EXPECT_GE(result.min().item<double>(), 0);
    EXPECT_LE(result.max().item<double>(), 1);
    EXPECT_FALSE(at::isnan(result).any().item<bool>());
  }
}

TEST(DegradeAndColour, CutoutPaintsOneRectangle) {
  AugmentOptions options = Nothing();
  options.cutout = 1;
  const at::Tensor picture = at::full({1, 3, 32, 32}, 0.5f);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    std::vector<Random> random = Generators(1, seed);
    const at::Tensor changed = (DegradeAndColour(picture, options, random)[0] - 0.5).abs().amax(0) > 1e-3;
    const int64_t rows = changed.any(1).sum().item<int64_t>(), columns = changed.any(0).sum().item<int64_t>();
    EXPECT_EQ(changed.sum().item<int64_t>(), rows * columns);
    EXPECT_GE(rows * columns, 4);
    EXPECT_LE(std::max(rows, columns), 11);  // a third
  }
}

TEST(JpegArtefacts, GrowAsQualityFallsAndLeaveFlatPicturesAlone) {
  at::Tensor ramp = at::empty({3, 32, 32});
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < 32; ++y) {
      for (int64_t x = 0; x < 32; ++x) ramp[c][y][x] = (c == 0 ? x : c == 1 ? y : (x * y) % 32) / 31.0;
    }
  }
  const auto error = [&](int quality) { return (JpegArtefacts(ramp, quality) - ramp).square().mean().item<double>(); };
  EXPECT_LT(error(98), error(60));
  EXPECT_LT(error(60), error(10));
  EXPECT_GT(error(10), 1e-3);
  // Half the range is level 0 of every table.
  const at::Tensor flat = at::full({3, 16, 24}, 128.0f / 255);
  EXPECT_LE(GreatestDifference(JpegArtefacts(flat, 10), flat), 1e-3);
}

TEST(Blur, SpreadsAlongItsDirectionOnly) {
  at::Tensor dot = at::zeros({3, 17, 17});
  dot.select(1, 8).select(1, 8).fill_(1);
  const at::Tensor across = Blur(dot, 2, 0.1, 0), down = Blur(dot, 2, 0.1, std::numbers::pi / 2);
  EXPECT_NEAR(across.sum().item<double>(), 3, 1e-4);
  EXPECT_NEAR(across.select(1, 8).sum().item<double>(), 3, 1e-4);
  EXPECT_NEAR(down.select(2, 8).sum().item<double>(), 3, 1e-4);
  EXPECT_LT(across[0][8][8].item<double>(), 0.3);
  EXPECT_LE(GreatestDifference(Blur(at::full({3, 12, 9}, 0.7f), 1, 2, 0.5), at::full({3, 12, 9}, 0.7f)), 1e-5);
}

TEST(LowerResolution, AveragesAreas) {
  const at::Tensor picture = Canvases(1, 16)[0].to(at::kFloat) / 255;
  EXPECT_LE(GreatestDifference(LowerResolution(picture, 16), picture), 1e-6);
  const at::Tensor one = LowerResolution(picture, 1);
  EXPECT_LE(GreatestDifference(one, picture.mean(at::IntArrayRef{1, 2}, true).expand({3, 16, 16})), 1e-5);
}

TEST(ColourMatrix, KeepsGreyAndDoesNothingAtRest) {
  const double rest[3] = {1, 1, 1};
  const std::vector<float> identity = ColourMatrix(0, 1, rest);
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(identity[i], i % 4 == 0 ? 1 : 0, 1e-4);
  const std::vector<float> turned = ColourMatrix(0.7, 1.4, rest), grey = ColourMatrix(0.7, 0, rest);
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_NEAR(turned[3 * row] + turned[3 * row + 1] + turned[3 * row + 2], 1, 1e-4);
    EXPECT_NEAR(grey[3 * row], 0.299, 1e-5);  // luminance
    EXPECT_NEAR(grey[3 * row + 1], 0.587, 1e-5);
  }
  const double warm[3] = {1.1, 1, 0.9};
  EXPECT_NEAR(ColourMatrix(0, 1, warm)[0], 1.1, 1e-4);
  EXPECT_NEAR(ColourMatrix(0, 1, warm)[8], 0.9, 1e-4);
}

}  // namespace
}  // namespace maskscope
