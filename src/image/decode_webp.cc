#include "image/decode_webp.h"

#include <webp/decode.h>

#include "base/error.h"
#include "image/over_white.h"

namespace maskscope {

Image DecodeWebp(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK) {
    throw Error(ErrorKind::kBadImage, source + ": a broken or truncated WebP picture");
  }
  // The container's size was checked against the limits; the picture inside must be that large.
  if (features.width != header.width || features.height != header.height) {
    throw Error(ErrorKind::kBadImage, source + ": a broken WebP (two headers that disagree about its size)");
  }
  Image image(header.width, header.height);
  const size_t pixels = static_cast<size_t>(header.width) * static_cast<size_t>(header.height);
  bool whole = false;
  if (features.has_alpha != 0) {
    std::vector<uint8_t> rgba(pixels * 4);
    whole = WebPDecodeRGBAInto(bytes.data(), bytes.size(), rgba.data(), rgba.size(), header.width * 4) != nullptr;
    OverWhite(rgba.data(), pixels, image.pixels.data());
  } else {
    whole = WebPDecodeRGBInto(bytes.data(), bytes.size(), image.pixels.data(), image.pixels.size(), header.width * 3) !=
            nullptr;
  }
  if (!whole) throw Error(ErrorKind::kBadImage, source + ": a broken or truncated WebP picture");
  return image;
}

}  // namespace maskscope
