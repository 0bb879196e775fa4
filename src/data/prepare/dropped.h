#ifndef MASKSCOPE_DATA_PREPARE_DROPPED_H_
#define MASKSCOPE_DATA_PREPARE_DROPPED_H_

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/manifest.h"

namespace maskscope {

// What a step left out and why. The picture holds the faces concerned, or no faces where the whole picture is left out
// for a reason of its own.
struct DroppedRow {
  ManifestPicture picture;
  std::string reason;  // "too_small", "blurred", ...
};

// reason -> faces (or pictures, where no face is concerned).
std::map<std::string, int64_t> CountDropped(const std::vector<DroppedRow>& rows);

// The rows as a manifest of their own, each with its reason as the attribute "dropped.reason". Errors: kOutput.
void WriteDropped(const std::filesystem::path& file, const Dataset& from, const std::vector<DroppedRow>& rows);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_PREPARE_DROPPED_H_
