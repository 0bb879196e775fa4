#include "report/table.h"

#include <algorithm>

#include "base/csv.h"
#include "base/error.h"
#include "report/text.h"

namespace maskscope {
namespace {

bool IsNumber(const TableCell& cell) { return std::holds_alternative<double>(cell); }

std::string ForReading(const TableCell& cell) {
  return IsNumber(cell) ? ShortNumber(std::get<double>(cell)) : std::get<std::string>(cell);
}

// A number, or a text that begins like one: "0.91 (0.88–0.93)", "–".
bool ReadsAsNumber(const TableCell& cell) {
  if (IsNumber(cell)) return true;
  const std::string& text = std::get<std::string>(cell);
  return text.starts_with("–") ||
         (!text.empty() && std::string_view("0123456789+-").find(text[0]) != std::string::npos);
}

// Such columns stand on the right.
bool IsNumberColumn(const Table& table, size_t column) {
  return !table.rows.empty() &&
         std::all_of(table.rows.begin(), table.rows.end(), [&](const auto& row) { return ReadsAsNumber(row[column]); });
}

// '|', backslashes and line ends must not break the table.
std::string MarkdownText(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|' || c == '\\') cell += '\\';
    cell += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return cell;
}

size_t Letters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string Pad(const std::string& text, size_t width, bool right) {
  const std::string blanks(width - std::min(width, Letters(text)), ' ');
  return right ? blanks + text : text + blanks;
}

}  // namespace

void Table::Validate() const {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].size() == columns.size()) continue;
    throw Error(ErrorKind::kInternal, "table '" + title + "', row " + std::to_string(i + 1) + ": found " +
                                          std::to_string(rows[i].size()) + " cells, wanted " +
                                          std::to_string(columns.size()));
  }
}

std::string ToCsv(const Table& table) {
  table.Validate();
  std::string text;
  for (size_t c = 0; c < table.columns.size(); ++c) text += (c == 0 ? "" : ",") + CsvText(table.columns[c]);
  text += "\n";
  for (const auto& row : table.rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      if (c > 0) text += ",";
      text += IsNumber(row[c]) ? ExactNumber(std::get<double>(row[c])) : CsvText(std::get<std::string>(row[c]));
    }
    text += "\n";
  }
  return text;
}

std::string ToMarkdown(const Table& table) {
  table.Validate();
  std::vector<std::vector<std::string>> lines(1 + table.rows.size());
  for (const std::string& name : table.columns) lines[0].push_back(MarkdownText(name));
  for (size_t r = 0; r < table.rows.size(); ++r) {
    for (const TableCell& cell : table.rows[r]) lines[r + 1].push_back(MarkdownText(ForReading(cell)));
  }
  std::vector<size_t> widths(table.columns.size(), 3);
  for (const auto& line : lines) {
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], Letters(line[c]));
  }
  std::string text;
  for (size_t r = 0; r < lines.size(); ++r) {
    text += "|";
    for (size_t c = 0; c < widths.size(); ++c)
      text += " " + Pad(lines[r][c], widths[c], IsNumberColumn(table, c)) + " |";
    text += "\n";
    if (r > 0) continue;
    text += "|";
    for (size_t c = 0; c < widths.size(); ++c) {
      text += std::string(widths[c] + 1, '-') + (IsNumberColumn(table, c) ? ":|" : "-|");
    }
    text += "\n";
  }
  return text;
}

std::string ToHtml(const Table& table) {
  table.Validate();
  std::string html = "<table>";
  if (!table.title.empty()) html += "<caption>" + EscapeXml(table.title) + "</caption>";
  std::vector<std::string> attributes;
  html += "\n<thead><tr>";
  for (size_t c = 0; c < table.columns.size(); ++c) {
    attributes.emplace_back(IsNumberColumn(table, c) ? " class=\"n\"" : "");
    html += "<th scope=\"col\"" + attributes[c] + ">" + EscapeXml(table.columns[c]) + "</th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (size_t c = 0; c < row.size(); ++c)
      html += "<td" + attributes[c] + ">" + EscapeXml(ForReading(row[c])) + "</td>";
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n";
}

}  // namespace maskscope
