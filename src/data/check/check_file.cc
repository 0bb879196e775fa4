#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "data/check/check_picture.h"
#include "image/decode.h"
#include "image/exif.h"

// The file behind a picture: there, inside the root, unchanged, decodable, of the size that its labels were drawn for.
namespace maskscope {
namespace {

namespace fs = std::filesystem;
using Severity = DataProblem::Severity;

// Below `folder`, or the folder itself. Both real paths.
bool IsBelow(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end() || (std::next(end) == folder.end() && end->empty());
}

std::string Size(int width, int height) { return std::to_string(width) + " x " + std::to_string(height); }

std::string FacesLost(const ManifestPicture& picture) {
  return picture.faces.empty() ? "" : "; " + std::to_string(picture.faces.size()) + " labelled faces have no picture";
}

void CheckSize(const ManifestPicture& picture, PictureFile& file) {
  if (picture.width == 0 || (picture.width == file.width && picture.height == file.height)) return;
  const bool stored = SwapsSides(file.orientation) && picture.width == file.height && picture.height == file.width;
  const std::string sizes = "the labels are for " + Size(picture.width, picture.height) + ", the upright picture has " +
                            Size(file.width, file.height);
  if (stored) {
    file.problems.push_back({Severity::kError, "exif_rotation", picture.path, "width",
                             sizes + ": they were drawn before its EXIF orientation " +
                                 std::to_string(file.orientation) + " was applied; turn the boxes, or write the " +
                                 "picture upright"});
  } else {
    file.problems.push_back({Severity::kError, "size_differs", picture.path, "width", sizes});
  }
}

void Decode(const fs::path& path, const ManifestPicture& picture, PictureFile& file) {
  const auto add = [&](const char* kind, const std::string& message) {
    file.problems.push_back({Severity::kError, kind, picture.path, "", message});
  };
  try {
    const std::vector<uint8_t> bytes = ReadFileBytes(path, DecodeOptions().max_file_bytes);
    if (!picture.hash.empty()) {
      const std::string hash = ContentHash({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      if (hash != picture.hash) {
        add("picture_changed", "its content is " + hash + ", the manifest says " + picture.hash);
      }
    }
    const ImageInfo info = ReadImageInfo(bytes, path.string());
    const DecodedImage decoded = DecodeImage(bytes, path.string());
    file.width = decoded.full_width;
    file.height = decoded.full_height;
    file.orientation = info.orientation;
    CheckSize(picture, file);
  } catch (const Error& error) {
    const bool broken = error.kind() == ErrorKind::kBadImage;
    add(broken ? "picture_broken" : "picture_unreadable", error.what() + FacesLost(picture));
  }
}

}  // namespace

RootGuard::RootGuard(const fs::path& root) : root_(root) {
  std::error_code code;
  real_root_ = fs::weakly_canonical(fs::absolute(root), code);
}

bool RootGuard::Resolves(const fs::path& file) const {
  std::error_code code;
  const fs::path real = fs::weakly_canonical(file, code);
  return !code && IsBelow(real, real_root_);
}

bool RootGuard::Inside(const std::string& path, bool is_link) {
  if (is_link) return Resolves(fs::absolute(root_ / path));
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? std::string() : path.substr(0, slash);
  if (folder.empty()) return true;
  {
    const std::lock_guard lock(mutex_);
    const auto known = folders_.find(folder);
    if (known != folders_.end()) return known->second;
  }
  const bool inside = Resolves(fs::absolute(root_ / folder));
  const std::lock_guard lock(mutex_);
  return folders_.emplace(folder, inside).first->second;
}

PictureFile InspectFile(const fs::path& root, const ManifestPicture& picture, const CheckOptions& options,
                        RootGuard& guard) {
  PictureFile file;
  const fs::path path = root / picture.path;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    file.problems.push_back(
        {Severity::kError, errno == ENOENT || errno == ENOTDIR ? "picture_missing" : "picture_unreadable", picture.path,
         "", "'" + path.string() + "': " + std::strerror(errno) + FacesLost(picture)});
    return file;
  }
  const bool is_link = S_ISLNK(status.st_mode);
  if (!guard.Inside(picture.path, is_link)) {
    file.problems.push_back({Severity::kError, "outside_root", picture.path, "",
                             "a link leads out of the root '" + root.string() + "'; copy the picture below it"});
    return file;
  }
  if (is_link && ::stat(path.c_str(), &status) != 0) {
    file.problems.push_back(
        {Severity::kError, "picture_missing", picture.path, "", "the link leads to nothing" + FacesLost(picture)});
    return file;
  }
  if (!S_ISREG(status.st_mode)) {
    file.problems.push_back({Severity::kError, "picture_unreadable", picture.path, "", "not a regular file"});
    return file;
  }
  if (options.decode) Decode(path, picture, file);
  return file;
}

}  // namespace maskscope
