#include "explain/network_drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <vector>

#include "report/svg_writer.h"
#include "report/text.h"

namespace maskscope {
namespace {

constexpr double kBoxWidth = 280, kLaneGap = 36, kRowGap = 30, kMargin = 24, kPad = 9;  // pixels
constexpr double kTitleSize = 12.5, kLineSize = 10.5, kLineHeight = 14.5, kHeader = 64;
constexpr size_t kMostLines = 10;

struct Place {
  size_t row = 0, lane = 0;
  double x = 0, y = 0, height = 0;
  double centre() const { return x + kBoxWidth / 2; }
  double bottom() const { return y + height; }
};

std::string Large(double value) {
  if (value >= 1e9) return fmt::format("{:.2f} G", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.2f} M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:.1f} k", value / 1e3);
  return fmt::format("{:.0f}", value);
}

std::string_view HueOf(BoxKind kind) {
  switch (kind) {
    case BoxKind::kConvolution:
      return "0";
    case BoxKind::kBlock:
      return "2";
    case BoxKind::kPool:
      return "4";
    case BoxKind::kMerge:
      return "6";
    case BoxKind::kDense:
      return "1";
    case BoxKind::kInput:
    case BoxKind::kOther:
      break;
  }
  return "7";
}

std::vector<std::string> Shown(const NetworkBox& box) {
  std::vector<std::string> lines = box.lines;
  if (lines.size() == 1 && box.title == lines[0]) lines.clear();
  if (lines.size() > kMostLines) {
    const size_t left = lines.size() - kMostLines + 1;
    lines.resize(kMostLines - 1);
    lines.push_back(fmt::format("… and {} more", left));
  }
  return lines;
}

double HeightOf(const NetworkBox& box) {
  double height = 2 * kPad + kTitleSize + 3 + kLineHeight * static_cast<double>(Shown(box).size());
  if (!box.output.empty()) height += kLineHeight;
  if (box.parameters > 0 || box.multiply_adds > 0) height += kLineHeight + 6;
  return height;
}

std::vector<std::vector<size_t>> ReadersOf(const NetworkPlan& plan) {
  std::vector<std::vector<size_t>> readers(plan.boxes.size());
  for (size_t i = 0; i < plan.boxes.size(); ++i) {
    for (const size_t input : plan.boxes[i].inputs) readers[input].push_back(i);
  }
  return readers;
}

// Rows by the longest way from the input. The longest way on keeps its lane; other branches get lanes of their own,
// beside those that are taken in the rows between.
std::vector<Place> Lay(const NetworkPlan& plan) {
  const size_t count = plan.boxes.size();
  const auto readers = ReadersOf(plan);
  std::vector<Place> places(count);
  std::vector<size_t> way_on(count, 0);  // boxes after this one, the longest way
  for (size_t i = count; i-- > 0;) {
    for (const size_t reader : readers[i]) way_on[i] = std::max(way_on[i], way_on[reader] + 1);
  }
  for (size_t i = 0; i < count; ++i) {
    for (const size_t input : plan.boxes[i].inputs) places[i].row = std::max(places[i].row, places[input].row + 1);
  }
  std::set<std::pair<size_t, size_t>> taken;  // row, lane
  std::vector<size_t> order(count);
  for (size_t i = 0; i < count; ++i) order[i] = i;
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return places[a].row < places[b].row; });
  std::vector<bool> continued(count, false);
  for (const size_t i : order) {
    size_t lane = 0;
    const auto& inputs = plan.boxes[i].inputs;
    // The lane of an input whose main way this is.
    bool found = false;
    for (const size_t input : inputs) {
      const size_t main = *std::ranges::max_element(readers[input], {}, [&](size_t r) { return way_on[r]; });
      if (main != i || continued[input] || taken.contains({places[i].row, places[input].lane})) continue;
      continued[input] = found = true;
      lane = places[input].lane;
      break;
    }
    if (!found && !inputs.empty()) {
      lane = places[inputs[0]].lane;
      // Free in all rows from the input to here, and not the lane that the input's main way goes on in.
      const auto is_free = [&](size_t candidate) {
        for (size_t row = places[inputs[0]].row; row <= places[i].row; ++row) {
          if (taken.contains({row, candidate})) return false;
        }
        return true;
      };
      while (!is_free(lane)) ++lane;
    }
    places[i].lane = lane;
    taken.insert({places[i].row, lane});
    // The way to the next box of the lane is taken as well.
    for (const size_t input : inputs) {
      if (places[input].lane != lane) continue;
      for (size_t row = places[input].row; row < places[i].row; ++row) taken.insert({row, lane});
    }
  }
  return places;
}

