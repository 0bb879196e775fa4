#ifndef MASKSCOPE_IMAGE_ENCODE_H_
#define MASKSCOPE_IMAGE_ENCODE_H_

#include <cstdint>
#include <filesystem>
#include <vector>

#include "image/image.h"

namespace maskscope {

std::vector<uint8_t> EncodeJpeg(const Image& image, int quality = 92);
std::vector<uint8_t> EncodePng(const Image& image);
// By the path's ending (.jpg, .jpeg, .png); temporary name, then rename. Errors: kOutput, kUsage (other ending).
void WriteImage(const Image& image, const std::filesystem::path& path, int jpeg_quality = 92);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_ENCODE_H_
