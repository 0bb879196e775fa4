#ifndef MASKSCOPE_DATA_LABELS_H_
#define MASKSCOPE_DATA_LABELS_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

// What the annotation readers share: strict numbers, class names, boxes brought into our frame, folder listings.
namespace maskscope {

// Throws Error{kBadData} "'FILE', WHERE: WHAT".
[[noreturn]] void FailLabel(const std::filesystem::path& file, const std::string& where, const std::string& what);

// The whole of `text` (white space around it aside) as a finite number. Errors: kBadData.
double ParseLabelNumber(std::string_view text, const std::filesystem::path& file, const std::string& where);

// What a published class name means here. `state` is empty for "face" and "ignore".
struct LabelClass {
  std::optional<MaskState> state;
  bool ignore = false;
};
// A class map's value. Errors: kUsage naming `name`.
LabelClass ParseLabelClass(const std::string& name, const std::string& meaning);
// "unknown class 'X' (did you mean ...), known are ...": for error messages. A name that differs from a known one only
// by case, blanks, '-' or '_' is told so.
std::string DescribeUnknownClass(const std::string& name, const ClassMap& classes);
std::string KnownClasses(const ClassMap& classes);
// Errors: kBadData listing the known names, and the nearest.
LabelClass FindLabelClass(const std::string& name, const ClassMap& classes, const std::filesystem::path& file,
                          const std::string& where);

// By its ending: that of a picture format we read.
bool IsPictureName(const std::filesystem::path& path);
// Files directly in `folder`, by name, whose ending is that of a picture format we read. Errors: kNotFound,
// kUnreadable.
std::vector<std::filesystem::path> ListPictures(const std::filesystem::path& folder);
// Files with this ending (".xml") in `folder`, by name; also in the folders below it when `recursive`.
std::vector<std::filesystem::path> ListFiles(const std::filesystem::path& folder, std::string_view ending,
                                             bool recursive);
// Folders directly in `folder`, by name.
std::vector<std::filesystem::path> ListFolders(const std::filesystem::path& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_LABELS_H_
