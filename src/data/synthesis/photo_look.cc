#include "data/synthesis/photo_look.h"

#include <algorithm>
#include <cmath>

namespace maskscope {
namespace {

Colour LinearAt(const Image& image, int x, int y) {
  const uint8_t* p = image.row(std::clamp(y, 0, image.height - 1)) + 3 * std::clamp(x, 0, image.width - 1);
  return {ToLinear(p[0] / 255.0f), ToLinear(p[1] / 255.0f), ToLinear(p[2] / 255.0f)};
}

float Luminance(const Colour& c) { return 0.2126f * c.r + 0.7152f * c.g + 0.0722f * c.b; }

float Quantile(std::vector<float> values, double share) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Colour Median(const std::vector<Colour>& colours) {
  std::vector<float> r, g, b;
  for (const Colour& c : colours) {
    r.push_back(c.r);
    g.push_back(c.g);
    b.push_back(c.b);
  }
  return {Quantile(r, 0.5), Quantile(g, 0.5), Quantile(b, 0.5)};
}

// Samples of the picture at head points over the angles and heights given (radians, units).
std::vector<Colour> Sample(const Image& image, const FaceFit& fit, float angle0, float angle1, float y0, float y1) {
  std::vector<Colour> found;
  for (int i = 0; i <= 8; ++i) {
    for (int k = 0; k <= 8; ++k) {
      const Vec3 at = fit.Project(HeadPoint(angle0 + (angle1 - angle0) * i / 8, y0 + (y1 - y0) * k / 8));
      const int x = static_cast<int>(std::floor(at.x)), y = static_cast<int>(std::floor(at.y));
      if (x >= 0 && y >= 0 && x < image.width && y < image.height) found.push_back(LinearAt(image, x, y));
    }
  }
  return found;
}

void Append(std::vector<Colour>& all, const std::vector<Colour>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

Box Around(const FaceFit& fit, float reach, const Image& image) {
  const Vec3 middle = fit.Project({0, 0.7f, 0});
  const float r = reach * fit.scale;
  return {std::max(0.0f, middle.x - r), std::max(0.0f, middle.y - r), std::min<float>(image.width, middle.x + r),
          std::min<float>(image.height, middle.y + r)};
}

std::vector<float> LumaOf(const Image& image, const Box& box, int* width, int* height) {
  const int x0 = static_cast<int>(box.x1), y0 = static_cast<int>(box.y1);
  *width = std::max(0, static_cast<int>(box.x2) - x0);
  *height = std::max(0, static_cast<int>(box.y2) - y0);
  std::vector<float> luma;
  for (int y = 0; y < *height; ++y) {
    for (int x = 0; x < *width; ++x) {
      const uint8_t* p = image.row(y0 + y) + 3 * (x0 + x);
      luma.push_back(0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2]);
    }
  }
  return luma;
}

// Edges in focus rise within a pixel; the ratio of a strong edge's height to its steepest step tells its width.
float MeasureBlur(const std::vector<float>& luma, int width, int height) {
  std::vector<float> widths;
  for (int y = 3; y + 3 < height; ++y) {
    for (int x = 3; x + 3 < width; ++x) {
      float low = 255, high = 0, steepest = 0;
      const auto at = [&](int i) { return luma[static_cast<size_t>(y) * width + x + i]; };
      for (int i = -3; i <= 3; ++i) {
        low = std::min(low, at(i));
        high = std::max(high, at(i));
        if (i < 3) steepest = std::max(steepest, std::abs(at(i + 1) - at(i)));
      }
      if (high - low > 40) widths.push_back((high - low) / steepest);
    }
  }
  if (widths.size() < 12) return 0.7f;
  // A step blurred by a Gaussian of deviation s rises by its height over s sqrt(2 pi) a pixel.
  return std::clamp(Quantile(widths, 0.15) / 2.5066f - 0.15f, 0.3f, 3.0f);
}

// J. Immerkaer, "Fast Noise Variance Estimation" (1996), on the quietest half.
float MeasureGrain(const std::vector<float>& luma, int width, int height) {
  std::vector<float> found;
  for (int y = 1; y + 1 < height; ++y) {
    for (int x = 1; x + 1 < width; ++x) {
      const auto at = [&](int i, int k) { return luma[static_cast<size_t>(y + k) * width + x + i]; };
      found.push_back(std::abs(at(-1, -1) - 2 * at(0, -1) + at(1, -1) - 2 * at(-1, 0) + 4 * at(0, 0) - 2 * at(1, 0) +
                               at(-1, 1) - 2 * at(0, 1) + at(1, 1)));
    }
  }
  // The median of |N(0, 6 s)| is 0.6745 * 6 s; faces' own detail adds to it, so the lower quartile (0.3186) is taken.
  return std::clamp(Quantile(found, 0.25) / (0.3186f * 6), 0.0f, 9.0f);
}

std::vector<float> Weights(float sigma) {
  const int radius = std::max(0, static_cast<int>(std::ceil(2.5f * sigma)));
  std::vector<float> weights;
  float sum = 0;
  for (int i = -radius; i <= radius; ++i) {
    weights.push_back(sigma > 0.05f ? std::exp(-0.5f * i * i / (sigma * sigma)) : (i == 0 ? 1.0f : 0.0f));
    sum += weights.back();
  }
  for (float& w : weights) w /= sum;
  return weights;
}

// Separable; nothing beyond the edges.
void BlurPlane(std::vector<float>& plane, int width, int height, float sigma) {
  const std::vector<float> weights = Weights(sigma);
  const int radius = static_cast<int>(weights.size() / 2);
  if (radius == 0) return;
  std::vector<float> half(plane.size());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      float sum = 0;
      for (int i = std::max(-radius, -x); i <= std::min(radius, width - 1 - x); ++i) {
        sum += weights[static_cast<size_t>(i + radius)] * plane[static_cast<size_t>(y) * width + x + i];
      }
      half[static_cast<size_t>(y) * width + x] = sum;
    }
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      float sum = 0;
      for (int i = std::max(-radius, -y); i <= std::min(radius, height - 1 - y); ++i) {
        sum += weights[static_cast<size_t>(i + radius)] * half[static_cast<size_t>(y + i) * width + x];
      }
      plane[static_cast<size_t>(y) * width + x] = sum;
    }
  }
}

