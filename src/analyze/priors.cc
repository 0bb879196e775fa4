#include <algorithm>
#include <cmath>

#include "analyze/detector.h"
#include "base/error.h"

namespace maskscope {
namespace {

int CeilDivide(int a, int b) { return (a + b - 1) / b; }

// AIZOOTech/FaceMaskDetection: side lengths per map, and the ratios width / height at a cell.
constexpr float kAizooSizes[5][2] = {{0.04f, 0.056f}, {0.08f, 0.11f}, {0.16f, 0.22f}, {0.32f, 0.45f}, {0.64f, 0.72f}};
constexpr float kAizooRatios[2] = {0.62f, 0.42f};

std::vector<Prior> AizooCell(const float (&sizes)[2]) {
  std::vector<Prior> cell = {{0, 0, sizes[0], sizes[0]}, {0, 0, sizes[1], sizes[1]}};
  for (const float ratio : kAizooRatios)
    cell.push_back({0, 0, sizes[0] * std::sqrt(ratio), sizes[0] / std::sqrt(ratio)});
  return cell;
}

// Liu et al. 2016, section 2.2, in Caffe's order: the least size, the size between it and the greatest, then each ratio
// and its inverse.
std::vector<Prior> SsdCell(float least, float greatest, const std::vector<float>& ratios, float width, float height) {
  std::vector<Prior> cell;
  const auto add = [&](float w, float h) { cell.push_back({0, 0, w / width, h / height}); };
  add(least, least);
  add(std::sqrt(least * greatest), std::sqrt(least * greatest));
  for (const float ratio : ratios) {
    const float root = std::sqrt(ratio);
    add(least * root, least / root);
    add(least / root, least * root);
  }
  return cell;
}

// Maps after 3, 4, 5 and 6 halvings that round up, and one unpadded 3x3 convolution after the last.
std::vector<int> AizooMapSides(int input_side) {
  const int m8 = CeilDivide(CeilDivide(CeilDivide(input_side, 2), 2), 2);
  const int m16 = CeilDivide(m8, 2), m32 = CeilDivide(m16, 2), m64 = CeilDivide(m32, 2);
  return {m8, m16, m32, m64, std::max(0, m64 - 2)};
}

}  // namespace

PriorGrid::PriorGrid(const Decoding& decoding, int input_width, int input_height) {
  const auto add_level = [&](int columns, int rows, float step_x, float step_y, std::vector<Prior> sides) {
    const size_t count = size_t(columns) * rows * sides.size();
    levels_.push_back({size_, columns, step_x, step_y, std::move(sides)});
    size_ += count;
  };
  const auto w = static_cast<float>(input_width), h = static_cast<float>(input_height);
  if (decoding.kind == "ssd_aizoo") {
    const std::vector<int> columns = AizooMapSides(input_width), rows = AizooMapSides(input_height);
    for (size_t i = 0; i < columns.size(); ++i) {
      add_level(columns[i], rows[i], 1.0f / static_cast<float>(columns[i]), 1.0f / static_cast<float>(rows[i]),
                AizooCell(kAizooSizes[i]));
    }
    return;
  }
  if (decoding.kind == "ssd") {
    const size_t maps = decoding.strides.size();
    if (maps == 0 || decoding.map_sizes.size() != maps || decoding.min_sizes.size() != maps ||
        decoding.max_sizes.size() != maps || decoding.aspect_ratios.size() != maps) {
      throw Error(
          ErrorKind::kBadModel,
          "decoding: strides, map_sizes, min_sizes, max_sizes and aspect_ratios do not have one entry each a map");
    }
    for (size_t i = 0; i < maps; ++i) {
      if (decoding.min_sizes[i].size() != 1) {
        throw Error(ErrorKind::kBadModel, "decoding: map " + std::to_string(i) + " needs exactly one of min_sizes");
      }
      const auto step = static_cast<float>(decoding.strides[i]);
      add_level(decoding.map_sizes[i], decoding.map_sizes[i], step / w, step / h,
                SsdCell(decoding.min_sizes[i][0], decoding.max_sizes[i], decoding.aspect_ratios[i], w, h));
    }
    return;
  }
  if (decoding.kind != "retinaface") {
    throw Error(ErrorKind::kBadModel,
                "decoding: found '" + decoding.kind + "', wanted one with priors: retinaface, ssd or ssd_aizoo");
  }
  if (decoding.strides.empty() || decoding.strides.size() != decoding.min_sizes.size()) {
    throw Error(ErrorKind::kBadModel, "decoding: found " + std::to_string(decoding.strides.size()) + " strides and " +
                                          std::to_string(decoding.min_sizes.size()) +
                                          " lists of min_sizes, wanted as many of both and at least one");
  }
  for (size_t i = 0; i < decoding.strides.size(); ++i) {
    const int stride = decoding.strides[i];
    if (stride <= 0 || decoding.min_sizes[i].empty()) {
      throw Error(ErrorKind::kBadModel,
                  "decoding: level " + std::to_string(i) + " needs a stride above 0 and at least one of min_sizes");
    }
    std::vector<Prior> sides;
    for (const float size : decoding.min_sizes[i]) sides.push_back({0, 0, size / w, size / h});
    add_level(CeilDivide(input_width, stride), CeilDivide(input_height, stride), static_cast<float>(stride) / w,
              static_cast<float>(stride) / h, std::move(sides));
  }
}

Prior PriorGrid::at(size_t index) const {
  size_t l = levels_.size() - 1;
  while (levels_[l].begin > index) --l;
  const Level& level = levels_[l];
  const size_t local = index - level.begin, per_cell = level.sides.size(), cell = local / per_cell;
  const Prior& sides = level.sides[local % per_cell];
  const auto column = static_cast<float>(cell % static_cast<size_t>(level.columns));
  const auto row = static_cast<float>(cell / static_cast<size_t>(level.columns));
  return {(column + 0.5f) * level.step_x, (row + 0.5f) * level.step_y, sides.w, sides.h};
}

std::vector<Prior> MakePriors(const Decoding& decoding, int input_width, int input_height) {
  const PriorGrid grid(decoding, input_width, input_height);
  std::vector<Prior> priors;
  priors.reserve(grid.size());
  for (size_t i = 0; i < grid.size(); ++i) priors.push_back(grid.at(i));
  return priors;
}

}  // namespace maskscope
