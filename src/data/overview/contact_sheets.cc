#include "data/overview/contact_sheets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "base/threads.h"
#include "data/overview/heat_map.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr int kTitleHeight = 30, kGap = 4;  // pixels
constexpr float kMargin = 1.7f;             // side of what a tile shows, in sides of the face

constexpr std::array<Color, kFaceKinds> kColors{
    {{0, 158, 115}, {240, 228, 66}, {213, 94, 0}, {0, 114, 178}, {160, 160, 160}}};

struct Sample {
  uint64_t lot = 0;
  std::string path;
  size_t index = 0;
  bool whole_picture = false;
  Box box;
  bool operator<(const Sample& other) const {
    return std::tie(lot, path, index) < std::tie(other.lot, other.path, other.index);
  }
};

// The `most` samples of the least lots, whatever the order they come in.
struct Draw {
  std::set<Sample> samples;
  int64_t of = 0;
  void Add(Sample sample, int most) {
    ++of;
    samples.insert(std::move(sample));
    if (samples.size() > static_cast<size_t>(most)) samples.erase(std::prev(samples.end()));
  }
};

struct Gathered {
  std::map<std::pair<std::string, int>, Draw> draws;  // (set, FaceKind)
  std::map<std::string, HeatMap> maps;
  HeatMap all;
  int64_t pictures = 0;
};

Gathered Gather(PictureStream& stream, const SheetOptions& options, Progress* progress,
                const std::function<bool()>& stop) {
  Gathered gathered;
  if (progress != nullptr) progress->Start("choosing", stream.total, "pictures");
  for (ManifestPicture picture; stream.next(&picture);) {
    if (stop && stop()) throw Error(ErrorKind::kInterrupted, "stopped before the sheets were complete");
    ++gathered.pictures;
    const bool crop = picture.kind == PictureKind::kFaceCrop;
    for (size_t i = 0; i < picture.faces.size(); ++i) {
      const LabelledFace& face = picture.faces[i].face;
      Sample sample{HashText(std::to_string(options.seed) + "/" + picture.path + "/" + std::to_string(i)), picture.path,
                    i, crop, face.box};
      gathered.draws[{picture.set, FaceKind(face)}].Add(std::move(sample), options.faces);
      if (crop) continue;
      gathered.maps[picture.set].Add(face.box, picture.width, picture.height);
      gathered.all.Add(face.box, picture.width, picture.height);
    }
    if (progress != nullptr) progress->Step();
  }
  return gathered;
}

// One face with what is around it, its box drawn and its height said. Throws what ReadImage throws.
Image MakeTile(const fs::path& root, const Sample& sample, int kind, int tile) {
  const DecodedImage decoded = ReadImage(root / sample.path);
  const auto width = static_cast<float>(decoded.full_width), height = static_cast<float>(decoded.full_height);
  const Box box = sample.whole_picture ? Box{0, 0, width, height} : sample.box;
  const float side = std::max({box.width(), box.height(), 1.f}) * (sample.whole_picture ? 1.f : kMargin);
  const float left = (box.x1 + box.x2 - side) / 2, top = (box.y1 + box.y2 - side) / 2;
  Image image = CropResize(decoded.image, {left, top, left + side, top + side}, tile, tile, 235);
  const float scale = static_cast<float>(tile) / side;
  const Box drawn{(box.x1 - left) * scale, (box.y1 - top) * scale, (box.x2 - left) * scale, (box.y2 - top) * scale};
  DrawBox(image, drawn, kColors[static_cast<size_t>(kind)], 2);
  const std::string text = fmt::format("{:.0f} px", box.height());
  const auto plate = static_cast<float>(tile);
  DrawLabel(image, {0, plate, plate, plate}, text, kColors[static_cast<size_t>(kind)], 8);
  return image;
}

// "kaggle853-none.jpg"; folders and what a shell would trip over are taken out of the name.
std::string FileName(const std::string& set, std::string_view rest) {
  std::string name = set.empty() || set[0] == '.' || set[0] == '-' ? "_" + set : set;
  for (char& c : name) {
    if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x21) c = '_';
  }
  return name + "-" + std::string(rest);
}

