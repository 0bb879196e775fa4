#include "report/category_labels.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "report/frame.h"
#include "report/text.h"

namespace maskscope {
namespace {

constexpr double kSlant = 35;      // degrees
constexpr double kLeastBand = 16;  // pixels that a slanted line needs

constexpr double kLine = 13;          // pixels: height of a further line
constexpr double kLeastSlanted = 34;  // pixels of height in which a slanted name says something

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : " ") + line;
  return text;
}

}  // namespace

CategoryLabels::CategoryLabels(const std::vector<std::string>& names, double band, double most_height, double left)
    : band_(band) {
  double widest = 0;
  for (const std::string& name : names) widest = std::max(widest, TextWidth(name, kTickSize));
  if (widest == 0) return;
  const double most_lines = std::clamp(std::floor((most_height - kTickRoom) / kLine) + 1, 1.0, 3.0);
  size_t lines = 1;
  bool all_fit = true;
  for (const std::string& name : names) {
    names_.push_back(WrapText(name, kTickSize, band - 6, static_cast<size_t>(most_lines)));
    lines = std::max(lines, names_.back().size());
    all_fit = all_fit && Joined(names_.back()) == name;
  }
  height_ = kTickRoom + static_cast<double>(lines - 1) * kLine;
  if (all_fit) return;
  every_ = static_cast<size_t>(std::max(1.0, std::ceil(kLeastBand / band)));
  Slant(names, widest, most_height, left);
}

void CategoryLabels::Slant(const std::vector<std::string>& names, double widest, double most_height, double left) {
  constexpr double kAngle = kSlant * std::numbers::pi / 180;
  constexpr double kAscent = 14;  // pixels: of the letters above the slanted line
  slanted_ = most_height >= kLeastSlanted;
  double room = band_ * static_cast<double>(every_) - 4;
  height_ = kTickRoom;
  if (slanted_) {
    room = std::min((most_height - kAscent) / std::sin(kAngle), (left + band_ / 2 - 4) / std::cos(kAngle));
    height_ = std::max(kTickRoom, std::min(widest, room) * std::sin(kAngle) + kAscent);
  }
  for (size_t i = 0; i < names.size(); ++i) names_[i] = {ShortenText(names[i], kTickSize, room)};
}

void CategoryLabels::Draw(SvgWriter& svg, double left, double y) const {
  for (size_t i = 0; i < names_.size(); i += every_) {
    const double x = left + (static_cast<double>(i) + 0.5) * band_;
    if (slanted_) {
      svg.Text(x + 4, y + 12, names_[i][0],
               {.size = kTickSize, .anchor = TextAnchor::kEnd, .classes = "muted", .rotation = -kSlant});
      continue;
    }
    for (size_t line = 0; line < names_[i].size(); ++line) {
      svg.Text(x, y + kTickRoom - 3 + static_cast<double>(line) * kLine, names_[i][line],
               {.size = kTickSize, .anchor = TextAnchor::kMiddle, .classes = "muted"});
    }
  }
}

}  // namespace maskscope
