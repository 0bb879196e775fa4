#include "data/prepare/clean.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <tuple>

#include "base/error.h"
#include "base/threads.h"
#include "image/decode.h"
#include "image/quality.h"
#include "image/transform.h"

namespace maskscope {
namespace {

struct Measured {
  size_t picture, face;
  double sharpness;
};

SharpnessSpread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  SharpnessSpread spread;
  spread.faces = static_cast<int64_t>(values.size());
  for (size_t i = 0; i < spread.at.size(); ++i) {
    spread.at[i] = values[(values.size() - 1) * static_cast<size_t>(kSharpnessPercents[i]) / 100];
  }
  return spread;
}

class Cleaner {
 public:
  Cleaner(const Dataset& dataset, const CleanOptions& options)
      : dataset_(dataset), options_(options), gone_(dataset.pictures.size()), unreadable_(dataset.pictures.size()) {}

  CleanResult Run() {
    Measure();
    if (options_.least_sharpness) {
      for (const Measured& face : faces_) {
        if (face.sharpness < *options_.least_sharpness) gone_[face.picture][face.face] = {"blurred", face.sharpness};
      }
    }
    if (options_.thin) Thin(*options_.thin);
    CleanResult result = Collect();
    result.measured = static_cast<int64_t>(faces_.size());
    std::map<std::string, std::vector<double>> values;
    for (const Measured& face : faces_) {
      values[std::string(MaskStateName(StateOf(face)))].push_back(face.sharpness);
    }
    for (auto& [state, of_state] : values) result.spread[state] = SpreadOf(std::move(of_state));
    return result;
  }

 private:
  MaskState StateOf(const Measured& face) const { return *dataset_.pictures[face.picture].faces[face.face].face.state; }

  bool Counts(const ManifestPicture& picture, const ManifestFace& face) const {
    return !face.face.ignore && face.face.state && (options_.also_test || picture.split != DatasetSplit::kTest);
  }

  void Measure() {
    const size_t count = dataset_.pictures.size();
    if (options_.progress != nullptr) options_.progress->Start("sharpness", static_cast<int64_t>(count), "pictures");
    std::vector<std::vector<Measured>> measured(count);
    std::atomic<bool> stopped{false};
    ParallelFor(count, options_.threads, [&](size_t i) {
      if (stopped) return;
      measured[i] = MeasurePicture(i);
      if (options_.progress != nullptr) options_.progress->Step();
      if (options_.stop && options_.stop()) stopped = true;
    });
    if (stopped) throw Error(ErrorKind::kInterrupted, "clean: stopped; nothing was written");
    if (options_.progress != nullptr) options_.progress->Finish();
    for (const auto& some : measured) faces_.insert(faces_.end(), some.begin(), some.end());
  }

  std::vector<Measured> MeasurePicture(size_t index) {
    const ManifestPicture& picture = dataset_.pictures[index];
    std::vector<Measured> measured;
    const auto counts = [&](const ManifestFace& face) { return Counts(picture, face); };
    if (std::none_of(picture.faces.begin(), picture.faces.end(), counts)) return measured;
    Image image;
    try {
      image = ReadImage(dataset_.root / picture.path).image;
    } catch (const Error&) {
      unreadable_[index] = 1;
      return measured;
    }
    for (size_t f = 0; f < picture.faces.size(); ++f) {
      if (!counts(picture.faces[f])) continue;
      const Box all{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)};
      const Box box = picture.kind == PictureKind::kFaceCrop ? all : picture.faces[f].face.box;
      measured.push_back({index, f, RegionSharpness(image, box, options_.measured_side)});
    }
    return measured;
  }

  void Thin(const ThinRule& rule) {
    std::vector<Measured> candidates;
    int64_t others = 0;
    for (const Measured& face : faces_) {
      if (gone_[face.picture].count(face.face) > 0) continue;
      const MaskState state = StateOf(face);
      if (state == rule.state) candidates.push_back(face);
      others += state == rule.other;
    }
    const auto most = static_cast<size_t>(std::floor(rule.ratio * static_cast<double>(others) + 1e-9));
    if (candidates.size() <= most) return;
    std::sort(candidates.begin(), candidates.end(), [&](const Measured& a, const Measured& b) {
      return std::tie(a.sharpness, dataset_.pictures[a.picture].path, a.face) <
             std::tie(b.sharpness, dataset_.pictures[b.picture].path, b.face);
    });
    candidates.resize(candidates.size() - most);
    for (const Measured& face : candidates) gone_[face.picture][face.face] = {"thinned", face.sharpness};
  }

  CleanResult Collect() const {
    CleanResult result;
    result.dataset.header = dataset_.header;
    result.dataset.root = dataset_.root;
    for (size_t i = 0; i < dataset_.pictures.size(); ++i) {
      ManifestPicture picture = dataset_.pictures[i];
      if (unreadable_[i]) {
        result.dropped.push_back({picture, "unreadable"});
        continue;
      }
      std::map<std::string, std::vector<ManifestFace>> by_reason;
      for (const auto& [face, why] : gone_[i]) {
        by_reason[why.reason].push_back(picture.faces[face]);
        by_reason[why.reason].back().attributes["sharpness"] = fmt::format("{:.2f}", why.sharpness);
      }
      for (auto& [reason, faces] : by_reason) {
        result.dropped.push_back({picture, reason});
        result.dropped.back().picture.faces = std::move(faces);
      }
      if (picture.kind == PictureKind::kFaceCrop && !gone_[i].empty()) continue;
      for (const auto& [face, why] : gone_[i]) {
        picture.faces[face].face.ignore = true;
        picture.faces[face].attributes["clean.ignored"] = why.reason;
      }
      result.dataset.pictures.push_back(std::move(picture));
    }
    return result;
  }

  struct Why {
    std::string reason;
    double sharpness = 0;
  };
  const Dataset& dataset_;
  const CleanOptions& options_;
  std::vector<Measured> faces_;
  std::vector<std::map<size_t, Why>> gone_;  // a picture: face -> why
  std::vector<char> unreadable_;
};

}  // namespace

void CleanOptions::Validate() const {
  Problems problems;
  if (!least_sharpness && !thin)
    problems.Add("nothing to do: wanted a least sharpness (--least-sharpness), a class to thin (--thin), or both");
  if (least_sharpness) {
    problems.Require(std::isfinite(*least_sharpness) && *least_sharpness >= 0, "least_sharpness",
                     std::to_string(*least_sharpness), "0 or more");
  }
  if (thin) {
    problems.Require(std::isfinite(thin->ratio) && thin->ratio > 0, "thin.ratio", std::to_string(thin->ratio),
                     "above 0");
    problems.Require(thin->state != thin->other, "thin", std::string(MaskStateName(thin->state)) + " against itself",
                     "two different states");
  }
  problems.Require(measured_side == 0 || (measured_side >= 8 && measured_side <= 4096), "measured_side",
                   std::to_string(measured_side), "0, or 8 to 4096 pixels");
  problems.ThrowIfAny(ErrorKind::kUsage, "clean");
  ResolveThreads(threads, "threads");
}

CleanResult CleanDataset(const Dataset& dataset, const CleanOptions& options) {
  options.Validate();
  return Cleaner(dataset, options).Run();
}

}  // namespace maskscope
