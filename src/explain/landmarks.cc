#include "explain/landmarks.h"

#include "image/transform.h"

namespace maskscope {

FaceFrame FindFaceInCrop(const Detector& detector, const Image& crop) {
  const int pad_x = crop.width / 2, pad_y = crop.height / 2;
  Image padded(crop.width + 2 * pad_x, crop.height + 2 * pad_y, 127);
  Paste(crop, pad_x, pad_y, padded);
  FaceFrame face{{0, 0, static_cast<float>(crop.width), static_cast<float>(crop.height)}, {}};
  float largest = 0;
  for (const Detection& found : detector.Detect(padded, padded.width, padded.height)) {
    if (found.landmarks.size() != 5 || found.box.area() <= largest) continue;
    largest = found.box.area();
    const auto x = static_cast<float>(pad_x), y = static_cast<float>(pad_y);
    face.box = {found.box.x1 - x, found.box.y1 - y, found.box.x2 - x, found.box.y2 - y};
    face.landmarks = found.landmarks;
    for (Point& point : face.landmarks) point = {point.x - x, point.y - y};
  }
  return face;
}

}  // namespace maskscope
