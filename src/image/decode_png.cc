#include "image/decode_png.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <new>

#include "base/error.h"
#include "image/over_white.h"

// libpng directly rather than through OpenCV, which lets libpng print what is wrong with a file to stderr.
namespace maskscope {
namespace {

// What libpng's callbacks see. Errors leave libpng by longjmp, so everything with a destructor lives outside the two
// functions that call setjmp.
struct Input {
  std::span<const uint8_t> bytes;
  size_t at = 0;
  char message[128] = "";
};

void ReadBytes(png_structp png, png_bytep to, size_t count) {
  auto* input = static_cast<Input*>(png_get_io_ptr(png));
  if (count > input->bytes.size() - input->at) png_error(png, "the file ends too early");
  std::memcpy(to, input->bytes.data() + input->at, count);
  input->at += count;
}

void KeepMessage(png_structp png, png_const_charp message) {
  auto* input = static_cast<Input*>(png_get_error_ptr(png));
  std::strncpy(input->message, message, sizeof(input->message) - 1);
  png_longjmp(png, 1);
}

void IgnoreWarning(png_structp, png_const_charp) {}

// The pair of structures libpng needs.
class Reader {
 public:
  explicit Reader(Input& input)
      : png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, KeepMessage, IgnoreWarning)) {
    if (png_ == nullptr) throw std::bad_alloc();
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
    png_set_read_fn(png_, &input, ReadBytes);
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Reads up to the pixels and asks for 8-bit RGB or RGBA. Returns the number of channels; 0 on an error.
  int ReadHeader(const PictureHeader& header) {
    if (setjmp(png_jmpbuf(png_))) return 0;
    png_set_user_limits(png_, static_cast<png_uint_32>(header.width), static_cast<png_uint_32>(header.height));
    png_set_chunk_malloc_max(png_, png_alloc_size_t{16} << 20);  // texts and profiles are of no use here
    png_read_info(png_, info_);
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return png_get_channels(png_, info_);
  }

  bool ReadPixels(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_read_image(png_, rows);
    return true;
  }

 private:
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

[[noreturn]] void Throw(const Input& input, const std::string& source) {
  throw Error(ErrorKind::kBadImage, source + ": a broken or truncated PNG (" + input.message + ")");
}

}  // namespace

Image DecodePng(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source) {
  Input input{bytes};
  Reader reader(input);
  const int channels = reader.ReadHeader(header);
  if (channels == 0) Throw(input, source);
  if (channels != 3 && channels != 4) {
    throw Error(ErrorKind::kUnsupported, source + ": a PNG of " + std::to_string(channels) + " channels");
  }
  Image image(header.width, header.height);
  const size_t row_size = static_cast<size_t>(header.width) * static_cast<size_t>(channels);
  std::vector<uint8_t> rgba(channels == 4 ? row_size * static_cast<size_t>(header.height) : 0);
  uint8_t* const pixels = channels == 4 ? rgba.data() : image.pixels.data();
  std::vector<png_bytep> rows(static_cast<size_t>(header.height));
  for (size_t y = 0; y < rows.size(); ++y) rows[y] = pixels + y * row_size;
  if (!reader.ReadPixels(rows.data())) Throw(input, source);
  if (channels == 4) OverWhite(rgba.data(), rgba.size() / 4, image.pixels.data());
  return image;
}

}  // namespace maskscope
