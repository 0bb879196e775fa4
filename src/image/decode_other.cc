#include "image/decode_other.h"

#include <new>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "image/exif.h"
#include "image/over_white.h"

namespace maskscope {
namespace {

// OpenCV logs broken pictures to stderr; here they become errors, and a library does not print.
void SilenceOpenCv() {
  static const bool done = [] {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    return true;
  }();
  (void)done;
}

cv::Mat Decode(std::span<const uint8_t> bytes, const std::string& source) {
  SilenceOpenCv();
  try {
    const cv::Mat view(1, static_cast<int>(bytes.size()), CV_8U, const_cast<uint8_t*>(bytes.data()));
    return cv::imdecode(view, cv::IMREAD_UNCHANGED);  // "unchanged" keeps alpha and does not rotate
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
    throw Error(ErrorKind::kBadImage, source + ": broken picture (" + error.err + ")");
  }
}

Image ToRgb(const cv::Mat& mat, const std::string& source) {
  Image image(mat.cols, mat.rows);
  cv::Mat rgb(mat.rows, mat.cols, CV_8UC3, image.pixels.data());
  switch (mat.channels()) {
    case 1:
      cv::cvtColor(mat, rgb, cv::COLOR_GRAY2RGB);
      break;
    case 3:
      cv::cvtColor(mat, rgb, cv::COLOR_BGR2RGB);
      break;
    case 4: {
      cv::Mat rgba;
      cv::cvtColor(mat, rgba, cv::COLOR_BGRA2RGBA);
      OverWhite(rgba.data, rgba.total(), image.pixels.data());
      break;
    }
    default:
      throw Error(ErrorKind::kUnsupported, source + ": a picture of " + std::to_string(mat.channels()) +
                                               " channels; wanted grey or colour, with or without transparency");
  }
  return image;
}

}  // namespace

Image DecodeOther(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source) {
  cv::Mat mat = Decode(bytes, source);
  if (mat.empty()) {
    throw Error(ErrorKind::kBadImage, source + ": a broken or truncated " + header.format + " picture");
  }
  int width = header.width, height = header.height;
  if (IsDecodedUpright(header) && SwapsSides(header.orientation)) std::swap(width, height);
  if (mat.cols != width || mat.rows != height) {
    throw Error(ErrorKind::kBadImage, source + ": a broken " + header.format + " picture (its header says " +
                                          std::to_string(width) + " x " + std::to_string(height) +
                                          " pixels, its data " + std::to_string(mat.cols) + " x " +
                                          std::to_string(mat.rows) + ")");
  }
  if (mat.depth() == CV_16U) {
    mat.convertTo(mat, CV_8U, 1.0 / 257.0);
  } else if (mat.depth() != CV_8U) {
    throw Error(ErrorKind::kUnsupported, source + ": a " + header.format + " of neither 8 nor 16 bits a sample");
  }
  return ToRgb(mat, source);
}

}  // namespace maskscope
