#include "data/prepare/crops.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNotAFace = "not_a_face";

bool Touches(const Box& a, const Box& b) { return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2; }

// "scenes/x/JPEGImages/7.jpg" -> "scenes_x_JPEGImages_7": names stay unique in one folder.
std::string FlatName(const std::string& path) {
  std::string name = path.substr(0, path.find_last_of('.'));
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

class Cutter {
 public:
  Cutter(const Dataset& dataset, const fs::path& folder, const CropOptions& options)
      : dataset_(dataset), folder_(folder), options_(options), random_(options.seed) {
    result_.crops.header = dataset.header;
    result_.crops.header.root = ".";
    result_.crops.root = folder;
  }

  CropsResult Run() {
    if (options_.progress != nullptr) {
      options_.progress->Start("crops", static_cast<int64_t>(dataset_.pictures.size()), "pictures");
    }
    PlanPatches();
    for (size_t i = 0; i < dataset_.pictures.size(); ++i) {
      CutPicture(i);
      if (options_.progress != nullptr) options_.progress->Step();
      StopIfAsked();
    }
    MakeUpPatches();
    if (options_.progress != nullptr) options_.progress->Finish();
    return std::move(result_);
  }

 private:
  void StopIfAsked() const {
    if (options_.stop && options_.stop()) throw Error(ErrorKind::kInterrupted, "crops: stopped; nothing was kept");
  }

  // How many patches each picture is asked for: dealt out in turn over scenes in random order.
  void PlanPatches() {
    wanted_.assign(dataset_.pictures.size(), 0);
    for (size_t i = 0; i < dataset_.pictures.size(); ++i) {
      const ManifestPicture& picture = dataset_.pictures[i];
      if (picture.kind != PictureKind::kScene) continue;
      scenes_.push_back(i);
      for (const ManifestFace& face : picture.faces) {
        const Box& box = face.face.box;
        if (face.face.ignore || std::min(box.width(), box.height()) < options_.least_side) continue;
        sides_.push_back(std::max(box.width(), box.height()));
      }
    }
    if (options_.not_a_face == 0) return;
    if (scenes_.empty() || sides_.empty()) {
      throw Error(ErrorKind::kBadData,
                  "crops: patches that show no face are cut from scenes with labelled faces (they take "
                  "their sizes), and the set has none");
    }
    random_.Shuffle(scenes_);
    for (int n = 0; n < options_.not_a_face; ++n) ++wanted_[scenes_[static_cast<size_t>(n) % scenes_.size()]];
  }

  void Drop(const ManifestPicture& picture, std::vector<ManifestFace> faces, const char* reason) {
    DroppedRow row{picture, reason};
    row.picture.faces = std::move(faces);
    result_.dropped.push_back(std::move(row));
  }

  void Save(const Image& image, const ManifestPicture& from, const Box& region, const std::string& label,
            std::optional<ManifestFace> face) {
    int width = std::max(1, static_cast<int>(std::lround(region.width())));
    int height = std::max(1, static_cast<int>(std::lround(region.height())));
    if (options_.size > 0) {
      const double scale = static_cast<double>(options_.size) / std::max(width, height);
      width = options_.keep_aspect ? std::max(1, static_cast<int>(std::lround(width * scale))) : options_.size;
      height = options_.keep_aspect ? std::max(1, static_cast<int>(std::lround(height * scale))) : options_.size;
    }
    ManifestPicture crop;
    crop.path = fmt::format("{}/{}_{}.jpg", label, FlatName(from.path), serial_++);
    const std::vector<uint8_t> bytes = EncodeJpeg(CropResize(image, region, width, height), options_.jpeg_quality);
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    MakeFolder(folder_ / label);
    WriteFileAtomically(folder_ / crop.path, text);
    crop.hash = ContentHash(text);
    crop.set = from.set;
    crop.name = crop.path;
    crop.group = from.group.empty() ? from.path : from.group;
    crop.split = from.split;
    crop.kind = face ? PictureKind::kFaceCrop : PictureKind::kNotAFace;
    crop.width = width;
    crop.height = height;
    crop.synthetic = from.synthetic;
    crop.author = from.author, crop.licence = from.licence, crop.url = from.url;
    crop.attributes["crop.picture"] = from.path;
    crop.attributes["crop.box"] =
        fmt::format("{:.1f} {:.1f} {:.1f} {:.1f}", region.x1, region.y1, region.x2, region.y2);
    if (face) {
      face->face.box = {0, 0, static_cast<float>(width), static_cast<float>(height)};
      face->face.landmarks.clear();
      crop.faces = {*face};
    }
    result_.crops.pictures.push_back(std::move(crop));
  }

  void CutFace(const Image& image, const ManifestPicture& picture, const ManifestFace& face, const Box& box) {
    const Box region = GrowBox(box, options_.factor, image.width, image.height);
    const char* reason = face.face.ignore                                            ? "ignored"
                         : !face.face.state                                          ? "no_state"
                         : std::min(box.width(), box.height()) < options_.least_side ? "too_small"
                         : region.width() < 1 || region.height() < 1                 ? "outside"
                                                                                     : nullptr;
    if (reason != nullptr) return Drop(picture, {face}, reason);
    Save(image, picture, region, std::string(MaskStateName(*face.face.state)), face);
  }

  void CutDetected(const Image& image, const ManifestPicture& picture, const std::vector<Box>& found) {
    std::vector<bool> used(picture.faces.size(), false);
    for (const Box& box : found) {
      size_t best = picture.faces.size();
      float best_iou = 0.4f;
      for (size_t f = 0; f < picture.faces.size(); ++f) {
        const float iou = Iou(box, picture.faces[f].face.box);
        if (!used[f] && iou >= best_iou) best = f, best_iou = iou;
      }
      if (best == picture.faces.size()) {
        ManifestFace unknown;
        unknown.face.box = box;
        Drop(picture, {unknown}, "no_label");
        continue;
      }
      used[best] = true;
      CutFace(image, picture, picture.faces[best], box);
    }
    for (size_t f = 0; f < used.size(); ++f) {
      if (!used[f]) Drop(picture, {picture.faces[f]}, picture.faces[f].face.ignore ? "ignored" : "not_detected");
    }
  }

  // None touches a face, labelled or found, or an earlier patch.
  void CutPatches(const Image& image, size_t index, const std::vector<Box>& found, int count) {
    constexpr int kTries = 60;
    const ManifestPicture& picture = dataset_.pictures[index];
    std::vector<Box>& taken = taken_[index];
    if (taken.empty()) {
      taken = found;
      for (const ManifestFace& face : picture.faces) taken.push_back(face.face.box);
    }
    for (int tries = 0; count > 0 && tries < kTries; ++tries) {
      const double side = sides_[random_.Below(sides_.size())] * options_.factor;
      if (side < 12 || side > image.width || side > image.height) continue;
      const double x = random_.Uniform(0, image.width - side), y = random_.Uniform(0, image.height - side);
      const Box patch{static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + side),
                      static_cast<float>(y + side)};
      if (std::any_of(taken.begin(), taken.end(), [&](const Box& box) { return Touches(box, patch); })) continue;
      taken.push_back(patch);
      Save(image, picture, patch, kNotAFace, std::nullopt);
      --count;
    }
    patches_missing_ += count;
  }

  void CutPicture(size_t index) {
    const ManifestPicture& picture = dataset_.pictures[index];
    const int patches = wanted_[index];
    if (picture.faces.empty() && patches == 0 && picture.kind != PictureKind::kNotAFace) return;
    Image image;
    try {
      image = ReadImage(dataset_.root / picture.path).image;
    } catch (const Error&) {
      patches_missing_ += patches;
      return Drop(picture, picture.faces, "unreadable");
    }
    if (picture.kind == PictureKind::kNotAFace) {
      const Box all{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)};
      return Save(image, picture, all, kNotAFace, std::nullopt);
    }
    const std::vector<Box> found = FindFaces(image, picture);
    if (Detects(picture)) {
      CutDetected(image, picture, found);
    } else {
      for (const ManifestFace& face : picture.faces) CutFace(image, picture, face, face.face.box);
    }
    if (patches > 0) CutPatches(image, index, found, patches);
  }

  bool Detects(const ManifestPicture& picture) const {
    return options_.find_faces != nullptr && picture.kind == PictureKind::kScene;
  }
  std::vector<Box> FindFaces(const Image& image, const ManifestPicture& picture) const {
    return Detects(picture) ? options_.find_faces(image) : std::vector<Box>{};
  }

  // What some scenes had no room for is asked of the others.
  void MakeUpPatches() {
    for (const size_t index : scenes_) {
      if (patches_missing_ == 0) return;
      StopIfAsked();
      const ManifestPicture& picture = dataset_.pictures[index];
      Image image;
      try {
        image = ReadImage(dataset_.root / picture.path).image;
      } catch (const Error&) {
        continue;  // said before, where it matters
      }
      CutPatches(image, index, FindFaces(image, picture), std::exchange(patches_missing_, 0));
    }
  }

  const Dataset& dataset_;
  const fs::path folder_;
  const CropOptions& options_;
  Random random_;
  std::vector<size_t> scenes_;                // in random order
  std::vector<int> wanted_;                   // patches, a picture
  std::map<size_t, std::vector<Box>> taken_;  // where patches may not be, of scenes asked for some
  std::vector<float> sides_;                  // of labelled faces
  int patches_missing_ = 0, serial_ = 0;
  CropsResult result_;
};

}  // namespace

