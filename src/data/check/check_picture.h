#ifndef MASKSCOPE_DATA_CHECK_CHECK_PICTURE_H_
#define MASKSCOPE_DATA_CHECK_CHECK_PICTURE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "data/check/check.h"
#include "data/root_guard.h"

// What can be said about one picture by itself.
namespace maskscope {

// What the file itself says.
struct PictureFile {
  std::vector<DataProblem> problems;
  int width = 0, height = 0;  // upright pixels; 0: not opened, or not a picture
  int orientation = 1;        // EXIF
};

// Looks for the file, and where options.decode reads and decodes it. Thread-safe.
PictureFile InspectFile(const std::filesystem::path& root, const ManifestPicture& picture, const CheckOptions& options,
                        RootGuard& guard);

// Boxes and landmarks against the picture's size and each other.
std::vector<DataProblem> CheckFaces(const ManifestPicture& picture, const PictureFile& file,
                                    const CheckOptions& options);

// Pairs (first, later) of boxes that are one face labelled twice; each later box at most once.
std::vector<std::pair<size_t, size_t>> FindSameFaces(const std::vector<ManifestFace>& faces, float same_face_iou);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_CHECK_CHECK_PICTURE_H_
