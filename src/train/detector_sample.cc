#include "train/detector_sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/transform.h"
#include "train/hsv_jitter.h"

namespace maskscope {

namespace {

constexpr float kStateHeight = 0.8f;  // of a face's box, from above: what shows nose, mouth and most of the chin

// One side of the crop: where a window of `side` pixels begins on a picture of `length` pixels. `low`..`high` is what
// it must contain where it can.
float PlaceSide(float length, float side, float low, float high, Random& random) {
  if (side >= length) return static_cast<float>(random.Uniform(static_cast<double>(length - side), 0.0));
  float first = 0, last = length - side;
  if (high - low <= side) {
    first = std::max(first, high - side);
    last = std::min(last, low);
  } else {
    first = std::max(first, std::min(low, last));
    last = std::max(first, std::min(last, high - side));
  }
  if (last < first) std::swap(first, last);
  return static_cast<float>(random.Uniform(static_cast<double>(first), static_cast<double>(last)));
}

uint8_t ToByte(float value) { return static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f)); }

// Brightness, contrast, colour cast and saturation in one affine map of the three channels.
void JitterColour(Image& image, bool grey, Random& random) {
  const float contrast = static_cast<float>(random.Uniform(0.65, 1.35));
  const float brightness = static_cast<float>(random.Uniform(-32.0, 32.0));
  const float saturation = grey ? 0.0f : static_cast<float>(random.Uniform(0.5, 1.5));
  std::array<float, 3> cast{};
  for (float& gain : cast) gain = contrast * static_cast<float>(random.Uniform(0.9, 1.1));
  constexpr std::array<float, 3> kLuma{0.299f, 0.587f, 0.114f};
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    uint8_t* pixel = image.pixels.data() + i;
    const float luma = kLuma[0] * pixel[0] + kLuma[1] * pixel[1] + kLuma[2] * pixel[2];
    for (size_t c = 0; c < 3; ++c) {
      const float value = luma + saturation * (static_cast<float>(pixel[c]) - luma);
      pixel[c] = ToByte((value - 128.0f) * cast[c] + 128.0f + brightness);
    }
  }
}

void AddNoise(Image& image, Random& random) {
  const double deviation = random.Uniform(2.0, 10.0);
  // One random word serves four values: the sum of two bytes is near enough to a bell curve for grain.
  const float unit = static_cast<float>(deviation / 104.5);  // standard deviation of the sum of two uniform bytes
  uint64_t word = 0;
  int left = 0;
  for (uint8_t& value : image.pixels) {
    if (left == 0) {
      word = random.Next();
      left = 4;
    }
    const int sum = static_cast<int>(word & 0xff) + static_cast<int>((word >> 8) & 0xff) - 255;
    word >>= 16;
    --left;
    value = ToByte(static_cast<float>(value) + unit * static_cast<float>(sum));
  }
}

// Loses detail as a small or unsharp original does.
void Soften(Image& image, Random& random) {
  const double factor = random.Uniform(1.3, 2.5);
  const int small = std::max(8, static_cast<int>(image.width / factor));
  image = Resize(Resize(image, small, small), image.width, image.height);
}

void Recompress(Image& image, Random& random) {
  image = DecodeImage(EncodeJpeg(image, random.Int(25, 80)), "augmented picture").image;
}

}  // namespace

void DetectorSampleOptions::Validate() const {
  Problems problems;
  problems.Require(size >= 64 && size <= 2048 && size % 32 == 0, "size", std::to_string(size),
                   "a multiple of 32, 64 to 2048");
  problems.Require(longest_side >= 64 && longest_side <= 8192, "longest_side", std::to_string(longest_side),
                   "64 to 8192");
  problems.Require(least_scale > 0 && least_scale <= greatest_scale && greatest_scale <= 16, "least_scale",
                   std::to_string(least_scale), "more than 0 and at most greatest_scale, which is at most 16");
  problems.Require(least_face >= 0, "least_face", std::to_string(least_face), "0 or more");
  problems.Require(least_visible >= 0 && least_visible <= 1, "least_visible", std::to_string(least_visible), "0 to 1");
  problems.Require(aspect >= 0 && aspect <= 0.5f, "aspect", std::to_string(aspect), "0 to 0.5");
  for (const double chance : {aim_at_face, flip, colour, grey, blur, jpeg, noise, mosaic}) {
    problems.Require(chance >= 0 && chance <= 1, "a probability of augmentation", std::to_string(chance), "0 to 1");
  }
  for (const float change : hsv) {
    problems.Require(change >= 0 && change <= 1, "hsv", std::to_string(change), "0 to 1");
  }
  problems.ThrowIfAny(ErrorKind::kUsage, "detector augmentation");
}