// Sets x and y; returns the height of all.
double Stretch(const NetworkPlan& plan, std::vector<Place>& places) {
  size_t rows = 0;
  for (const Place& place : places) rows = std::max(rows, place.row + 1);
  std::vector<double> heights(rows, 0), tops(rows, kHeader);
  for (size_t i = 0; i < places.size(); ++i) {
    places[i].height = HeightOf(plan.boxes[i]);
    heights[places[i].row] = std::max(heights[places[i].row], places[i].height);
  }
  for (size_t row = 1; row < rows; ++row) tops[row] = tops[row - 1] + heights[row - 1] + kRowGap;
  for (Place& place : places) {
    place.x = kMargin + static_cast<double>(place.lane) * (kBoxWidth + kLaneGap);
    place.y = tops[place.row];
  }
  return rows == 0 ? kHeader : tops[rows - 1] + heights[rows - 1] + kMargin;
}

// Whether nothing stands between two boxes of one lane.
bool IsClear(const std::vector<Place>& places, const Place& from, const Place& to) {
  return std::ranges::none_of(places, [&](const Place& other) {
    return other.lane == from.lane && other.row > from.row && other.row < to.row;
  });
}

void DrawArrow(const std::vector<Place>& places, const Place& from, const Place& to, size_t turn, SvgWriter& svg) {
  const bool same_lane = from.lane == to.lane, straight = same_lane && IsClear(places, from, to);
  // Ways that turn keep apart from each other.
  const double shift = 4.0 * static_cast<double>(turn % 5);
  const double tip = straight ? to.centre() : to.centre() + shift - 20;
  std::string path;
  if (straight) {
    path = fmt::format("M{} {}V{}", Coordinate(tip), Coordinate(from.bottom()), Coordinate(to.y));
  } else {
    // Out at the lower edge, down beside the lane (on its left to a box of the same one), and above the reader's row to
    // its middle.
    const double gutter = same_lane ? from.x - 4 - shift : from.x + kBoxWidth + 8 + shift;
    path = fmt::format("M{} {}v7H{}V{}H{}V{}", Coordinate(from.centre() + (same_lane ? -14 : 14)),
                       Coordinate(from.bottom()), Coordinate(gutter), Coordinate(to.y - kRowGap / 2 + shift - 8),
                       Coordinate(tip), Coordinate(to.y));
  }
  svg.Path(path, "axis thin");
  svg.Path(fmt::format("M{} {}l-3.5 -6h7z", Coordinate(tip), Coordinate(to.y)), "muted");
}

