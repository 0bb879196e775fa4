#include "evaluate/report/picture_tile.h"

#include <algorithm>

#include "image/transform.h"

namespace maskscope {
namespace {

constexpr float kSurround = 1.8f;  // side of the crop in sides of the face
constexpr int kWidest = 300;       // pixels of a picture beside its crop
constexpr int kGap = 6;

Box Moved(const Box& box, float left, float top, float scale) {
  return {(box.x1 - left) * scale, (box.y1 - top) * scale, (box.x2 - left) * scale, (box.y2 - top) * scale};
}

}  // namespace

Image SmallPicture(const Image& image, const std::vector<MarkedBox>& marks, int height) {
  const float scale = std::min(static_cast<float>(height) / static_cast<float>(image.height),
                               static_cast<float>(kWidest) / static_cast<float>(image.width));
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(static_cast<float>(side) * scale)); };
  Image small = Resize(image, scaled(image.width), scaled(image.height));
  for (const MarkedBox& mark : marks) DrawBox(small, Moved(mark.box, 0, 0, scale), mark.color, 2, mark.line);
  return small;
}

Image PictureTile(const Image& image, const Box& focus, const std::vector<MarkedBox>& marks, int height) {
  const Image small = SmallPicture(image, marks, height);
  const float side = std::max({focus.width(), focus.height(), 8.0f}) * kSurround;
  const float left = (focus.x1 + focus.x2 - side) / 2, top = (focus.y1 + focus.y2 - side) / 2;
  Image crop = CropResize(image, {left, top, left + side, top + side}, height, height, 128);
  for (const MarkedBox& mark : marks) {
    DrawBox(crop, Moved(mark.box, left, top, static_cast<float>(height) / side), mark.color, 1, mark.line);
  }
  Image tile(height + kGap + small.width, height, 128);
  Paste(crop, 0, 0, tile);
  Paste(small, height + kGap, 0, tile);
  return tile;
}

}  // namespace maskscope
