#include "train/detector_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "analyze/draw_result.h"
#include "image/contact_sheet.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/transform.h"
#include "train/run_charts.h"

namespace maskscope {

namespace {

constexpr size_t kTiles = 16;
constexpr int kColumns = 4, kTileSide = 320, kLine = 2;  // pixels
constexpr const char* kIgnored = "ignored";
constexpr const char* kFace = "face";  // of no known state

// Collects boxes on one picture, and what they are in words.
class Drawing {
 public:
  // Brought to the tile's size first, so that lines are as thick on every one.
  explicit Drawing(const Image& picture)
      : scale_(static_cast<float>(kTileSide) / static_cast<float>(std::max(picture.width, picture.height))) {
    const auto scaled = [&](int side) { return std::max(1, static_cast<int>(static_cast<float>(side) * scale_)); };
    image_ = Resize(picture, scaled(picture.width), scaled(picture.height));
  }

  void Add(const Box& box, const std::string& what) {
    const StateLook look = LookOfState(what);
    const Box there{box.x1 * scale_, box.y1 * scale_, box.x2 * scale_, box.y2 * scale_};
    const Color color = what == kFace ? Color{86, 180, 233} : look.color;
    DrawBox(image_, there, color, what == kIgnored ? 1 : kLine, what == kFace ? LineStyle::kSolid : look.line);
    ++counts_[what];
  }

  SheetTile Tile() const {
    std::string line;
    for (const auto& [what, count] : counts_) line += fmt::format("{}{} {}", line.empty() ? "" : ", ", count, what);
    return {image_, {line.empty() ? "nothing" : line}};
  }

 private:
  float scale_;
  Image image_;
  std::map<std::string, int> counts_;
};

std::string NameOf(const std::optional<MaskState>& state) { return state ? std::string(MaskStateName(*state)) : kFace; }

void WriteSheet(const std::vector<SheetTile>& tiles, const std::filesystem::path& path) {
  if (!tiles.empty()) WriteImage(MakeContactSheet(tiles, kColumns, kTileSide), path);
}

// Of a detection by its record.
std::string NameOf(const Detection& found, const ModelRecord& record) {
  int next = 0;
  for (const std::string& name : record.classes) {
    if (name != "background" && next++ == found.class_index) return name;
  }
  return kFace;
}

}  // namespace

void WriteLabels(const std::vector<LabelledImage>& pictures, const RunFolder& folder) {
  std::vector<int64_t> labels;
  for (const LabelledImage& picture : pictures) {
    for (const LabelledFace& face : picture.faces) {
      if (!face.ignore) labels.push_back(face.state ? static_cast<int64_t>(*face.state) : kMaskStates);
    }
  }
  WriteChart(LabelsChart(labels, {"correct", "incorrect", "none", "not labelled"}), folder, "labels");
}

void WriteSamples(const std::vector<DetectorSample>& samples, const std::filesystem::path& path) {
  std::vector<SheetTile> tiles;
  for (size_t i = 0; i < std::min(samples.size(), kTiles); ++i) {
    Drawing drawing(samples[i].image);
    for (const Box& box : samples[i].ignored) drawing.Add(box, kIgnored);
    for (const TrainingFace& face : samples[i].faces) drawing.Add(face.box, NameOf(face.state));
    tiles.push_back(drawing.Tile());
  }
  WriteSheet(tiles, path);
}

void WriteValidationPictures(const std::vector<LabelledImage>& pictures, const Detector& detector,
                             float score_threshold, const RunFolder& folder) {
  std::vector<SheetTile> given, found;
  const size_t count = std::min(pictures.size(), kTiles);
  for (size_t i = 0; i < count; ++i) {
    const LabelledImage& picture = pictures[i * pictures.size() / count];
    const Image image = ReadImage(picture.path).image;
    Drawing labels(image), detections(image);
    for (const LabelledFace& face : picture.faces) labels.Add(face.box, face.ignore ? kIgnored : NameOf(face.state));
    for (const Detection& one : detector.Detect(image, image.width, image.height)) {
      if (one.score >= score_threshold) detections.Add(one.box, NameOf(one, detector.record()));
    }
    given.push_back(labels.Tile());
    found.push_back(detections.Tile());
  }
  WriteSheet(given, folder.path() / "val_batch0_labels.jpg");
  WriteSheet(found, folder.path() / "val_batch0_pred.jpg");
}

}  // namespace maskscope
