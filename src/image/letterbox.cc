#include "image/letterbox.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "image/transform.h"

namespace maskscope {
namespace {

// std::nearbyint rounds half to even in the default rounding mode, as Python's round() does.
int Round(double value) { return static_cast<int>(std::nearbyint(value)); }

}  // namespace

void LetterboxOptions::Validate() const {
  Problems problems;
  const auto require = [&](int value, const char* field) {
    problems.Require(value >= 1, field, std::to_string(value), "1 or more");
  };
  require(target_width, "target_width");
  require(target_height, "target_height");
  require(stride, "stride");
  problems.ThrowIfAny(ErrorKind::kUsage, "letterbox options");
}

Box Letterbox::FromImage(const Box& box) const {
  const auto x = [&](float v) { return static_cast<float>(v * ratio + half_pad_x); };
  const auto y = [&](float v) { return static_cast<float>(v * ratio + half_pad_y); };
  return {x(box.x1), y(box.y1), x(box.x2), y(box.y2)};
}

Letterbox PlanLetterbox(int image_width, int image_height, const LetterboxOptions& options) {
  options.Validate();
  if (image_width < 1 || image_height < 1) {
    throw Error(ErrorKind::kBadImage, "letterbox: a picture of " + std::to_string(image_width) + " x " +
                                          std::to_string(image_height) + " pixels");
  }
  Letterbox plan;
  plan.ratio = std::min(double(options.target_height) / image_height, double(options.target_width) / image_width);
  if (!options.enlarge) plan.ratio = std::min(plan.ratio, 1.0);
  plan.resized_width = Round(image_width * plan.ratio);
  plan.resized_height = Round(image_height * plan.ratio);
  int pad_x = options.target_width - plan.resized_width, pad_y = options.target_height - plan.resized_height;
  if (options.least_padding) {
    pad_x %= options.stride;
    pad_y %= options.stride;
  }
  plan.half_pad_x = pad_x / 2.0;
  plan.half_pad_y = pad_y / 2.0;
  plan.left = Round(plan.half_pad_x - 0.1);
  plan.right = Round(plan.half_pad_x + 0.1);
  plan.top = Round(plan.half_pad_y - 0.1);
  plan.bottom = Round(plan.half_pad_y + 0.1);
  plan.width = plan.resized_width + plan.left + plan.right;
  plan.height = plan.resized_height + plan.top + plan.bottom;
  return plan;
}

Box BoxFromLetterbox(const Box& box, int letterbox_width, int letterbox_height, int image_width, int image_height) {
  const double gain = std::min(double(letterbox_height) / image_height, double(letterbox_width) / image_width);
  const double pad_x = (letterbox_width - image_width * gain) / 2, pad_y = (letterbox_height - image_height * gain) / 2;
  const auto x = [&](float v) { return static_cast<float>((v - pad_x) / gain); };
  const auto y = [&](float v) { return static_cast<float>((v - pad_y) / gain); };
  return Clamp({x(box.x1), y(box.y1), x(box.x2), y(box.y2)}, image_width, image_height);
}

Image MakeLetterbox(const Image& image, const Letterbox& plan, uint8_t fill) {
  const Image resized = Resize(image, std::max(1, plan.resized_width), std::max(1, plan.resized_height));
  Image result(plan.width, plan.height, fill);
  const int rows = std::min(resized.height, plan.height - plan.top),
            columns = std::min(resized.width, plan.width - plan.left);
  for (int y = 0; y < rows; ++y) {
    std::memcpy(result.row(y + plan.top) + 3 * size_t(plan.left), resized.row(y), 3 * size_t(columns));
  }
  return result;
}

}  // namespace maskscope
