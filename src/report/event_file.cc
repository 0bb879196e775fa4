#include "report/event_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "report/crc32c.h"

namespace maskscope {
namespace {

// Field numbers of TensorFlow's event.proto and summary.proto.
enum : uint32_t { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
enum : uint32_t { kSummaryValue = 1 };
enum : uint32_t { kTag = 1, kSimpleValue = 2 };
enum : uint32_t { kStatus = 1 };
constexpr uint64_t kStatusStart = 1;
// Since version 2 a start of a session takes back later steps.
constexpr const char* kVersion = "brain.Event:2";

constexpr int64_t kMostBytes = int64_t{1} << 30;
constexpr size_t kHeader = 12, kFooter = 4;  // bytes of a record around its content

template <typename Number>
void AppendLittleEndian(Number number, std::string& out) {
  for (size_t i = 0; i < sizeof(Number); ++i) out += static_cast<char>(number >> (8 * i) & 0xFF);
}

template <typename Number>
Number ReadLittleEndian(std::string_view bytes) {
  Number number = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) {
    number |= static_cast<Number>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return number;
}

// The wire format of protocol buffers.
void AppendVarint(uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>((number & 0x7F) | 0x80);
  out += static_cast<char>(number);
}
enum class Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
void AppendKey(uint32_t field, Wire wire, std::string& out) {
  AppendVarint(field << 3 | static_cast<uint32_t>(wire), out);
}
void AppendBytes(uint32_t field, std::string_view bytes, std::string& out) {
  AppendKey(field, Wire::kBytes, out);
  AppendVarint(bytes.size(), out);
  out += bytes;
}
void AppendNumber(uint32_t field, uint64_t number, std::string& out) {
  AppendKey(field, Wire::kVarint, out);
  AppendVarint(number, out);
}

double Now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::string EventStart(double wall_time, int64_t step) {
  std::string event;
  AppendKey(kWallTime, Wire::kFixed64, event);
  AppendLittleEndian(std::bit_cast<uint64_t>(wall_time), event);
  if (step != 0) AppendNumber(kStep, static_cast<uint64_t>(step), event);
  return event;
}

// As in TensorFlow's record files: the checksum of bytes that hold checksums would else be of little use.
uint32_t MaskedCrc(std::string_view bytes) {
  const uint32_t crc = Crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

std::string Record(std::string_view content) {
  std::string record;
  AppendLittleEndian<uint64_t>(content.size(), record);
  AppendLittleEndian(MaskedCrc(record), record);
  record += content;
  AppendLittleEndian(MaskedCrc(content), record);
  return record;
}

[[noreturn]] void ThrowOutput(const std::filesystem::path& path, int error_number) {
  throw Error(ErrorKind::kOutput, "cannot write '" + path.string() + "': " + std::strerror(error_number));
}

// Length of the whole records that the file begins with.
size_t CheckedLength(const std::filesystem::path& path) {
  const std::string text = ReadFileText(path, kMostBytes);
  const std::string_view bytes = text;
  size_t at = 0;
  const auto damaged = [&] {
    return Error(ErrorKind::kBadData, "'" + path.string() + "' is not an event file, or is damaged at byte " +
                                          std::to_string(at) + ": move it away to begin a new one");
  };
  while (bytes.size() - at >= kHeader) {
    const std::string_view rest = bytes.substr(at);
    if (ReadLittleEndian<uint32_t>(rest.substr(8)) != MaskedCrc(rest.substr(0, 8))) throw damaged();
    const auto length = ReadLittleEndian<uint64_t>(rest);
    if (length > rest.size() - kHeader || rest.size() - kHeader - length < kFooter) break;  // cut off
    const std::string_view content = rest.substr(kHeader, length);
    if (ReadLittleEndian<uint32_t>(rest.substr(kHeader + length)) != MaskedCrc(content)) throw damaged();
    at += kHeader + length + kFooter;
  }
  return at;
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& path, std::optional<int64_t> resume_step) : path_(path) {
  std::error_code ignored;
  const size_t kept = std::filesystem::exists(path, ignored) ? CheckedLength(path) : 0;
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0) ThrowOutput(path_, errno);
  try {
    if (::ftruncate(fd_, static_cast<off_t>(kept)) != 0) ThrowOutput(path_, errno);
    if (kept == 0) {
      std::string event = EventStart(Now(), 0);
      AppendBytes(kFileVersion, kVersion, event);
      Write(event);
    }
    if (!resume_step) return;
    std::string start;
    AppendNumber(kStatus, kStatusStart, start);
    std::string event = EventStart(Now(), *resume_step);
    AppendBytes(kSessionLog, start, event);
    Write(event);
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

EventFile::~EventFile() { ::close(fd_); }

void EventFile::Add(int64_t step, const std::vector<std::pair<std::string, double>>& scalars,
                    std::optional<double> wall_time) {
  std::string summary;
  for (const auto& [tag, number] : scalars) {
    if (std::isnan(number)) continue;
    std::string value;
    AppendBytes(kTag, tag, value);
    AppendKey(kSimpleValue, Wire::kFixed32, value);
    AppendLittleEndian(std::bit_cast<uint32_t>(static_cast<float>(number)), value);
    AppendBytes(kSummaryValue, value, summary);
  }
  std::string event = EventStart(wall_time.value_or(Now()), step);
  AppendBytes(kSummary, summary, event);
  Write(event);
}

// One write a record: a reader sees it whole or, if the machine goes down, cut off at the end of the file.
void EventFile::Write(const std::string& event) {
  const std::string record = Record(event);
  std::string_view rest = record;
  while (!rest.empty()) {
    const ssize_t put = ::write(fd_, rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) ThrowOutput(path_, errno);
    rest.remove_prefix(static_cast<size_t>(put));
  }
}

}  // namespace maskscope
