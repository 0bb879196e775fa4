#ifndef MASKSCOPE_IMAGE_OVER_WHITE_H_
#define MASKSCOPE_IMAGE_OVER_WHITE_H_

#include <cstddef>
#include <cstdint>

namespace maskscope {

// RGBA (not premultiplied) laid over white: RGB.
inline void OverWhite(const uint8_t* rgba, size_t pixels, uint8_t* rgb) {
  for (size_t i = 0; i < pixels; ++i, rgba += 4, rgb += 3) {
    const int alpha = rgba[3];
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<uint8_t>((rgba[c] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_OVER_WHITE_H_
