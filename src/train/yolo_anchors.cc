#include "train/yolo_anchors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "image/decode.h"
#include "train/yolo_targets.h"

namespace maskscope {

namespace {

constexpr int kMostRounds = 200;
constexpr std::array<std::string_view, 3> kNames{"auto", "keep", "fit"};

using Centres = std::vector<std::array<double, 2>>;  // logarithms of width and height

double Distance(const std::array<double, 2>& a, const std::array<double, 2>& b) {
  const double x = a[0] - b[0], y = a[1] - b[1];
  return x * x + y * y;
}

size_t Nearest(const Centres& centres, const std::array<double, 2>& point) {
  size_t best = 0;
  for (size_t i = 1; i < centres.size(); ++i) {
    if (Distance(centres[i], point) < Distance(centres[best], point)) best = i;
  }
  return best;
}

// Every further centre is a point drawn by its squared distance from the centres so far.
Centres DrawCentres(const Centres& points, size_t count, Random& random) {
  Centres centres{points[random.Below(points.size())]};
  while (centres.size() < count) {
    double sum = 0;
    std::vector<double> sums;
    for (const auto& point : points) sums.push_back(sum += Distance(point, centres[Nearest(centres, point)]));
    const double at = random.Uniform() * sum;
    const auto chosen = std::upper_bound(sums.begin(), sums.end() - 1, at) - sums.begin();
    centres.push_back(points[static_cast<size_t>(chosen)]);
  }
  return centres;
}

void MoveCentres(const Centres& points, Centres& centres) {
  std::vector<size_t> owner(points.size(), centres.size());
  for (int round = 0; round < kMostRounds; ++round) {
    bool moved = false;
    Centres sums(centres.size());
    std::vector<double> counts(centres.size(), 0);
    for (size_t i = 0; i < points.size(); ++i) {
      const size_t nearest = Nearest(centres, points[i]);
      moved |= owner[i] != nearest;
      owner[i] = nearest;
      sums[nearest][0] += points[i][0];
      sums[nearest][1] += points[i][1];
      ++counts[nearest];
    }
    if (!moved) return;
    for (size_t c = 0; c < centres.size(); ++c) {
      if (counts[c] > 0) centres[c] = {sums[c][0] / counts[c], sums[c][1] / counts[c]};
    }
  }
}

}  // namespace

std::string_view EnumText(AnchorChoice choice) { return kNames.at(static_cast<size_t>(choice)); }

void ParseEnum(const std::string& text, AnchorChoice& choice) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (text != kNames[i]) continue;
    choice = static_cast<AnchorChoice>(i);
    return;
  }
  throw Error{ErrorKind::kUsage, "anchors: found '" + text + "', wanted auto, keep or fit"};
}

FaceSides SidesInUse(const std::vector<LabelledImage>& pictures, int longest_side, float least_face) {
  FaceSides sides;
  for (const LabelledImage& picture : pictures) {
    if (picture.faces.empty()) continue;
    int longest = std::max(picture.width, picture.height);
    if (longest == 0) {
      const Image image = ReadImage(picture.path).image;
      longest = std::max(image.width, image.height);
    }
    const float scale = static_cast<float>(longest_side) / static_cast<float>(longest);
    for (const LabelledFace& face : picture.faces) {
      const float width = face.box.width() * scale, height = face.box.height() * scale;
      if (face.ignore || !(width > 0 && height > 0) || std::sqrt(width * height) < least_face) continue;
      sides.push_back({width, height});
    }
  }
  return sides;
}

AnchorFit MeasureAnchors(const std::vector<std::vector<float>>& anchors, const FaceSides& faces, float greatest_ratio) {
  AnchorFit fit;
  if (faces.empty()) return fit;
  for (const auto& [width, height] : faces) {
    float best = std::numeric_limits<float>::infinity();
    for (const std::vector<float>& level : anchors) {
      for (size_t i = 0; i + 1 < level.size(); i += 2) {
        best = std::min(best, SideRatio(width, height, level[i], level[i + 1]));
      }
    }
    if (best < greatest_ratio) ++fit.best_possible_recall;
    fit.mean_likeness += 1.0 / static_cast<double>(best);
  }
  const auto count = static_cast<double>(faces.size());
  return {fit.best_possible_recall / count, fit.mean_likeness / count};
}

std::vector<std::vector<float>> FitAnchors(const Decoding& decoding, const FaceSides& faces, uint64_t seed) {
  size_t count = 0;
  for (const auto& level : decoding.anchors) count += level.size() / 2;
  Centres points;
  for (const auto& [width, height] : faces) {
    points.push_back({std::log(static_cast<double>(width)), std::log(static_cast<double>(height))});
  }
  const std::set<std::array<double, 2>> different(points.begin(), points.end());
  if (different.size() < count) {
    throw Error{ErrorKind::kBadData, "anchors: " + std::to_string(different.size()) +
                                         " faces of different sizes are too few to fit " + std::to_string(count) +
                                         " anchors to; keep the start's (anchors: keep)"};
  }
  Random random(seed);
  Centres centres = DrawCentres(points, count, random);
  MoveCentres(points, centres);
  std::sort(centres.begin(), centres.end(), [](const auto& a, const auto& b) { return a[0] + a[1] < b[0] + b[1]; });
  std::vector<std::vector<float>> anchors;
  size_t next = 0;
  for (const auto& level : decoding.anchors) {
    std::vector<float>& sides = anchors.emplace_back();
    while (sides.size() < level.size()) {
      for (const double side : centres[next]) {
        sides.push_back(static_cast<float>(std::round(std::exp(side) * 100) / 100));
      }
      ++next;
    }
  }
  return anchors;
}

nlohmann::json ChooseAnchors(AnchorChoice choice, const FaceSides& faces, float greatest_ratio, uint64_t seed,
                             Decoding& decoding) {
  const AnchorFit given = MeasureAnchors(decoding.anchors, faces, greatest_ratio);
  nlohmann::json told{{"faces", faces.size()},
                      {"greatest_ratio", greatest_ratio},
                      {"start_best_possible_recall", given.best_possible_recall},
                      {"start_mean_likeness", given.mean_likeness}};
  const bool fit =
      choice == AnchorChoice::kFit || (choice == AnchorChoice::kAuto && given.best_possible_recall < kGoodRecall);
  AnchorFit chosen = given;
  if (fit) {
    const auto fitted = FitAnchors(decoding, faces, seed);
    chosen = MeasureAnchors(fitted, faces, greatest_ratio);
    decoding.anchors = fitted;
  }
  told["chosen"] = fit ? "fitted" : "start";
  told["best_possible_recall"] = chosen.best_possible_recall;
  told["mean_likeness"] = chosen.mean_likeness;
  Log(LogLevel::kInfo, "anchors: the start's fit {:.4f} of {} faces; {} are used, which fit {:.4f}",
      given.best_possible_recall, faces.size(), fit ? "fitted ones" : "they", chosen.best_possible_recall);
  return told;
}

}  // namespace maskscope
