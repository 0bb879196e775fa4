#include "data/duplicates/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "image/decode.h"
#include "image/draw.h"
#include "image/encode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

constexpr int kGap = 8, kLineHeight = 14;  // pixels
constexpr float kTextHeight = 8;
constexpr size_t kMostTiles = 60;

void Paste(const Image& image, int x, int y, Image& sheet) {
  for (int row = 0; row < image.height; ++row) {
    std::memcpy(sheet.row(y + row) + 3 * size_t(x), image.row(row), 3 * size_t(image.width));
  }
}

Image FitInto(const Image& image, int side) {
  const double scale = static_cast<double>(side) / std::max(image.width, image.height);
  return Resize(image, std::max(1, static_cast<int>(image.width * scale)),
                std::max(1, static_cast<int>(image.height * scale)));
}

std::string HowFound(const DuplicatePair& pair) {
  if (pair.kind == DuplicateKind::kExact) return "exact";
  return fmt::format(
      "{} {:.2f}/{:.2f} {} matches{}{}", DuplicateKindName(pair.kind), pair.evidence.correlation, pair.evidence.detail,
      pair.evidence.matches, pair.pose.mirrored ? " mirrored" : "",
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

Image MakeContactSheet(const std::vector<SheetTile>& tiles, int columns, int tile_side) {
  if (tiles.empty() || columns < 1 || tile_side < 16) {
    throw Error(ErrorKind::kUsage, fmt::format("contact sheet: found {} tiles, {} columns, {} pixels a tile; wanted at "
                                               "least 1, 1 and 16",
                                               tiles.size(), columns, tile_side));
  }
  size_t lines = 0;
  for (const SheetTile& tile : tiles) lines = std::max(lines, tile.lines.size());
  columns = std::min(columns, static_cast<int>(tiles.size()));
  const int rows = (static_cast<int>(tiles.size()) + columns - 1) / columns;
  const int tile_height = tile_side + static_cast<int>(lines) * kLineHeight;
  Image sheet(columns * (tile_side + kGap) + kGap, rows * (tile_height + kGap) + kGap, 255);
  for (size_t i = 0; i < tiles.size(); ++i) {
    const int x = kGap + static_cast<int>(i) % columns * (tile_side + kGap);
    const int y = kGap + static_cast<int>(i) / columns * (tile_height + kGap);
    if (!tiles[i].image.empty()) Paste(FitInto(tiles[i].image, tile_side), x, y, sheet);
    for (size_t line = 0; line < tiles[i].lines.size(); ++line) {
      const std::string text = tiles[i].lines[line].substr(0, static_cast<size_t>(tile_side / 7));
      DrawText(sheet, {static_cast<float>(x), static_cast<float>(y + tile_side + int(line + 1) * kLineHeight - 3)},
               text, {0, 0, 0}, kTextHeight);
    }
  }
  return sheet;
}

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