// The light that falls on the face at each pixel of the layer, 1 = as on the middle of the face: the skin's brightness,
// smoothed until only the light is left of it.
std::vector<float> LightField(const PaintLayer& layer, const PhotoLook& look, const FaceFit& fit, const Image& image) {
  const size_t size = static_cast<size_t>(layer.width()) * layer.height();
  std::vector<float> sum(size), weight(size);
  const float base = std::max(1e-4f, Luminance(look.skin));
  for (int y = 0; y < layer.height(); ++y) {
    for (int x = 0; x < layer.width(); ++x) {
      const int px = layer.left() + x, py = layer.top() + y;
      if (px < 0 || py < 0 || px >= image.width || py >= image.height) continue;
      const Colour c = LinearAt(image, px, py);
      const size_t at = static_cast<size_t>(y) * layer.width() + x;
      weight[at] = SkinLikeness(look, c);
      sum[at] = weight[at] * std::clamp(Luminance(c) / base, 0.2f, 2.0f);
    }
  }
  const float sigma = 0.3f * fit.scale;
  BlurPlane(sum, layer.width(), layer.height(), sigma);
  BlurPlane(weight, layer.width(), layer.height(), sigma);
  for (size_t i = 0; i < size; ++i) {
    const float prior = 0.06f;  // far from skin the light is taken as the middle's
    sum[i] = std::clamp((sum[i] + prior) / (weight[i] + prior), 0.4f, 1.5f);
  }
  return sum;
}

}  // namespace

float SkinLikeness(const PhotoLook& look, const Colour& c) {
  const float ls = std::max(1e-4f, Luminance(look.skin)), lc = std::max(1e-4f, Luminance(c));
  const float brightness = std::log(lc / ls);
  const auto share = [](const Colour& v) { return v.r + v.g + v.b + 1e-4f; };
  const float red = c.r / share(c) - look.skin.r / share(look.skin),
              blue = c.b / share(c) - look.skin.b / share(look.skin);
  const float chroma = (red * red + blue * blue) / (0.07f * 0.07f);
  const float dark = brightness < 0 ? brightness / 0.9f : brightness / 0.8f;
  return std::exp(-0.5f * (chroma + dark * dark));
}

