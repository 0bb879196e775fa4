#include "train/yolo_targets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace maskscope {

namespace {

// One stride's map.
struct Level {
  int index, stride, columns, lines;
  int64_t first_row;
  const std::vector<float>& anchors;  // width, height, width ...
  int per_cell() const { return static_cast<int>(anchors.size() / 2); }
  int64_t Row(int column, int line, int anchor) const {
    return first_row + (int64_t{line} * columns + column) * per_cell() + anchor;
  }
};

std::vector<Level> LevelsOf(const Decoding& decoding, int width, int height) {
  std::vector<Level> levels;
  int64_t rows = 0;
  for (size_t i = 0; i < decoding.strides.size(); ++i) {
    const int stride = decoding.strides[i];
    levels.push_back({static_cast<int>(i), stride, width / stride, height / stride, rows, decoding.anchors[i]});
    rows += int64_t{levels.back().columns} * levels.back().lines * levels.back().per_cell();
  }
  return levels;
}

// The cell that holds `at` (in cells) and, of its two neighbours on the map, the one that is nearer.
std::vector<int> NearCells(float at, int cells) {
  const int cell = std::clamp(static_cast<int>(at), 0, cells - 1);
  std::vector<int> near{cell};
  const int other = at - static_cast<float>(cell) < 0.5f ? cell - 1 : cell + 1;
  if (other >= 0 && other < cells) near.push_back(other);
  return near;
}

// Returns how far the nearest anchor's sides are from the face's.
float MatchFace(const Level& level, const Box& box, int face, float greatest_ratio, std::vector<YoloMatch>& matches) {
  const auto stride = static_cast<float>(level.stride);
  const std::vector<int> columns = NearCells((box.x1 + box.x2) / 2 / stride, level.columns);
  const std::vector<int> lines = NearCells((box.y1 + box.y2) / 2 / stride, level.lines);
  std::vector<std::pair<int, int>> cells{{columns[0], lines[0]}};
  if (columns.size() > 1) cells.emplace_back(columns[1], lines[0]);
  if (lines.size() > 1) cells.emplace_back(columns[0], lines[1]);
  float nearest = std::numeric_limits<float>::infinity();
  for (int anchor = 0; anchor < level.per_cell(); ++anchor) {
    const std::array<float, 2> sides{level.anchors[static_cast<size_t>(2 * anchor)],
                                     level.anchors[static_cast<size_t>(2 * anchor + 1)]};
    const float ratio = SideRatio(box.width(), box.height(), sides[0], sides[1]);
    nearest = std::min(nearest, ratio);
    if (!(ratio < greatest_ratio)) continue;
    for (const auto& [column, line] : cells) {
      matches.push_back({level.Row(column, line, anchor), level.index, column, line, sides, face});
    }
  }
  return nearest;
}

void Silence(const Level& level, const Box& region, const MatchOptions& options, std::vector<bool>& silent) {
  const auto stride = static_cast<float>(level.stride);
  for (int anchor = 0; anchor < level.per_cell(); ++anchor) {
    const float half_width = level.anchors[static_cast<size_t>(2 * anchor)] / 2;
    const float half_height = level.anchors[static_cast<size_t>(2 * anchor + 1)] / 2;
    const auto range = [&](float low, float high, int cells) {
      const int first = static_cast<int>(std::floor(low / stride - 0.5f));
      const int last = static_cast<int>(std::ceil(high / stride - 0.5f));
      return std::pair{std::clamp(first, 0, cells), std::clamp(last + 1, 0, cells)};
    };
    const auto [left, right] = range(region.x1 - half_width, region.x2 + half_width, level.columns);
    const auto [top, bottom] = range(region.y1 - half_height, region.y2 + half_height, level.lines);
    for (int line = top; line < bottom; ++line) {
      for (int column = left; column < right; ++column) {
        const float x = (static_cast<float>(column) + 0.5f) * stride, y = (static_cast<float>(line) + 0.5f) * stride;
        const Box box{x - half_width, y - half_height, x + half_width, y + half_height};
        if (LiesOnIgnored(box, region, options)) silent[static_cast<size_t>(level.Row(column, line, anchor))] = true;
      }
    }
  }
}

}  // namespace

std::vector<int64_t> YoloLevelRows(const Decoding& decoding, int width, int height) {
  std::vector<int64_t> rows;
  for (const Level& level : LevelsOf(decoding, width, height)) {
    rows.push_back(int64_t{level.columns} * level.lines * level.per_cell());
  }
  return rows;
}

float SideRatio(float width, float height, float anchor_width, float anchor_height) {
  return std::max({width / anchor_width, anchor_width / width, height / anchor_height, anchor_height / height});
}

YoloPictureTargets MatchYolo(const Decoding& decoding, int width, int height, const std::vector<TrainingFace>& faces,
                             const std::vector<Box>& ignored, float greatest_ratio, const MatchOptions& options) {
  const std::vector<Level> levels = LevelsOf(decoding, width, height);
  YoloPictureTargets targets;
  const Level& last = levels.back();
  targets.silent.assign(static_cast<size_t>(last.first_row + int64_t{last.columns} * last.lines * last.per_cell()),
                        false);
  const auto silence = [&](const Box& region, float ratio) {
    MatchOptions reach = options;
    reach.ignore_ratio = std::max(options.ignore_ratio, ratio);
    for (const Level& level : levels) Silence(level, region, reach, targets.silent);
  };
  for (size_t f = 0; f < faces.size(); ++f) {
    float nearest = std::numeric_limits<float>::infinity();
    for (const Level& level : levels) {
      nearest = std::min(nearest, MatchFace(level, faces[f].box, static_cast<int>(f), greatest_ratio, targets.matches));
    }
    // At least the anchors that come nearest must not learn that it is background.
    if (!(nearest < greatest_ratio)) silence(faces[f].box, nearest);
  }
  for (const Box& region : ignored) silence(region, options.ignore_ratio);
  for (const YoloMatch& match : targets.matches) targets.silent[static_cast<size_t>(match.row)] = false;
  return targets;
}

}  // namespace maskscope
