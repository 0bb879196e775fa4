#include "image/decode_jpeg.h"

#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <new>
#include <string_view>

#include "base/error.h"

namespace maskscope {
namespace {

// One decompressor a thread: making one costs about as much as decoding a thumbnail. What a broken file leaves behind
// in it (Huffman tables, above all) can make later, good files fail, so after any complaint it is made anew.
class Decompressor {
 public:
  ~Decompressor() { Discard(); }
  Decompressor() = default;
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  tjhandle get() {
    if (handle_ == nullptr) handle_ = tjInitDecompress();
    if (handle_ == nullptr) throw Error(ErrorKind::kResource, "no memory for a JPEG decoder");
    return handle_;
  }
  void Discard() {
    if (handle_ != nullptr) tjDestroy(handle_);
    handle_ = nullptr;
  }

 private:
  tjhandle handle_ = nullptr;
};

// Warnings of libjpeg-turbo (jerror.h) after which every pixel is still the one that was meant.
bool IsHarmless(std::string_view warning) {
  static constexpr std::array<std::string_view, 5> kHarmless = {
      "extraneous bytes before marker", "Unknown Adobe color transform", "Invalid SOS parameters",
      "Warning: unknown JFIF revision", "Inconsistent progression sequence"};
  return std::any_of(kHarmless.begin(), kHarmless.end(),
                     [&](std::string_view text) { return warning.find(text) != std::string_view::npos; });
}

// Decides what a complaint of the library means: returns when the picture is good all the same. Only the first warning
// of a decoding is kept, so after a harmless one it is looked for itself whether the data end early.
void Judge(Decompressor& decompressor, std::span<const uint8_t> bytes, const std::string& source) {
  const std::string message = tjGetErrorStr2(decompressor.get());
  const bool warning = tjGetErrorCode(decompressor.get()) == TJERR_WARNING;
  decompressor.Discard();
  if (message.find("remature end") != std::string::npos) {
    throw Error(ErrorKind::kBadImage, source + ": a truncated JPEG (" + message + ")");
  }
  if (message.find("nsufficient memory") != std::string::npos) throw std::bad_alloc();
  if (!warning || !IsHarmless(message)) {
    throw Error(ErrorKind::kBadImage, source + ": a broken JPEG (" + message + ")");
  }
  if (!JpegReachesEnd(bytes)) throw Error(ErrorKind::kBadImage, source + ": a truncated JPEG (no end marker)");
}

// Naive conversion without a colour profile. Adobe stores 255 - ink.
void CmykToRgb(const uint8_t* cmyk, size_t pixels, bool inverted, uint8_t* rgb) {
  for (size_t i = 0; i < pixels; ++i, cmyk += 4, rgb += 3) {
    const int black = inverted ? cmyk[3] : 255 - cmyk[3];
    for (int c = 0; c < 3; ++c) {
      const int colour = inverted ? cmyk[c] : 255 - cmyk[c];
      rgb[c] = static_cast<uint8_t>((colour * black + 127) / 255);
    }
  }
}

}  // namespace

Image DecodeJpeg(std::span<const uint8_t> bytes, const PictureHeader& header, int reduction,
                 const std::string& source) {
  static thread_local Decompressor decompressor;
  const auto size = static_cast<unsigned long>(bytes.size());  // NOLINT(google-runtime-int): the library's type
  int width = 0, height = 0, subsampling = 0, colour_space = 0;
  if (tjDecompressHeader3(decompressor.get(), bytes.data(), size, &width, &height, &subsampling, &colour_space) != 0) {
    Judge(decompressor, bytes, source);
  }
  // A second frame header must not smuggle another size past the limits, which were checked on the first.
  if (width != header.width || height != header.height) {
    throw Error(ErrorKind::kBadImage, source + ": a broken JPEG (two headers that disagree about its size)");
  }
  const tjscalingfactor factor{1, reduction};
  Image image(TJSCALED(width, factor), TJSCALED(height, factor));
  const bool cmyk = colour_space == TJCS_CMYK || colour_space == TJCS_YCCK;
  std::vector<uint8_t> inks(cmyk ? size_t(image.width) * image.height * 4 : 0);
  const int status = tjDecompress2(decompressor.get(), bytes.data(), size, cmyk ? inks.data() : image.pixels.data(),
                                   image.width, 0, image.height, cmyk ? TJPF_CMYK : TJPF_RGB, TJFLAG_LIMITSCANS);
  if (status != 0) Judge(decompressor, bytes, source);
  if (cmyk) CmykToRgb(inks.data(), inks.size() / 4, header.adobe, image.pixels.data());
  return image;
}

}  // namespace maskscope
