#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "data/suspects/suspects_report.h"
#include "image/contact_sheet.h"
#include "image/decode.h"
#include "image/draw.h"
#include "image/encode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

constexpr size_t kTilesOnSheet = 60;
constexpr int kColumns = 10, kTileSide = 150;  // pixels
constexpr float kSurround = 1.6f;              // side of what is shown, in sides of the face
constexpr Color kLabelColor{240, 228, 66}, kFoundColor{86, 180, 233};

struct Tile {
  size_t picture = 0;
  Box box, found;  // `found` empty: none
  std::vector<std::string> lines;
};

// The face with what is around it, boxes drawn; a face crop as it is. Says so where the picture cannot be read.
SheetTile Draw(const Dataset& dataset, const Tile& tile) {
  SheetTile drawn;
  drawn.lines = tile.lines;
  const ManifestPicture& picture = dataset.pictures.at(tile.picture);
  try {
    drawn.image = ReadImage(dataset.root / picture.path).image;
  } catch (const Error&) {
    drawn.image = Image(kTileSide, kTileSide, 235);
    drawn.lines.push_back("not readable");
    return drawn;
  }
  if (picture.kind != PictureKind::kScene) return drawn;
  const Box& box = tile.box;
  const float side = std::max({box.width(), box.height(), 8.0f}) * kSurround;
  const float left = (box.x1 + box.x2 - side) / 2, top = (box.y1 + box.y2 - side) / 2;
  drawn.image = CropResize(drawn.image, {left, top, left + side, top + side}, kTileSide, kTileSide, 235);
  const float scale = kTileSide / side;
  const auto draw = [&](const Box& b, Color color) {
    DrawBox(drawn.image, {(b.x1 - left) * scale, (b.y1 - top) * scale, (b.x2 - left) * scale, (b.y2 - top) * scale},
            color, 1);
  };
  draw(box, kLabelColor);
  if (tile.found.area() > 0) draw(tile.found, kFoundColor);
  return drawn;
}

void WriteSheets(const Dataset& dataset, const std::string& name, const std::vector<Tile>& tiles,
                 const std::filesystem::path& folder, std::vector<std::filesystem::path>& files) {
  for (size_t begin = 0; begin < tiles.size(); begin += kTilesOnSheet) {
    std::vector<SheetTile> drawn;
    for (size_t i = begin; i < std::min(tiles.size(), begin + kTilesOnSheet); ++i) {
      drawn.push_back(Draw(dataset, tiles[i]));
    }
    files.push_back(folder / fmt::format("{}-{:02}.jpg", name, begin / kTilesOnSheet + 1));
    WriteImage(MakeContactSheet(drawn, kColumns, kTileSide), files.back());
  }
}

std::string Short(const ManifestPicture& picture, size_t face) {
  const std::string stem = std::filesystem::path(picture.path).stem().string();
  return fmt::format("{} {}", stem.size() > 16 ? stem.substr(stem.size() - 16) : stem, face);
}

}  // namespace

std::vector<std::filesystem::path> WriteSuspectSheets(const SuspectsReport& report, size_t most,
                                                      const std::filesystem::path& folder) {
  MakeFolder(folder);
  const Dataset& dataset = *report.dataset;
  std::vector<Tile> labels;
  const auto& ranked = report.labels->ranking.ranked;
  for (size_t i = 0; i < std::min({report.listed, ranked.size(), most}); ++i) {
    const JudgedFace& face = report.labels->faces[ranked[i].index];
    const ManifestPicture& picture = dataset.pictures.at(face.picture);
    labels.push_back({face.picture,
                      picture.faces.at(face.face).face.box,
                      {},
                      {fmt::format("#{} {:.2f} {}", i + 1, ranked[i].score, picture.set),
                       fmt::format("{}>{}", MaskStateName(face.label), MaskStateName(ranked[i].suggested)),
                       Short(picture, face.face)}});
  }
  std::map<BoxSuspectKind, std::vector<Tile>> boxes;
  if (report.boxes != nullptr) {
    for (const BoxSuspect& suspect : report.boxes->suspects) {
      std::vector<Tile>& tiles = boxes[suspect.kind];
      if (tiles.size() >= most) continue;
      const ManifestPicture& picture = dataset.pictures.at(suspect.picture);
      tiles.push_back(
          {suspect.picture,
           suspect.box,
           suspect.found,
           {fmt::format("#{} {:.2f}", tiles.size() + 1, suspect.score), picture.set, Short(picture, suspect.face)}});
    }
  }
  std::vector<std::filesystem::path> files;
  WriteSheets(dataset, "labels", labels, folder, files);
  for (const auto& [kind, tiles] : boxes) {
    WriteSheets(dataset, std::string(BoxSuspectKindName(kind)), tiles, folder, files);
  }
  return files;
}

}  // namespace maskscope
