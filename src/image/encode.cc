#include "image/encode.h"

#include <turbojpeg.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/files.h"

namespace maskscope {
namespace {

void CheckNotEmpty(const Image& image) {
  if (image.empty()) throw Error(ErrorKind::kOutput, "cannot encode a picture without pixels");
}

class Compressor {
 public:
  Compressor() : handle_(tjInitCompress()) {
    if (handle_ == nullptr) throw Error(ErrorKind::kResource, "no memory for a JPEG encoder");
  }
  ~Compressor() { tjDestroy(handle_); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  tjhandle get() const { return handle_; }

 private:
  tjhandle handle_;
};

}  // namespace

std::vector<uint8_t> EncodeJpeg(const Image& image, int quality) {
  CheckNotEmpty(image);
  if (quality < 1 || quality > 100) {
    throw Error(ErrorKind::kUsage, "JPEG quality: found " + std::to_string(quality) + ", wanted 1 to 100");
  }
  constexpr int kGreatestSide = 65500;  // JPEG_MAX_DIMENSION
  if (std::max(image.width, image.height) > kGreatestSide) {
    throw Error(ErrorKind::kUnsupported, "a JPEG holds at most 65500 pixels a side; found " +
                                             std::to_string(image.width) + " x " + std::to_string(image.height));
  }
  const Compressor compressor;
  // Full colour resolution where quality is asked for: thin coloured lines would bleed otherwise.
  const int subsampling = quality >= 90 ? TJSAMP_444 : TJSAMP_420;
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): the library's type
  const int status = tjCompress2(compressor.get(), image.pixels.data(), image.width, 0, image.height, TJPF_RGB, &buffer,
                                 &size, subsampling, quality, 0);
  const std::unique_ptr<unsigned char, decltype(&tjFree)> owner(buffer, &tjFree);
  if (status != 0)
    throw Error(ErrorKind::kOutput, std::string("JPEG encoding failed: ") + tjGetErrorStr2(compressor.get()));
  return {buffer, buffer + size};
}

std::vector<uint8_t> EncodePng(const Image& image) {
  CheckNotEmpty(image);
  const cv::Mat rgb(image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.pixels.data()));
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  std::vector<uint8_t> bytes;
  try {
    if (cv::imencode(".png", bgr, bytes)) return bytes;
  } catch (const cv::Exception& error) {
    throw Error(ErrorKind::kOutput, "PNG encoding failed: " + error.err);
  }
  throw Error(ErrorKind::kOutput, "PNG encoding failed");
}

void WriteImage(const Image& image, const std::filesystem::path& path, int jpeg_quality) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  std::vector<uint8_t> bytes;
  if (ending == ".jpg" || ending == ".jpeg") {
    bytes = EncodeJpeg(image, jpeg_quality);
  } else if (ending == ".png") {
    bytes = EncodePng(image);
  } else {
    throw Error(ErrorKind::kUsage,
                "'" + path.string() + "': found the ending '" + ending + "', wanted .jpg, .jpeg or .png");
  }
  WriteFileAtomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace maskscope