void DrawBox(const NetworkBox& box, const Place& place, double share, SvgWriter& svg) {
  const std::string hue(HueOf(box.kind));
  svg.Rect(place.x, place.y, kBoxWidth, place.height, "ground");
  svg.Rect(place.x, place.y, kBoxWidth, place.height, "f" + hue + " band");
  svg.Rect(place.x, place.y, 4, place.height, "f" + hue);
  const double left = place.x + 4 + kPad, width = kBoxWidth - 4 - 2 * kPad;
  double y = place.y + kPad + kTitleSize - 2;
  std::string title = box.title;
  if (box.repeats > 1) {
    const std::string times = fmt::format("× {}", box.repeats);
    svg.Text(left + width, y, times, {.size = kTitleSize, .anchor = TextAnchor::kEnd, .classes = "bold"});
    title = ShortenText(title, kTitleSize, width - TextWidth(times, kTitleSize, true) - 6, true);
  }
  svg.Text(left, y, ShortenText(title, kTitleSize, width, true), {.size = kTitleSize, .classes = "bold"});
  y += 3;
  for (const std::string& line : Shown(box)) {
    y += kLineHeight;
    svg.Text(left, y, ShortenText(line, kLineSize, width), {.size = kLineSize});
  }
  if (!box.output.empty()) {
    y += kLineHeight;
    svg.Text(left, y, "→ " + box.output, {.size = kLineSize, .classes = "muted"});
    if (!std::isnan(box.milliseconds)) {
      svg.Text(left + width, y, fmt::format("{:.3f} ms", box.milliseconds),
               {.size = kLineSize, .anchor = TextAnchor::kEnd, .classes = "muted"});
    }
  }
  if (box.parameters == 0 && box.multiply_adds == 0) return;
  y += kLineHeight;
  std::string costs = fmt::format("{} parameters, {} multiply-adds", Large(static_cast<double>(box.parameters)),
                                  Large(static_cast<double>(box.multiply_adds)));
  if (box.output.empty() && !std::isnan(box.milliseconds)) costs += fmt::format(", {:.3f} ms", box.milliseconds);
  svg.Text(left, y, ShortenText(costs, kLineSize, width), {.size = kLineSize - 0.5, .classes = "muted"});
  svg.Rect(left, y + 5, width, 4, "f7 band");
  svg.Rect(left, y + 5, width * share, 4, "f" + hue, fmt::format("{:.1f} %", 100 * share));
}

}  // namespace

std::string DrawNetwork(const NetworkPlan& plan, const std::string& title) {
  std::vector<Place> places = Lay(plan);
  const double height = Stretch(plan, places);
  size_t lanes = 1;
  int64_t parameters = 0, multiply_adds = 0;
  double milliseconds = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    lanes = std::max(lanes, places[i].lane + 1);
    parameters += plan.boxes[i].parameters;
    multiply_adds += plan.boxes[i].multiply_adds;
    if (!std::isnan(plan.boxes[i].milliseconds)) milliseconds += plan.boxes[i].milliseconds;
  }
  const bool timed = milliseconds > 0;
  SvgWriter svg;
  svg.Text(kMargin, 24, title, {.size = 15, .classes = "bold"});
  std::string totals = fmt::format("{} parameters, {} multiply-adds", Large(static_cast<double>(parameters)),
                                   Large(static_cast<double>(multiply_adds)));
  if (timed) totals += fmt::format(", {:.2f} ms", milliseconds);
  svg.Text(kMargin, 42, totals + "; bars: share of the " + (timed ? "time" : "multiply-adds"),
           {.size = 10.5, .classes = "muted"});
  size_t turns = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    for (const size_t input : plan.boxes[i].inputs) {
      DrawArrow(places, places[input], places[i], turns++, svg);
    }
  }
  for (size_t i = 0; i < places.size(); ++i) {
    const NetworkBox& box = plan.boxes[i];
    const double share = timed ? (std::isnan(box.milliseconds) ? 0 : box.milliseconds / milliseconds)
                         : multiply_adds > 0
                             ? static_cast<double>(box.multiply_adds) / static_cast<double>(multiply_adds)
                             : 0;
    DrawBox(box, places[i], share, svg);
  }
  const double width = std::max(2 * kMargin + static_cast<double>(lanes) * (kBoxWidth + kLaneGap) - kLaneGap,
                                2 * kMargin + TextWidth(totals, 10.5) + 180);
  return svg.Finish(width + (lanes > 1 ? kLaneGap : 0), height, title);
}

}  // namespace maskscope
