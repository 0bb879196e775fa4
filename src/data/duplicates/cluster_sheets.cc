#include "data/duplicates/cluster_sheets.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/files.h"
#include "image/contact_sheet.h"
#include "image/decode.h"
#include "image/encode.h"

namespace maskscope {
namespace {

constexpr size_t kMostTiles = 60;

std::string HowFound(const DuplicatePair& pair) {
  if (pair.kind == DuplicateKind::kExact) return "exact";
  return fmt::format(
      "{} {:.2f} {:.0f} % steady{}{}", DuplicateKindName(pair.kind), pair.evidence.agreement.mean,
      100 * pair.evidence.agreement.steady, pair.pose.mirrored ? " mirrored" : "",
      std::abs(pair.pose.rotation_degrees) > 5 ? fmt::format(" {:.0f} deg", pair.pose.rotation_degrees) : "");
}

SheetTile TileOf(const Dataset& dataset, size_t index, const std::string& how) {
  const ManifestPicture& picture = dataset.pictures[index];
  DecodeOptions options;
  options.reduce_to_longest_side = 220;
  SheetTile tile;
  tile.image = ReadImage(dataset.root / picture.path, options).image;
  tile.lines = {picture.set + " " + std::string(DatasetSplitName(picture.split)),
                std::filesystem::path(picture.path).filename().string(), how};
  return tile;
}

}  // namespace

std::vector<std::filesystem::path> WriteClusterSheets(const Dataset& dataset, const DuplicateReport& report,
                                                      const std::filesystem::path& folder) {
  MakeFolder(folder);
  std::map<size_t, std::string> how;
  for (const DuplicatePair& pair : report.pairs) how.emplace(pair.second, HowFound(pair));
  std::vector<std::filesystem::path> files;
  for (const std::vector<size_t>& cluster : report.clusters) {
    std::vector<SheetTile> tiles;
    for (const size_t picture : cluster) {
      if (tiles.size() == kMostTiles) {
        tiles.back().lines.push_back(fmt::format("... and {} more", cluster.size() - kMostTiles));
        break;
      }
      const auto found = how.find(picture);
      tiles.push_back(TileOf(dataset, picture, found == how.end() ? "" : found->second));
    }
    files.push_back(folder / fmt::format("cluster-{:04}.png", files.size() + 1));
    WriteImage(MakeContactSheet(tiles, 6), files.back());
  }
  return files;
}

}  // namespace maskscope
