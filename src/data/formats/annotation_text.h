#ifndef MASKSCOPE_DATA_FORMATS_ANNOTATION_TEXT_H_
#define MASKSCOPE_DATA_FORMATS_ANNOTATION_TEXT_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/manifest.h"

// What the readers of text formats share: files as UTF-8, lines, numbers, names of pictures.
namespace maskscope {

inline constexpr int64_t kMaxAnnotationBytes = int64_t{512} << 20;        // one file with a whole set
inline constexpr int64_t kMaxPictureAnnotationBytes = int64_t{16} << 20;  // one file a picture

// Something wrong in an annotation, thrown by parsing code that knows no more than its place; ImportContext::Try turns
// it into a DataProblem.
struct AnnotationFault {
  std::string kind;  // as DataProblem's
  std::string where;
  std::string message;
};

// The file without byte order mark. Errors: kNotFound, kUnreadable, kTooLarge; kBadData for an archive ("unpack it
// first"), UTF-16, and text that is not UTF-8 (with the line).
std::string ReadAnnotationText(const std::filesystem::path& file, int64_t max_bytes);
// Throws kBadData when the bytes begin as an archive (zip, gzip, tar, 7z, xz, bzip2, rar).
void RefuseArchive(std::string_view bytes, const std::filesystem::path& file);
void RefuseArchiveFile(const std::filesystem::path& file);
// Position of the first byte that is not part of UTF-8, or npos.
size_t FindNotUtf8(std::string_view text);

// Lines without their ends (LF, CRLF or CR), in order.
std::vector<std::string_view> SplitLines(std::string_view text);
// Fields between blanks and tabs.
std::vector<std::string_view> SplitFields(std::string_view line);
std::string_view TrimBlanks(std::string_view text);

// A finite number that is the whole of `text`, blanks aside. Throws AnnotationFault{"bad_number"}.
double ParseNumber(std::string_view text, const std::string& where);
// The shortest decimals that read back as the same number; never with an exponent.
std::string NumberText(float value);
std::string NumberText(double value);

// A picture's name as a path below its folder: '\' becomes '/', "./" goes. Empty when the name is empty, absolute,
// holds a NUL or leads out of the folder.
std::optional<std::string> SafeRelativePath(std::string_view name);
// "train", "training" -> train; "val", "valid", "validation", "dev" -> validation; "test", "testing" -> test.
std::optional<DatasetSplit> SplitOfWord(std::string_view word);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_ANNOTATION_TEXT_H_
