#include "data/formats/annotation_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>

#include "base/error.h"
#include "base/files.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlanks = " \t\r\n\v\f";

// How many bytes a UTF-8 sequence starting here has; 0 = it is not well-formed.
size_t SequenceLength(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 && first < 0xF5   ? 4
                        : first >= 0xE0 && first < 0xF0 ? 3
                        : first >= 0xC2 && first < 0xE0 ? 2
                                                        : 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(at + 1);
  const bool too_long = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool no_character = (first == 0xED && second >= 0xA0) || (first == 0xF4 && second >= 0x90);
  return too_long || no_character ? 0 : length;
}

[[noreturn]] void FailFile(const fs::path& file, const std::string& what) {
  throw Error(ErrorKind::kBadData, "'" + file.string() + "': " + what);
}

template <typename Number>
std::string Shortest(Number value) {
  std::array<char, 512> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  const std::string number(text.data(), end);
  return number == "-0" ? "0" : number;
}

}  // namespace

void RefuseArchive(std::string_view bytes, const fs::path& file) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kSigns{{{"PK\x03\x04", "zip"},
                                                                                        {"\x1f\x8b", "gzip"},
                                                                                        {"7z\xbc\xaf\x27\x1c", "7z"},
                                                                                        {"\xfd"
                                                                                         "7zXZ",
                                                                                         "xz"},
                                                                                        {"BZh", "bzip2"},
                                                                                        {"Rar!", "rar"}}};
  std::string_view kind;
  for (const auto& [sign, name] : kSigns) {
    if (bytes.starts_with(sign)) kind = name;
  }
  if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar") kind = "tar";
  if (!kind.empty()) FailFile(file, "is a " + std::string(kind) + " archive; unpack it first and give the folder");
}

void RefuseArchiveFile(const fs::path& file) {
  std::array<char, 512> begin{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(begin.data(), begin.size());
  RefuseArchive({begin.data(), static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0))}, file);
}

size_t FindNotUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string ReadAnnotationText(const fs::path& file, int64_t max_bytes) {
  std::string text = ReadFileText(file, max_bytes);
  RefuseArchive(text, file);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
      std::string_view(text).substr(0, 64).find('\0') != std::string_view::npos) {
    FailFile(
        file,
        "is not well-formed text (it has NUL bytes or a UTF-16 mark: UTF-16, or no text at all); save it as UTF-8");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (const size_t bad = FindNotUtf8(text); bad != std::string_view::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
    FailFile(file,
             "line " + std::to_string(line) +
                 ": is not UTF-8 (another encoding, such as Latin-1?); save it as UTF-8, for instance with iconv");
  }
  return text;
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of("\r\n"), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + (text.substr(end, 2) == "\r\n" ? 2 : 1)));
  }
  return lines;
}

std::vector<std::string_view> SplitFields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlanks, end);
  }
  return fields;
}

std::string_view TrimBlanks(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

double ParseNumber(std::string_view text, const std::string& where) {
  const std::string_view bare = TrimBlanks(text);
  double value = 0;
  const auto [end, code] = std::from_chars(bare.data(), bare.data() + bare.size(), value);
  if (code != std::errc() || end != bare.data() + bare.size() || !std::isfinite(value)) {
    throw AnnotationFault{"bad_number", where,
                          "found '" + std::string(bare.substr(0, 40)) + "', wanted a finite number"};
  }
  return value;
}

std::string NumberText(float value) { return Shortest(value); }
std::string NumberText(double value) { return Shortest(value); }

std::optional<std::string> SafeRelativePath(std::string_view name) {
  std::string path(name);
  std::replace(path.begin(), path.end(), '\\', '/');
  const bool drive = path.size() >= 2 && path[1] == ':' && std::isalpha(static_cast<unsigned char>(path[0])) != 0;
  if (path.empty() || path[0] == '/' || drive || path.find('\0') != std::string::npos) return std::nullopt;
  std::string safe;
  for (const fs::path& part : fs::path(path)) {
    if (part == "..") return std::nullopt;
    if (part.empty() || part == ".") continue;
    safe += (safe.empty() ? "" : "/") + part.string();
  }
  if (safe.empty() || path.back() == '/') return std::nullopt;
  return safe;
}

std::optional<DatasetSplit> SplitOfWord(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower == "train" || lower == "training") return DatasetSplit::kTrain;
  if (lower == "val" || lower == "valid" || lower == "validation" || lower == "dev") {
    return DatasetSplit::kValidation;
  }
  if (lower == "test" || lower == "testing") return DatasetSplit::kTest;
  return std::nullopt;
}

}  // namespace maskscope
