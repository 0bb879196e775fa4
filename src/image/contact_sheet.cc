#include "image/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/error.h"
#include "image/draw.h"
#include "image/transform.h"

namespace maskscope {
namespace {

constexpr int kGap = 8, kLineHeight = 14;  // pixels
constexpr float kTextHeight = 8;

Image FitInto(const Image& image, int side) {
  const double scale = static_cast<double>(side) / std::max(image.width, image.height);
  return Resize(image, std::max(1, static_cast<int>(image.width * scale)),
                std::max(1, static_cast<int>(image.height * scale)));
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

}  // namespace maskscope
