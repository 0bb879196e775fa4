#include "cli/sources.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/files.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

std::string Lower(std::string text) {
  for (char& c : text) c = (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool IsHidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

class Expander {
 public:
  explicit Expander(const SourceOptions& options) : options_(options) {}

  void Add(const std::string& source) {
    if (source == "-") return AddStdin();
    std::error_code code;
    const fs::path path(source);
    const bool exists = fs::exists(fs::symlink_status(path, code));
    if (!exists && source.starts_with('@') && source.size() > 1) return AddList(source.substr(1));
    if (!exists && source.find_first_of("*?[") != std::string::npos) return AddGlob(source);
    AddPath(path);
  }

  void AddList(const std::string& file) {
    std::string text;
    if (file == "-") {
      TakeStdin();
      const std::vector<uint8_t> bytes = ReadStdin(int64_t{1} << 30);
      text.assign(bytes.begin(), bytes.end());
    } else {
      text = ReadFileText(file, int64_t{1} << 30);
    }
    // Lines are taken as they are, without wildcards: names of real files may well hold brackets and stars.
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) AddPath(line);
    }
  }

  std::vector<PictureSource> Take() { return std::move(pictures_); }

 private:
  void AddStdin() {
    TakeStdin();
    pictures_.push_back({"-", "stdin", {}});
  }

  void TakeStdin() {
    if (stdin_taken_) throw Error(ErrorKind::kUsage, "'-' was given twice, but stdin can be read only once");
    stdin_taken_ = true;
  }

  void AddFailure(const fs::path& path, ErrorKind kind, const std::string& message) {
    pictures_.push_back({path, {}, Result::Failure{kind, message}});
  }

  void AddPath(const fs::path& path) {
    std::error_code code;
    const fs::file_status status = fs::status(path, code);
    if (fs::is_directory(status)) return AddFolder(path);
    if (status.type() == fs::file_type::not_found) {
      return AddFailure(path, ErrorKind::kNotFound, "'" + path.string() + "' does not exist");
    }
    // Whatever else is wrong with it shows when it is read.
    pictures_.push_back({path, path.filename(), {}});
  }

  void AddGlob(const std::string& pattern) {
    glob_t found{};
    const int outcome = ::glob(pattern.c_str(), GLOB_TILDE, nullptr, &found);
    std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    if (outcome == GLOB_NOSPACE) throw Error(ErrorKind::kResource, "out of memory while expanding '" + pattern + "'");
    if (paths.empty()) AddFailure(pattern, ErrorKind::kNotFound, "no file matches '" + pattern + "'");
    for (const std::string& path : paths) AddPath(path);
  }

  void AddFolder(const fs::path& folder) {
    const size_t before = pictures_.size();
    WalkFolder(folder, {});
    if (pictures_.size() != before) return;
    AddFailure(folder, ErrorKind::kNotFound,
               "folder '" + folder.string() + "' holds no pictures" +
                   (options_.recursive ? "" : " (with --recursive its subfolders are searched too)"));
  }

  // `below` is the way from the folder that was named to `folder`.
  void WalkFolder(const fs::path& folder, const fs::path& below) {
    std::error_code code;
    std::vector<fs::path> files, folders;
    fs::directory_iterator entry(folder, code);
    for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
      const fs::path& path = entry->path();
      if (IsHidden(path)) continue;
      std::error_code ignored;
      // Links to folders are not followed: they may lead round in a circle.
      if (entry->is_directory(ignored)) {
        if (options_.recursive && !entry->is_symlink(ignored)) folders.push_back(path);
      } else if (HasPictureEnding(path)) {
        files.push_back(path);
      }
    }
    if (code) {
      AddFailure(folder, ErrorKind::kUnreadable, "cannot read folder '" + folder.string() + "': " + code.message());
    }
    std::sort(files.begin(), files.end());
    std::sort(folders.begin(), folders.end());
    for (const fs::path& file : files) pictures_.push_back({file, below / file.filename(), {}});
    for (const fs::path& sub : folders) WalkFolder(sub, below / sub.filename());
  }

  const SourceOptions& options_;
  std::vector<PictureSource> pictures_;
  bool stdin_taken_ = false;
};

