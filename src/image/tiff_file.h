#ifndef MASKSCOPE_IMAGE_TIFF_FILE_H_
#define MASKSCOPE_IMAGE_TIFF_FILE_H_

#include <tiffio.h>

#include <cstdarg>
#include <cstdint>
#include <span>

namespace maskscope {

// A TIFF in memory, opened with libtiff. Nothing is printed: the first complaint is kept in `message()`. Warnings are
// about matters that do not keep a picture from being read, and are dropped.
class TiffFile {
 public:
  // No single allocation of libtiff's is larger than `greatest_allocation` bytes. Errors: std::bad_alloc.
  TiffFile(std::span<const uint8_t> bytes, int64_t greatest_allocation);
  ~TiffFile();
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  TIFF* get() const { return tiff_; }  // null when it could not be opened
  const char* message() const { return message_; }
  // A field of the directory, or libtiff's default for it; 0 where there is neither.
  uint32_t Long(uint32_t tag) const;
  uint16_t Short(uint32_t tag) const;
  // The meaning of the first channel beyond the colours; EXTRASAMPLE_UNSPECIFIED where the file does not say.
  uint16_t FirstExtraSample() const;
  // Bytes that all strips or tiles hold once decoded.
  uint64_t DecodedBytes() const;

 private:
  static int KeepMessage(TIFF* tiff, void* self, const char* module, const char* format, va_list arguments);
  static int DropMessage(TIFF* tiff, void* self, const char* module, const char* format, va_list arguments);
  static tmsize_t Read(thandle_t self, void* to, tmsize_t count);
  static toff_t Seek(thandle_t self, toff_t offset, int whence);
  static toff_t Size(thandle_t self);
  static int Map(thandle_t self, void** base, toff_t* size);

  std::span<const uint8_t> bytes_;
  uint64_t at_ = 0;
  char message_[160] = "";  // no string: libtiff is C, nothing may be thrown through it
  TIFF* tiff_ = nullptr;
};

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_TIFF_FILE_H_
