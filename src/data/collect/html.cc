#include "data/collect/html.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace maskscope::collect {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

void AppendUtf8(std::string& text, uint32_t code) {
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) code = 0xfffd;
  const auto byte = [&text](uint32_t value) { text += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f)),
        byte(0x80 | (code & 0x3f));
  }
}

// Decodes the entity name between '&' and ';'. False: not one that is known.
bool AppendEntity(std::string& text, std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kNamed = {{{"amp", "&"},
                                                                                    {"lt", "<"},
                                                                                    {"gt", ">"},
                                                                                    {"quot", "\""},
                                                                                    {"apos", "'"},
                                                                                    {"nbsp", " "},
                                                                                    {"copy", "\xc2\xa9"},
                                                                                    {"ndash", "\xe2\x80\x93"}}};
  for (const auto& [known, value] : kNamed) {
    if (name == known) {
      text += value;
      return true;
    }
  }
  if (name.size() < 2 || name[0] != '#') return false;
  const bool hex = name[1] == 'x' || name[1] == 'X';
  name.remove_prefix(hex ? 2 : 1);
  uint32_t code = 0;
  const auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
  if (name.empty() || status != std::errc() || end != name.data() + name.size()) return false;
  AppendUtf8(text, code);
  return true;
}

// Reads one tag's attributes from `at`, behind its name, and moves behind its '>'.
void ReadAttributes(std::string_view html, size_t& at, HtmlTag& tag) {
  while (at < html.size()) {
    while (at < html.size() && (IsBlank(html[at]) || html[at] == '/')) ++at;
    if (at >= html.size()) return;
    if (html[at] == '>') {
      ++at;
      return;
    }
    const size_t name = at++;  // any first character, so that every turn moves on
    while (at < html.size() && !IsBlank(html[at]) && html[at] != '=' && html[at] != '>' && html[at] != '/') ++at;
    const std::string attribute = Lower(html.substr(name, at - name));
    while (at < html.size() && IsBlank(html[at])) ++at;
    std::string_view value;
    if (at < html.size() && html[at] == '=') {
      ++at;
      while (at < html.size() && IsBlank(html[at])) ++at;
      if (at < html.size() && (html[at] == '"' || html[at] == '\'')) {
        const size_t end = std::min(html.find(html[at], at + 1), html.size());
        value = html.substr(at + 1, end - at - 1);
        at = std::min(end + 1, html.size());
      } else {
        const size_t begin = at;
        while (at < html.size() && !IsBlank(html[at]) && html[at] != '>') ++at;
        value = html.substr(begin, at - begin);
      }
    }
    tag.attributes.emplace(attribute, DecodeEntities(value));
  }
}

// The position behind the closing tag of an element whose content is passed over.
size_t BehindRawText(std::string_view html, size_t at, const std::string& name) {
  while (true) {
    at = html.find("</", at);
    if (at == std::string_view::npos) return html.size();
    const std::string_view found = html.substr(at + 2, name.size());
    at += 2;
    if (Lower(found) == name) return std::min(html.find('>', at), html.size() - 1) + 1;
  }
}

// Where a comment or declaration that begins at `at` ("<!", "<?") ends.
size_t BehindMarkup(std::string_view html, size_t at) {
  if (html.substr(at, 4) == "<!--") {
    const size_t end = html.find("-->", at + 2);
    return end == std::string_view::npos ? html.size() : end + 3;
  }
  const size_t end = html.find('>', at);
  return end == std::string_view::npos ? html.size() : end + 1;
}

// Bytes of the character at the start, 0 when they are not UTF-8.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first < 0xe0   ? 2
                        : first >= 0xe0 && first < 0xf0 ? 3
                        : first >= 0xf0 && first < 0xf5 ? 4
                                                        : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) || (first == 0xf0 && second < 0x90) ||
      (first == 0xf4 && second >= 0x90)) {
    return 0;
  }
  return length;
}

}  // namespace

std::string HtmlTag::Get(const std::string& attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? "" : found->second;
}

void ScanTags(std::string_view html, const std::function<void(const HtmlTag&)>& visit) {
  constexpr std::string_view kPassedOver[] = {"script", "style", "textarea", "title", "template"};
  size_t at = 0;
  while ((at = html.find('<', at)) != std::string_view::npos && at + 1 < html.size()) {
    if (html[at + 1] == '!' || html[at + 1] == '?') {
      at = BehindMarkup(html, at);
      continue;
    }
    if (!IsLetter(html[at + 1])) {
      ++at;
      continue;
    }
    const size_t name = ++at;
    while (at < html.size() && !IsBlank(html[at]) && html[at] != '>' && html[at] != '/') ++at;
    HtmlTag tag;
    tag.name = Lower(html.substr(name, at - name));
    ReadAttributes(html, at, tag);
    visit(tag);
    if (std::find(std::begin(kPassedOver), std::end(kPassedOver), tag.name) != std::end(kPassedOver)) {
      at = BehindRawText(html, at, tag.name);
    }
  }
}

std::string DecodeEntities(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '&') {
      const size_t end = text.substr(i, 16).find(';');
      if (end != std::string_view::npos && AppendEntity(decoded, text.substr(i + 1, end - 1))) {
        i += end;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

std::string TextOfHtml(std::string_view html) {
  std::string text;
  for (size_t i = 0; i < html.size(); ++i) {
    if (html[i] == '<' && i + 1 < html.size() && (IsLetter(html[i + 1]) || html[i + 1] == '/' || html[i + 1] == '!')) {
      i = std::min(html.find('>', i), html.size());
      text += ' ';
    } else {
      text += html[i];
    }
  }
  return CleanText(DecodeEntities(text));
}

std::string CleanText(std::string_view text, size_t most_bytes) {
  std::string clean;
  bool blank = false;
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const std::string_view character = length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool control = first <= 0x20 || first == 0x7f ||
                         (length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa1);  // C1, no-break
    text.remove_prefix(std::max<size_t>(length, 1));
    if (control) {
      blank = !clean.empty();
      continue;
    }
    if (clean.size() + character.size() + (blank ? 1 : 0) > most_bytes) break;
    if (blank) clean += ' ';
    blank = false;
    clean += character;
  }
  return clean;
}

}  // namespace maskscope::collect
