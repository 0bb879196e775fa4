#include "image/tiff_file.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

namespace maskscope {

TiffFile::TiffFile(std::span<const uint8_t> bytes, int64_t greatest_allocation) : bytes_(bytes) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                 &TIFFOpenOptionsFree);
  if (options == nullptr) throw std::bad_alloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), greatest_allocation);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), KeepMessage, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), DropMessage, this);
  const auto write = [](thandle_t, void*, tmsize_t) -> tmsize_t { return -1; };
  const auto close = [](thandle_t) { return 0; };
  const auto unmap = [](thandle_t, void*, toff_t) {};
  tiff_ = TIFFClientOpenExt("memory", "r", this, Read, write, Seek, close, Size, Map, unmap, options.get());
}

TiffFile::~TiffFile() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
}

uint32_t TiffFile::Long(uint32_t tag) const {
  uint32_t value = 0;
  return TIFFGetFieldDefaulted(tiff_, tag, &value) == 1 ? value : 0;
}

uint16_t TiffFile::Short(uint32_t tag) const {
  uint16_t value = 0;
  return TIFFGetFieldDefaulted(tiff_, tag, &value) == 1 ? value : uint16_t{0};
}

uint16_t TiffFile::FirstExtraSample() const {
  uint16_t count = 0, *kinds = nullptr;
  TIFFGetFieldDefaulted(tiff_, TIFFTAG_EXTRASAMPLES, &count, &kinds);
  return count > 0 && kinds != nullptr ? kinds[0] : uint16_t{EXTRASAMPLE_UNSPECIFIED};
}

uint64_t TiffFile::DecodedBytes() const {
  const bool tiled = TIFFIsTiled(tiff_) != 0;
  const uint64_t count = tiled ? TIFFNumberOfTiles(tiff_) : TIFFNumberOfStrips(tiff_);
  const uint64_t size = tiled ? TIFFTileSize64(tiff_) : TIFFStripSize64(tiff_);
  return size != 0 && count > UINT64_MAX / size ? UINT64_MAX : count * size;
}

int TiffFile::KeepMessage(TIFF*, void* self, const char*, const char* format, va_list arguments) {
  auto* file = static_cast<TiffFile*>(self);
  if (file->message_[0] == '\0') std::vsnprintf(file->message_, sizeof(file->message_), format, arguments);
  return 1;  // dealt with: not for the handlers of the process, which print
}

int TiffFile::DropMessage(TIFF*, void*, const char*, const char*, va_list) { return 1; }

tmsize_t TiffFile::Read(thandle_t self, void* to, tmsize_t count) {
  auto* file = static_cast<TiffFile*>(self);
  if (count <= 0 || file->at_ >= file->bytes_.size()) return 0;
  const size_t size = std::min<size_t>(static_cast<size_t>(count), file->bytes_.size() - file->at_);
  std::memcpy(to, file->bytes_.data() + file->at_, size);
  file->at_ += size;
  return static_cast<tmsize_t>(size);
}

toff_t TiffFile::Seek(thandle_t self, toff_t offset, int whence) {
  auto* file = static_cast<TiffFile*>(self);
  const toff_t base = whence == SEEK_CUR ? file->at_ : whence == SEEK_END ? file->bytes_.size() : 0;
  file->at_ = base + offset;  // beyond the end, `Read` finds nothing
  return file->at_;
}

toff_t TiffFile::Size(thandle_t self) { return static_cast<TiffFile*>(self)->bytes_.size(); }

int TiffFile::Map(thandle_t self, void** base, toff_t* size) {
  const auto* file = static_cast<TiffFile*>(self);
  *base = const_cast<uint8_t*>(file->bytes_.data());  // opened for reading: libtiff does not write to it
  *size = file->bytes_.size();
  return 1;
}

}  // namespace maskscope
