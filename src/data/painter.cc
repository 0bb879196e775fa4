#include "data/painter.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "data/portrait.h"

namespace maskscope {
namespace {

Canvas PaintBackground(const PainterOptions& options, Random& random) {
  Canvas canvas(options.width, options.height);
  const auto tone = [&] { return static_cast<float>(random.Uniform(0.35, 0.85)); };
  const Colour above{tone(), tone(), tone()}, below{tone(), tone(), tone()};
  struct Light {
    float x, y, radius, gain;
  };
  std::vector<Light> lights;
  for (int i = 0; i < 9; ++i) {
    lights.push_back({static_cast<float>(random.Uniform()) * options.width,
                      static_cast<float>(random.Uniform()) * options.height,
                      static_cast<float>(random.Uniform(0.05, 0.25)) * options.width,
                      static_cast<float>(random.Uniform(-0.18, 0.18))});
  }
  for (int y = 0; y < canvas.height; ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      Colour c = Mix(above, below, static_cast<float>(y) / canvas.height);
      for (const Light& light : lights) {
        const float d = std::hypot(x - light.x, y - light.y) / light.radius;
        c = Scale(c, 1 + light.gain * std::exp(-d * d));
      }
      canvas.at(x, y) = c;
    }
  }
  return canvas;
}

// Separable Gaussian; the frame's edge pixels are repeated outwards.
void Blur(float sigma, Canvas& canvas) {
  if (sigma <= 0) return;
  const int radius = static_cast<int>(std::ceil(3 * sigma));
  std::vector<float> weights(static_cast<size_t>(2 * radius + 1));
  float sum = 0;
  for (int i = -radius; i <= radius; ++i)
    sum += weights[static_cast<size_t>(i + radius)] = std::exp(-0.5f * i * i / (sigma * sigma));
  for (float& w : weights) w /= sum;
  const auto pass = [&](bool horizontal) {
    Canvas source = canvas;
    for (int y = 0; y < canvas.height; ++y) {
      for (int x = 0; x < canvas.width; ++x) {
        Colour c;
        for (int i = -radius; i <= radius; ++i) {
          const Colour& s = horizontal ? source.at(std::clamp(x + i, 0, canvas.width - 1), y)
                                       : source.at(x, std::clamp(y + i, 0, canvas.height - 1));
          const float w = weights[static_cast<size_t>(i + radius)];
          c = {c.r + w * s.r, c.g + w * s.g, c.b + w * s.b};
        }
        canvas.at(x, y) = c;
      }
    }
  };
  pass(true);
  pass(false);
}

Image Develop(const Canvas& canvas, float noise, Random& random) {
  Image image(canvas.width, canvas.height);
  size_t i = 0;
  for (const Colour& c : canvas.pixels) {
    // Grain is mostly of brightness, as a sensor's is after its processing.
    const float grain = noise > 0 ? noise * static_cast<float>(random.Normal()) : 0;
    for (const float v : {c.r, c.g, c.b})
      image.pixels[i++] = static_cast<uint8_t>(std::clamp(v * 255 + grain + 0.5f, 0.0f, 255.0f));
  }
  return image;
}

// Rows of people, the back row higher and smaller. Returns persons placed, back row first.
std::vector<Person> Seat(const PainterOptions& options, Random& random) {
  const int rows =
      std::max(1, static_cast<int>(std::round(std::sqrt(options.people * 0.62 * options.height / options.width))));
  std::vector<Person> seated;
  int left = options.people;
  for (int row = 0; row < rows; ++row) {
    const int here = (left + rows - row - 1) / (rows - row);
    left -= here;
    const float cell_w = static_cast<float>(options.width) / here, cell_h = static_cast<float>(options.height) / rows;
    const float scale = std::min(cell_w / 3.2f, cell_h / 3.3f);
    for (int i = 0; i < here; ++i) {
      const size_t index = seated.size();
      const FaceCover cover =
          index < options.covers.size() ? options.covers[index] : static_cast<FaceCover>(random.Below(kFaceCovers));
      Person who = RandomPerson(random, cover);
      who.scale = scale * static_cast<float>(random.Uniform(0.85, 1.0));
      who.centre_x = (static_cast<float>(i) + 0.5f) * cell_w + static_cast<float>(random.Uniform(-0.15, 0.15)) * scale;
      who.centre_y =
          static_cast<float>(row) * cell_h + 1.55f * scale + static_cast<float>(random.Uniform(0, 0.3)) * scale;
      seated.push_back(who);
    }
  }
  return seated;
}

}  // namespace

std::string_view FaceCoverName(FaceCover cover) {
  switch (cover) {
    case FaceCover::kMask:
      return "mask";
    case FaceCover::kMaskUnderNose:
      return "mask under the nose";
    case FaceCover::kMaskUnderChin:
      return "mask under the chin";
    case FaceCover::kBare:
      return "bare face";
    case FaceCover::kHand:
      return "hand before the mouth";
  }
  return "?";
}

MaskState StateOf(FaceCover cover) {
  switch (cover) {
    case FaceCover::kMask:
      return MaskState::kCorrect;
    case FaceCover::kMaskUnderNose:
    case FaceCover::kMaskUnderChin:
      return MaskState::kIncorrect;
    case FaceCover::kBare:
    case FaceCover::kHand:
      break;
  }
  return MaskState::kNone;
}

void PainterOptions::Validate() const {
  Problems problems;
  problems.Require(width >= 16 && width <= 16384, "width", std::to_string(width), "16..16384 pixels");
  problems.Require(height >= 16 && height <= 16384, "height", std::to_string(height), "16..16384 pixels");
  problems.Require(people >= 0 && people <= 1000, "people", std::to_string(people), "0..1000");
  problems.Require(noise >= 0 && noise <= 255, "noise", std::to_string(noise), "0..255");
  problems.Require(blur >= 0 && blur <= 50, "blur", std::to_string(blur), "0..50 pixels");
  problems.ThrowIfAny(ErrorKind::kUsage, "painter options");
}

Painting PaintGroup(const PainterOptions& options) {
  options.Validate();
  Random random(options.seed);
  Canvas canvas = PaintBackground(options, random);
  Painting painting;
  if (options.people > 0) {
    for (const Person& who : Seat(options, random)) painting.faces.push_back(PaintPerson(who, random, canvas));
  }
  Blur(options.blur, canvas);
  painting.image = Develop(canvas, options.noise, random);
  return painting;
}

}  // namespace maskscope
