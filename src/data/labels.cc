#include "data/labels.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>

#include "base/error.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// In small letters, without these characters: what tools and people change when they copy a name.
std::string BareName(const std::string& name, std::string_view without) {
  std::string bare;
  for (const char c : LowerCase(name)) {
    if (without.find(c) == std::string_view::npos) bare += c;
  }
  return bare;
}

void RequireFolder(const fs::path& folder) {
  std::error_code code;
  const fs::file_status status = fs::status(folder, code);
  if (status.type() == fs::file_type::not_found) {
    throw Error(ErrorKind::kNotFound, "folder '" + folder.string() + "' does not exist");
  }
  if (code || status.type() != fs::file_type::directory) {
    throw Error(ErrorKind::kUnreadable,
                "'" + folder.string() + "' is not a folder" + (code ? ": " + code.message() : std::string()));
  }
}

template <typename Iterator>
std::vector<fs::path> List(const fs::path& folder, const std::function<bool(const fs::directory_entry&)>& wanted) {
  RequireFolder(folder);
  std::vector<fs::path> found;
  std::error_code code;
  for (Iterator it(folder, code); !code && it != Iterator(); it.increment(code)) {
    // Hidden files are other programs' (._name of macOS, .DS_Store).
    if (!it->path().filename().string().starts_with(".") && wanted(*it)) found.push_back(it->path());
  }
  if (code) throw Error(ErrorKind::kUnreadable, "cannot list '" + folder.string() + "': " + code.message());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

bool IsPictureName(const fs::path& path) {
  static constexpr std::array<std::string_view, 11> kEndings{".jpg",  ".jpeg", ".png", ".webp", ".bmp", ".tif",
                                                             ".tiff", ".pnm",  ".ppm", ".pgm",  ".gif"};
  return std::find(kEndings.begin(), kEndings.end(), LowerCase(path.extension().string())) != kEndings.end();
}

void FailLabel(const fs::path& file, const std::string& where, const std::string& what) {
  throw Error(ErrorKind::kBadData, "'" + file.string() + "', " + where + ": " + what);
}

double ParseLabelNumber(std::string_view text, const fs::path& file, const std::string& where) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  const std::string_view bare =
      first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  double value = 0;
  const auto [end, code] = std::from_chars(bare.data(), bare.data() + bare.size(), value);
  if (code != std::errc() || end != bare.data() + bare.size() || !std::isfinite(value)) {
    FailLabel(file, where, "found '" + std::string(bare.substr(0, 40)) + "', wanted a finite number");
  }
  return value;
}

LabelClass ParseLabelClass(const std::string& name, const std::string& meaning) {
  if (meaning == "ignore" || meaning.empty()) return {std::nullopt, true};
  if (meaning == "face") return {};
  const std::optional<MaskState> state = ParseMaskState(meaning);
  if (!state) {
    throw Error(ErrorKind::kUsage, "class map: '" + name + "' is mapped to '" + meaning +
                                       "', wanted correct, incorrect, none, face or ignore");
  }
  return {state, false};
}

std::string KnownClasses(const ClassMap& classes) {
  std::string list;
  for (const auto& [published, meaning] : classes) list += (list.empty() ? "" : ", ") + published;
  return list;
}

std::string DescribeUnknownClass(const std::string& name, const ClassMap& classes) {
  std::string text = "unknown class '" + name.substr(0, 80) + "'";
  std::vector<std::string> known;
  for (const auto& [published, meaning] : classes) known.push_back(published);
  for (const std::string_view without : {" \t\r\n", " \t\r\n-_"}) {  // the nearest first
    for (const std::string& published : known) {
      if (BareName(published, without) != BareName(name, without)) continue;
      return text + " (it differs from '" + published + "' only by case or blanks)";
    }
  }
  const std::string near = NearestWord(name, known);
  return near.empty() ? text : text + " (did you mean '" + near + "'?)";
}

LabelClass FindLabelClass(const std::string& name, const ClassMap& classes, const fs::path& file,
                          const std::string& where) {
  const auto found = classes.find(name);
  if (found == classes.end()) {
    FailLabel(file, where, DescribeUnknownClass(name, classes) + ", known are " + KnownClasses(classes));
  }
  return ParseLabelClass(name, found->second);
}

std::vector<fs::path> ListPictures(const fs::path& folder) {
  return List<fs::directory_iterator>(
      folder, [](const fs::directory_entry& entry) { return entry.is_regular_file() && IsPictureName(entry.path()); });
}

std::vector<fs::path> ListFiles(const fs::path& folder, std::string_view ending, bool recursive) {
  const auto wanted = [&](const fs::directory_entry& entry) {
    return entry.is_regular_file() && LowerCase(entry.path().extension().string()) == ending;
  };
  return recursive ? List<fs::recursive_directory_iterator>(folder, wanted)
                   : List<fs::directory_iterator>(folder, wanted);
}

std::vector<fs::path> ListFolders(const fs::path& folder) {
  return List<fs::directory_iterator>(folder, [](const fs::directory_entry& entry) { return entry.is_directory(); });
}

}  // namespace maskscope
