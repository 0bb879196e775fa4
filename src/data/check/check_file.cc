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