Image MakeSheet(const fs::path& root, const std::string& title, int kind, const Draw& draw, const SheetOptions& options,
                SheetSummary& summary) {
  const std::vector<Sample> samples(draw.samples.begin(), draw.samples.end());
  const int count = static_cast<int>(samples.size()), step = options.tile + kGap;
  const int columns = std::min(options.columns, count), rows = (count + columns - 1) / columns;
  // A title needs room, however few the faces are.
  Image sheet(std::max(columns, 4) * step + kGap, kTitleHeight + rows * step + kGap, 255);
  FillRectangle(sheet, {4, 6, 22, 24}, kColors[static_cast<size_t>(kind)]);
  DrawText(sheet, {30, 21}, title, {0, 0, 0}, 11);
  std::mutex mutex;
  ParallelFor(samples.size(), options.workers, [&](size_t i) {
    const int x = kGap + static_cast<int>(i) % columns * step, y = kTitleHeight + static_cast<int>(i) / columns * step;
    try {
      Paste(MakeTile(root, samples[i], kind, options.tile), x, y, sheet);  // tiles do not overlap
    } catch (const Error& error) {
      const std::lock_guard lock(mutex);
      const auto side = static_cast<float>(options.tile);
      FillRectangle(sheet, {float(x), float(y), float(x) + side, float(y) + side}, {235, 235, 235});
      DrawText(sheet, {float(x) + 8, float(y) + side / 2}, "not readable", {120, 0, 0}, 9);
      if (summary.unreadable++ == 0) summary.first_unreadable = error.what();
    }
  });
  return sheet;
}

std::string IndexPage(const PictureStream& stream, const SheetSummary& summary) {
  std::string text = fmt::format(
      "# {}\n\n{} pictures. Boxes: green correct, yellow incorrect, orange none, blue no state, "
      "grey ignored.\n",
      MarkdownCell(stream.source), summary.pictures);
  for (const SheetSummary::Sheet& sheet : summary.sheets) {
    text += fmt::format("\n## {}, {}: {} of {} faces\n\n![](<{}>)\n", MarkdownCell(sheet.set), sheet.state, sheet.shown,
                        sheet.of, sheet.file);
  }
  text += "\n## Where in the picture faces are\n\n";
  for (const std::string& map : summary.maps) text += fmt::format("![](<{}>)\n", map);
  return text;
}

}  // namespace

Color FaceKindColor(int kind) { return kColors.at(static_cast<size_t>(kind)); }

void SheetOptions::Validate() const {
  Problems problems;
  problems.Require(faces >= 1 && faces <= 2000, "faces", std::to_string(faces), "1 to 2000");
  problems.Require(tile >= 32 && tile <= 1024, "tile", std::to_string(tile), "32 to 1024 pixels");
  problems.Require(columns >= 1 && columns <= 40, "columns", std::to_string(columns), "1 to 40");
  problems.Require(map_side >= 64 && map_side <= 4096, "map_side", std::to_string(map_side), "64 to 4096 pixels");
  problems.Require(workers >= 0 && workers <= 1024, "workers", std::to_string(workers), "0 to 1024");
  problems.ThrowIfAny(ErrorKind::kUsage, "contact sheets");
}

SheetSummary WriteContactSheets(PictureStream stream, const fs::path& folder, const SheetOptions& options,
                                Progress* progress, const std::function<bool()>& stop) {
  options.Validate();
  MakeFolder(folder);
  const Gathered gathered = Gather(stream, options, progress, stop);
  SheetSummary summary;
  summary.pictures = gathered.pictures;
  if (progress != nullptr) progress->Start("drawing", static_cast<int64_t>(gathered.draws.size()), "sheets");
  for (const auto& [key, draw] : gathered.draws) {
    if (stop && stop()) throw Error(ErrorKind::kInterrupted, "stopped before the sheets were complete");
    const std::string state(FaceKindName(key.second));
    const std::string title = fmt::format("{}, {}: {} of {} faces", key.first, state, draw.samples.size(), draw.of);
    const std::string file = FileName(key.first, state + ".jpg");
    WriteImage(MakeSheet(stream.root, title, key.second, draw, options, summary), folder / file);
    summary.sheets.push_back({file, key.first, state, static_cast<int64_t>(draw.samples.size()), draw.of});
    if (progress != nullptr) progress->Step();
  }
  const auto write_map = [&](const HeatMap& map, const std::string& name, const std::string& file) {
    if (map.faces() == 0) return;
    WriteImage(map.Draw(options.map_side, fmt::format("{}: where {} faces are", name, map.faces())), folder / file);
    summary.maps.push_back(file);
  };
  write_map(gathered.all, "all sets", "all-map.png");
  for (const auto& [set, map] : gathered.maps) write_map(map, set, FileName(set, "map.png"));
  if (progress != nullptr) progress->Finish();
  WriteFileAtomically(folder / "index.md", IndexPage(stream, summary));
  return summary;
}

}  // namespace maskscope
