#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace maskscope {
namespace {

// Thousandths of the font size, of the characters 32 to 126.
constexpr std::array<int16_t, 95> kAdvance{
    318,  401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,  // blank to /
    636,  636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,  // 0 to ?
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,  // @ to O
    603,  787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,  // P to _
    500,  613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,  // ` to o
    635,  635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838};      // p to ~

constexpr std::string_view kReplacement = "\xEF\xBF\xBD", kEllipsis = "\xE2\x80\xA6";
constexpr double kBold = 1.13;  // of the widest letters

// Length of the UTF-8 sequence that begins at `at`, or 0 where none does (RFC 3629: no overlong forms, no surrogates).
size_t SequenceLength(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool good = !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second > 0x9F);
    return good && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool good = !(first == 0xF0 && second < 0x90) && !(first == 0xF4 && second > 0x8F);
    return good && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

double Advance(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first >= 32 && first < 127 ? kAdvance[first - 32] / 1000.0 : 1.0;
  // Latin, Greek and Cyrillic letters are at most as wide as W; Chinese, Japanese and Korean ones fill a square.
  return character.size() == 2 ? 0.87 : 1.0;
}

std::string_view CharacterAt(std::string_view text, size_t at) {
  return text.substr(at, std::max<size_t>(1, SequenceLength(text, at)));
}

}  // namespace

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(text, at);
    const std::string_view character = text.substr(at, std::max<size_t>(1, length));
    at += character.size();
    const auto first = static_cast<unsigned char>(character[0]);
    const bool control = first < 0x20 && first != '\t' && first != '\n' && first != '\r';
    const bool not_a_character = character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF";
    if (length == 0 || control || not_a_character) {
      escaped += kReplacement;
    } else if (first == '&') {
      escaped += "&amp;";
    } else if (first == '<') {
      escaped += "&lt;";
    } else if (first == '>') {
      escaped += "&gt;";
    } else if (first == '"') {
      escaped += "&quot;";
    } else if (first == '\'') {
      escaped += "&#39;";
    } else {
      escaped += character;
    }
  }
  return escaped;
}

double TextWidth(std::string_view text, double size, bool bold) {
  double width = 0;
  for (size_t at = 0; at < text.size();) {
    const std::string_view character = CharacterAt(text, at);
    width += Advance(character);
    at += character.size();
  }
  return width * size * (bold ? kBold : 1);
}

std::string ShortenText(std::string_view text, double size, double width, bool bold) {
  if (TextWidth(text, size, bold) <= width) return std::string(text);
  size_t end = 0;
  double used = TextWidth(kEllipsis, size, bold);
  while (end < text.size()) {
    const std::string_view character = CharacterAt(text, end);
    used += TextWidth(character, size, bold);
    if (used > width) break;
    end += character.size();
  }
  while (end > 0 && text[end - 1] == ' ') --end;
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::vector<std::string> WrapText(std::string_view text, double size, double width, size_t most_lines, bool bold) {
  std::vector<std::string> lines;
  std::string line;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(' ', at);
    if (begin == std::string_view::npos) break;
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word(text.substr(begin, end - begin));
    at = end;
    const std::string longer = line.empty() ? word : line + " " + word;
    if (line.empty() || TextWidth(longer, size, bold) <= width || lines.size() + 1 >= most_lines) {
      line = longer;
    } else {
      lines.push_back(line);
      line = word;
    }
  }
  if (!line.empty()) lines.push_back(line);
  for (std::string& one : lines) one = ShortenText(one, size, width, bold);
  return lines;
}

std::string ShortNumber(double value) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  if (value == std::trunc(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value == 0 ? 0.0 : value);
  return fmt::format("{:.4g}", value);
}

std::string ExactNumber(double value) {
  if (std::isnan(value)) return "";
  if (value == std::trunc(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value == 0 ? 0.0 : value);
  return fmt::format("{}", value);
}

}  // namespace maskscope