PhotoLook MeasurePhoto(const Image& image, const FaceFit& fit) {
  PhotoLook look;
  std::vector<Colour> skin, left, right;
  left = Sample(image, fit, -0.75f, -0.35f, 0.3f, 0.75f);
  right = Sample(image, fit, 0.35f, 0.75f, 0.3f, 0.75f);
  Append(skin, left);
  Append(skin, right);
  Append(skin, Sample(image, fit, -0.25f, 0.25f, 0.0f, 0.5f));
  Append(skin, Sample(image, fit, -0.3f, 0.3f, -0.5f, -0.3f));
  if (skin.empty()) skin.push_back({0.3f, 0.2f, 0.15f});
  look.skin = Median(skin);
  const std::vector<Colour> hair = Sample(image, fit, -0.6f, 0.6f, -1.3f, -1.1f);
  look.hair = hair.empty() ? Scale(look.skin, 0.15f) : Median(hair);
  // A hat, or what is behind the head.
  if (Luminance(look.hair) > 0.6f * Luminance(look.skin)) look.hair = Scale(look.skin, 0.15f);
  if (!left.empty() && !right.empty()) {
    const float l = Luminance(Median(left)), r = Luminance(Median(right));
    look.light_x = std::clamp(1.5f * (r - l) / (r + l + 1e-4f), -1.0f, 1.0f);
  }
  int width = 0, height = 0;
  const Box box = Around(fit, 1.9f, image);
  const std::vector<float> luma = LumaOf(image, box, &width, &height);
  look.blur = MeasureBlur(luma, width, height);
  look.grain = MeasureGrain(luma, width, height);
  // White is not seen in most photos. It is brighter than the skin, and about as bright as the brightest things around.
  const float brightest = ToLinear(Quantile(luma, 0.985) / 255), of_skin = Luminance(look.skin);
  const float level =
      std::clamp(0.95f * brightest, std::min(0.85f, 1.5f * of_skin), std::min(0.95f, 5 * of_skin + 0.05f));
  // A fifth of the skin's redness is taken for the light's.
  const float grey = std::max(1e-4f, of_skin);
  const auto tint = [&](float channel, float usual) {
    return std::pow(std::clamp(channel / grey / usual, 0.3f, 3.0f), 0.3f);
  };
  look.white = {level * tint(look.skin.r, 1.5f), level * tint(look.skin.g, 0.92f), level * tint(look.skin.b, 0.68f)};
  return look;
}

double Blend(const PaintLayer& layer, const PhotoLook& look, const FaceFit& fit, const BlendOptions& options,
             Random& random, Image& image) {
  std::vector<PaintLayer::Pixel> flat = layer.Flatten();
  const int width = layer.width(), height = layer.height();
  const std::vector<float> light = LightField(layer, look, fit, image);
  std::vector<float> planes[5], shadow(flat.size());
  for (auto& plane : planes) plane.resize(flat.size());
  for (size_t i = 0; i < flat.size(); ++i) {
    const int x = layer.left() + static_cast<int>(i) % width, y = layer.top() + static_cast<int>(i) / width;
    PaintLayer::Pixel p = flat[i];
    if (options.hidden_by_hair && p.under > 0 && x >= 0 && y >= 0 && x < image.width && y < image.height) {
      const float like = std::clamp(2.2f * SkinLikeness(look, LinearAt(image, x, y)), 0.0f, 1.0f);
      const float keep = 1 - p.under * (1 - like);
      p.colour = Scale(p.colour, keep);
      p.alpha *= keep;
    }
    planes[0][i] = p.colour.r * light[i] * look.white.r;
    planes[1][i] = p.colour.g * light[i] * look.white.g;
    planes[2][i] = p.colour.b * light[i] * look.white.b;
    planes[3][i] = p.alpha;
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int fx = x - static_cast<int>(std::lround(options.shadow_offset.x)),
                fy = y - static_cast<int>(std::lround(options.shadow_offset.y));
      if (fx >= 0 && fy >= 0 && fx < width && fy < height)
        shadow[static_cast<size_t>(y) * width + x] = planes[3][static_cast<size_t>(fy) * width + fx];
    }
  }
  // The samples of a pixel blur by themselves a little.
  const float soften = std::sqrt(std::max(0.0f, look.blur * look.blur - 0.1f));
  for (int k = 0; k < 4; ++k) BlurPlane(planes[k], width, height, soften);
  BlurPlane(shadow, width, height, std::max(0.3f, options.shadow_spread));
  double visible = 0;
  for (size_t i = 0; i < flat.size(); ++i) {
    const float x = static_cast<float>(layer.left() + static_cast<int>(i) % width) + 0.5f;
    const float y = static_cast<float>(layer.top() + static_cast<int>(i) / width) + 0.5f;
    const Box& f = options.frame;
    if (x > f.x1 && y > f.y1 && x < f.x2 && y < f.y2) visible += static_cast<double>(planes[3][i]);
  }
  if (visible < options.least_visible) return visible;
  std::vector<float> grain(flat.size());
  for (float& g : grain) g = static_cast<float>(random.Normal());
  // Grain in photos is never as fine as single pixels: it went through a demosaicing and a codec.
  BlurPlane(grain, width, height, 0.5f);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int px = layer.left() + x, py = layer.top() + y;
      if (px < 0 || py < 0 || px >= image.width || py >= image.height) continue;
      const size_t i = static_cast<size_t>(y) * width + x;
      const float alpha = planes[3][i], dark = 1 - options.shadow * shadow[i] * (1 - alpha);
      if (alpha < 0.002f && dark > 0.998f) continue;
      uint8_t* p = image.row(py) + 3 * px;
      for (int c = 0; c < 3; ++c) {
        const float behind = ToLinear(p[c] / 255.0f) * dark;
        const float value =
            255 * FromLinear(behind * (1 - alpha) + planes[c][i]) + alpha * 1.6f * look.grain * grain[i];
        p[c] = static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
      }
    }
  }
  return visible;
}

}  // namespace maskscope
