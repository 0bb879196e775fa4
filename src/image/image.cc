#include "image/image.h"

#include <algorithm>

namespace maskscope {

float Iou(const Box& a, const Box& b) {
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  if (!(width > 0) || !(height > 0)) return 0;
  const float intersection = width * height;
  const float united = a.area() + b.area() - intersection;
  return united > 0 ? intersection / united : 0;
}

}  // namespace maskscope
