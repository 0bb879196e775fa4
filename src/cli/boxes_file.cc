#include "cli/boxes_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "base/csv.h"
#include "base/error.h"

namespace maskscope {
namespace {

constexpr std::array<std::string_view, 4> kCoordinates = {"x1", "y1", "x2", "y2"};
constexpr size_t kBadRowsShown = 10;

// Which column holds what.
struct Columns {
  size_t path = 0;
  std::array<size_t, 4> coordinates{1, 2, 3, 4};
};

std::optional<float> ParseNumber(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  float value = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || rest != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Columns> ColumnsByName(const std::vector<std::string>& names) {
  const auto find = [&names](std::string_view name) { return std::find(names.begin(), names.end(), name); };
  Columns columns;
  auto path = find("path");
  if (path == names.end()) path = find("source");
  if (path == names.end()) path = find("image");
  if (path == names.end()) return std::nullopt;
  columns.path = static_cast<size_t>(path - names.begin());
  for (size_t i = 0; i < kCoordinates.size(); ++i) {
    const auto column = find(kCoordinates[i]);
    if (column == names.end()) return std::nullopt;
    columns.coordinates[i] = static_cast<size_t>(column - names.begin());
  }
  return columns;
}

// The box of a row, or why there is none.
std::optional<Box> ParseBox(const std::vector<std::string>& fields, const Columns& columns, std::string& problem) {
  std::array<float, 4> values{};
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string& text = fields[columns.coordinates[i]];
    const std::optional<float> value = ParseNumber(text);
    if (!value) {
      problem = fmt::format("{}: found '{}', wanted a number", kCoordinates[i], text);
      return std::nullopt;
    }
    values[i] = *value;
  }
  const Box box{values[0], values[1], values[2], values[3]};
  if (box.x2 > box.x1 && box.y2 > box.y1) return box;
  problem = fmt::format("the box {},{},{},{} is empty: wanted x1 < x2 and y1 < y2", box.x1, box.y1, box.x2, box.y2);
  return std::nullopt;
}

bool HasNoFace(const std::vector<std::string>& fields, const Columns& columns) {
  return std::all_of(columns.coordinates.begin(), columns.coordinates.end(),
                     [&fields](size_t column) { return fields[column].empty(); });
}

[[noreturn]] void ThrowBadRows(const std::string& source, const std::vector<std::string>& bad) {
  std::string message = fmt::format("'{}' has {} bad {}", source, bad.size(), bad.size() == 1 ? "row" : "rows");
  for (size_t i = 0; i < std::min(bad.size(), kBadRowsShown); ++i) message += "\n  " + bad[i];
  if (bad.size() > kBadRowsShown) message += "\n  ...";
  throw Error(ErrorKind::kBadData, message);
}

}  // namespace

std::vector<PictureBoxes> ParseBoxes(std::string_view text, const std::string& source) {
  CsvTable table = ParseCsv(text, source);
  const std::optional<Columns> by_name = ColumnsByName(table.columns);
  const Columns columns = by_name.value_or(Columns{});
  if (!by_name) {
    // No names: the first line is a row like the others.
    if (table.columns.size() != 5) {
      throw Error(ErrorKind::kBadData,
                  fmt::format("'{}', line 1: found {} columns, wanted path,x1,y1,x2,y2", source, table.columns.size()));
    }
    table.rows.insert(table.rows.begin(), {1, table.columns});
  }
  std::vector<PictureBoxes> pictures;
  std::map<std::string, size_t> index;
  std::vector<std::string> bad;
  for (const CsvTable::Row& row : table.rows) {
    const std::string& path = row.fields[columns.path];
    if (by_name && HasNoFace(row.fields, columns)) continue;
    std::string problem = path.empty() ? "the path is empty" : "";
    const std::optional<Box> box = path.empty() ? std::nullopt : ParseBox(row.fields, columns, problem);
    if (!box) {
      bad.push_back(fmt::format("line {}: {}", row.line, problem));
      continue;
    }
    const auto [found, added] = index.try_emplace(path, pictures.size());
    if (added) pictures.push_back({path, {}});
    pictures[found->second].boxes.push_back(*box);
  }
  if (!bad.empty()) ThrowBadRows(source, bad);
  return pictures;
}

}  // namespace maskscope