void CropOptions::Validate() const {
  Problems problems;
  problems.Require(std::isfinite(factor) && factor >= 0.5 && factor <= 10, "factor", std::to_string(factor),
                   "0.5 to 10");
  problems.Require(size == 0 || (size >= 8 && size <= 4096), "size", std::to_string(size), "0, or 8 to 4096 pixels");
  problems.Require(std::isfinite(least_side) && least_side >= 0, "least_side", std::to_string(least_side), "0 or more");
  problems.Require(not_a_face >= 0, "not_a_face", std::to_string(not_a_face), "0 or more");
  problems.Require(jpeg_quality >= 1 && jpeg_quality <= 100, "jpeg_quality", std::to_string(jpeg_quality), "1 to 100");
  problems.ThrowIfAny(ErrorKind::kUsage, "crops");
}

Box GrowBox(const Box& box, double factor, int width, int height) {
  const auto more_x = static_cast<float>(box.width() * (factor - 1) / 2);
  const auto more_y = static_cast<float>(box.height() * (factor - 1) / 2);
  return Clamp({box.x1 - more_x, box.y1 - more_y, box.x2 + more_x, box.y2 + more_y}, width, height);
}

CropsResult WriteCrops(const Dataset& dataset, const fs::path& folder, const CropOptions& options) {
  options.Validate();
  if (fs::exists(folder) && !(fs::is_directory(folder) && fs::is_empty(folder))) {
    throw Error(ErrorKind::kOutput, "crops: '" + folder.string() + "' is there already; wanted a new or empty folder");
  }
  fs::path unfinished = folder.lexically_normal();
  if (!unfinished.has_filename()) unfinished = unfinished.parent_path();
  const fs::path target = unfinished;
  unfinished += ".unfinished";
  if (fs::exists(unfinished)) {
    throw Error(ErrorKind::kOutput,
                "crops: '" + unfinished.string() + "' is left from a run that broke off; remove it");
  }
  MakeFolder(unfinished);
  try {
    CropsResult result = Cutter(dataset, unfinished, options).Run();
    WriteManifest(unfinished / "crops.jsonl", result.crops);
    WriteDropped(unfinished / "dropped.jsonl", dataset, result.dropped);
    fs::remove(target);
    fs::rename(unfinished, target);
    result.crops.root = target;
    return result;
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(unfinished, ignored);
    throw;
  }
}

}  // namespace maskscope
