#include "image/encode.h"

#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cctype>
#include <csetjmp>
#include <cstring>
#include <memory>
#include <new>

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

// What libpng's callbacks see. Errors leave libpng by longjmp, so everything with a destructor lives outside the
// function that calls setjmp.
struct PngOutput {
  std::vector<uint8_t> bytes;
  bool no_memory = false;
  char message[128] = "";
};

bool Append(std::vector<uint8_t>& bytes, png_const_bytep from, size_t count) noexcept {
  try {
    bytes.insert(bytes.end(), from, from + count);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void AppendBytes(png_structp png, png_bytep from, size_t count) {
  auto* output = static_cast<PngOutput*>(png_get_io_ptr(png));
  if (Append(output->bytes, from, count)) return;
  output->no_memory = true;
  png_error(png, "no memory");
}

void KeepMessage(png_structp png, png_const_charp message) {
  auto* output = static_cast<PngOutput*>(png_get_error_ptr(png));
  std::strncpy(output->message, message, sizeof(output->message) - 1);
  png_longjmp(png, 1);
}

void IgnoreWarning(png_structp, png_const_charp) {}
void NothingToFlush(png_structp) {}

class PngWriter {
 public:
  explicit PngWriter(PngOutput& output)
      : png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, &output, KeepMessage, IgnoreWarning)) {
    if (png_ == nullptr) throw std::bad_alloc();
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      throw std::bad_alloc();
    }
    png_set_write_fn(png_, &output, AppendBytes, NothingToFlush);
  }
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  bool Write(const Image& image) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    // Several times as fast as the defaults, for files a little larger.
    png_set_filter(png_, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_set_compression_level(png_, kFastestLevel);
    png_set_compression_strategy(png_, kRunsOnly);
    png_write_info(png_, info_);
    for (int y = 0; y < image.height; ++y) png_write_row(png_, image.row(y));
    png_write_end(png_, info_);
    return true;
  }

 private:
  static constexpr int kFastestLevel = 1, kRunsOnly = 3;  // zlib's Z_BEST_SPEED and Z_RLE
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
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
  PngOutput output;
  PngWriter writer(output);
  if (!writer.Write(image)) {
    if (output.no_memory) throw std::bad_alloc();
    throw Error(ErrorKind::kOutput, std::string("PNG encoding failed: ") + output.message);
  }
  return std::move(output.bytes);
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