Box DrawWindow(const Image& source, const LabelledImage& labels, int input_width, int input_height,
               const DetectorSampleOptions& options, Random& random) {
  const float width = static_cast<float>(source.width), height = static_cast<float>(source.height);
  const double scale = std::exp(random.Uniform(std::log(static_cast<double>(options.least_scale)),
                                               std::log(static_cast<double>(options.greatest_scale)))) *
                       options.longest_side / static_cast<double>(std::max(width, height));
  const double stretch = 1.0 + random.Uniform(-1.0, 1.0) * static_cast<double>(options.aspect);
  const float side_x = static_cast<float>(input_width / scale * std::sqrt(stretch));
  const float side_y = static_cast<float>(input_height / scale / std::sqrt(stretch));
  Box aim{0, 0, 0, 0};
  std::vector<const LabelledFace*> faces;
  for (const LabelledFace& face : labels.faces) {
    if (!face.ignore) faces.push_back(&face);
  }
  const bool aimed = !faces.empty() && random.Chance(options.aim_at_face);
  if (aimed) {
    aim = faces[random.Below(faces.size())]->box;
  } else {
    aim.x1 = aim.x2 = static_cast<float>(random.Uniform()) * width;
    aim.y1 = aim.y2 = static_cast<float>(random.Uniform()) * height;
  }
  const float x = PlaceSide(width, side_x, aim.x1, aim.x2, random);
  const float y = PlaceSide(height, side_y, aim.y1, aim.y2, random);
  return {x, y, x + side_x, y + side_y};
}

void PlaceLabels(const LabelledImage& labels, const Box& window, const Box& place, const DetectorSampleOptions& options,
                 DetectorSample& sample) {
  const float scale_x = place.width() / window.width(), scale_y = place.height() / window.height();
  const auto moved = [&](float x, float y) {
    return Point{place.x1 + (x - window.x1) * scale_x, place.y1 + (y - window.y1) * scale_y};
  };
  for (const LabelledFace& face : labels.faces) {
    const Point first = moved(face.box.x1, face.box.y1), last = moved(face.box.x2, face.box.y2);
    const Box whole{first.x, first.y, last.x, last.y};
    const Box seen{std::max(whole.x1, place.x1), std::max(whole.y1, place.y1), std::min(whole.x2, place.x2),
                   std::min(whole.y2, place.y2)};
    if (seen.area() <= 0) continue;
    const bool tiny = std::sqrt(seen.area()) < options.least_face;
    if (face.ignore || tiny || seen.area() < options.least_visible * whole.area()) {
      sample.ignored.push_back(seen);
      continue;
    }
    // Without the lower part of a face nobody can tell how a mask is worn.
    const bool shows_state = seen.y2 - whole.y1 >= kStateHeight * whole.height();
    TrainingFace placed{seen, {}, shows_state ? face.state : std::nullopt};
    for (const Point& point : face.landmarks) placed.landmarks.push_back(moved(point.x, point.y));
    sample.faces.push_back(std::move(placed));
  }
}

void MirrorSample(DetectorSample& sample) {
  const float width = static_cast<float>(sample.image.width);
  sample.image = FlipHorizontal(sample.image);
  const auto mirror_box = [&](Box& box) { box = {width - box.x2, box.y1, width - box.x1, box.y2}; };
  for (TrainingFace& face : sample.faces) {
    mirror_box(face.box);
    for (Point& point : face.landmarks) point.x = width - point.x;
    if (face.landmarks.size() == 5) {
      std::swap(face.landmarks[0], face.landmarks[1]);
      std::swap(face.landmarks[3], face.landmarks[4]);
    }
  }
  for (Box& box : sample.ignored) mirror_box(box);
}

void ChangeAppearance(const DetectorSampleOptions& options, Random& random, DetectorSample& sample) {
  if (random.Chance(options.flip)) MirrorSample(sample);
  if (random.Chance(options.blur)) Soften(sample.image, random);
  if (random.Chance(options.colour)) JitterColour(sample.image, random.Chance(options.grey), random);
  if (options.hsv != std::array<float, 3>{}) JitterHsv(DrawHsvChange(options.hsv, random), sample.image);
  if (random.Chance(options.noise)) AddNoise(sample.image, random);
  if (random.Chance(options.jpeg)) Recompress(sample.image, random);
}

DetectorSample DrawDetectorSample(const Image& source, const LabelledImage& labels,
                                  const DetectorSampleOptions& options, Random& random) {
  const Box window = DrawWindow(source, labels, options.size, options.size, options, random);
  DetectorSample sample;
  const uint8_t fill = static_cast<uint8_t>(random.Chance(0.5) ? 0 : random.Int(0, 255));
  sample.image = CropResize(source, window, options.size, options.size, fill);
  const auto side = static_cast<float>(options.size);
  PlaceLabels(labels, window, {0, 0, side, side}, options, sample);
  ChangeAppearance(options, random, sample);
  return sample;
}

}  // namespace maskscope