// What tells two names of one file apart from two files.
using FileIdentity = std::pair<dev_t, ino_t>;

std::optional<FileIdentity> IdentityOf(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino};
}

std::set<FileIdentity> IdentitiesOf(const std::vector<PictureSource>& sources) {
  std::set<FileIdentity> identities;
  for (const PictureSource& source : sources) {
    if (source.failure || source.is_stdin()) continue;
    if (const auto identity = IdentityOf(source.path)) identities.insert(*identity);
  }
  return identities;
}

fs::path DrawnName(const fs::path& name, int number) {
  const std::string ending = Lower(name.extension().string());
  const std::string drawn_ending = ending == ".png" || ending == ".jpg" || ending == ".jpeg" ? ending : ".jpg";
  fs::path drawn = name.parent_path() / name.stem();
  if (number > 1) drawn += "-" + std::to_string(number);
  drawn += drawn_ending;
  return drawn;
}

}  // namespace

bool HasPictureEnding(const fs::path& path) {
  static constexpr std::array<std::string_view, 21> kEndings = {
      ".jpg", ".jpeg", ".jpe", ".jfif", ".png",  ".webp", ".bmp",  ".dib", ".tif", ".tiff", ".pnm",
      ".ppm", ".pgm",  ".pbm", ".gif",  ".avif", ".heic", ".heif", ".jp2", ".jxl", ".apng"};
  const std::string ending = Lower(path.extension().string());
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

std::vector<PictureSource> ExpandSources(const SourceOptions& options) {
  if (options.sources.empty() && options.lists.empty()) {
    throw Error(ErrorKind::kUsage, "no source given: name a picture, a folder, '-' for stdin or --list FILE");
  }
  Expander expander(options);
  for (const std::string& source : options.sources) expander.Add(source);
  for (const std::string& list : options.lists) expander.AddList(list);
  std::vector<PictureSource> pictures = expander.Take();
  if (pictures.empty()) throw Error(ErrorKind::kNotFound, "the list of sources is empty");
  return pictures;
}

std::vector<fs::path> PlanDrawnPaths(const std::vector<PictureSource>& sources, const fs::path& folder) {
  const std::set<FileIdentity> originals = IdentitiesOf(sources);
  std::vector<fs::path> planned;
  planned.reserve(sources.size());
  std::set<std::string> taken;  // in lower case: some file systems do not tell A.jpg from a.jpg
  for (const PictureSource& source : sources) {
    if (source.failure) {
      planned.emplace_back();
      continue;
    }
    fs::path path;
    for (int number = 1;; ++number) {
      path = folder / DrawnName(source.drawn_name, number);
      if (taken.insert(Lower(path.string())).second) break;
    }
    const auto identity = IdentityOf(path);
    if (identity && originals.contains(*identity)) {
      throw Error(ErrorKind::kUsage, "--draw " + folder.string() + " would overwrite the picture '" + path.string() +
                                         "' it is to be drawn from: name another folder");
    }
    planned.push_back(std::move(path));
  }
  return planned;
}

void RefuseToOverwrite(const std::vector<PictureSource>& sources, const fs::path& output, std::string_view option) {
  const auto identity = IdentityOf(output);
  if (!identity || !IdentitiesOf(sources).contains(*identity)) return;
  throw Error(ErrorKind::kUsage, std::string(option) + " " + output.string() + " would overwrite a picture to be read");
}

std::vector<uint8_t> ReadStdin(int64_t max_bytes) {
  std::vector<uint8_t> bytes;
  constexpr size_t kChunk = size_t{1} << 16;
  while (true) {
    const size_t used = bytes.size();
    bytes.resize(used + kChunk);
    const ssize_t got = ::read(STDIN_FILENO, bytes.data() + used, kChunk);
    bytes.resize(used + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(ErrorKind::kUnreadable, std::string("cannot read stdin: ") + std::strerror(errno));
    if (got == 0) return bytes;
    if (static_cast<int64_t>(bytes.size()) > max_bytes) {
      throw Error(ErrorKind::kTooLarge, "stdin brings more than the limit of " + std::to_string(max_bytes) + " bytes");
    }
  }
}

}  // namespace maskscope
