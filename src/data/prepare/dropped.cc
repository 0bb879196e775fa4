#include "data/prepare/dropped.h"

#include <algorithm>

namespace maskscope {

std::map<std::string, int64_t> CountDropped(const std::vector<DroppedRow>& rows) {
  std::map<std::string, int64_t> counts;
  for (const DroppedRow& row : rows) {
    counts[row.reason] += static_cast<int64_t>(std::max<size_t>(1, row.picture.faces.size()));
  }
  return counts;
}

void WriteDropped(const std::filesystem::path& file, const Dataset& from, const std::vector<DroppedRow>& rows) {
  Dataset dropped;
  dropped.header = from.header;
  dropped.root = from.root;
  for (const DroppedRow& row : rows) {
    dropped.pictures.push_back(row.picture);
    dropped.pictures.back().attributes["dropped.reason"] = row.reason;
  }
  WriteManifest(file, dropped);
}

}  // namespace maskscope
