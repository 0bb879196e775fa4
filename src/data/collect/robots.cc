#include "data/collect/robots.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace maskscope::collect {
namespace {

constexpr size_t kMostBytes = 500 * 1024;  // RFC 9309, 2.5
constexpr double kLongestDelay = 3600;     // seconds; more is taken for a slip

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// One spelling for a path: letters, digits and "-._~" never escaped, others as they stand with upper-case escapes,
// bytes beyond ASCII escaped.
std::string Normalize(std::string_view path) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string normal;
  const auto escaped = [&](unsigned byte) { normal += {'%', kHex[byte >> 4], kHex[byte & 15]}; };
  for (size_t i = 0; i < path.size(); ++i) {
    const auto byte = static_cast<unsigned char>(path[i]);
    if (path[i] == '%' && i + 2 < path.size() && HexDigit(path[i + 1]) >= 0 && HexDigit(path[i + 2]) >= 0) {
      const int value = HexDigit(path[i + 1]) * 16 + HexDigit(path[i + 2]);
      const char c = static_cast<char>(value);
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                         c == '.' || c == '_' || c == '~';
      if (plain) {
        normal += c;
      } else {
        escaped(static_cast<unsigned>(value));
      }
      i += 2;
    } else if (byte >= 0x80 || byte < 0x21) {
      escaped(byte);
    } else {
      normal += path[i];
    }
  }
  return normal;
}

// Greedy with one point to return to: never more than pattern x path steps, whatever the pattern.
bool Matches(std::string_view pattern, std::string_view path) {
  const bool anchored = !pattern.empty() && pattern.back() == '$';
  if (anchored) pattern.remove_suffix(1);
  size_t p = 0, t = 0, star = std::string_view::npos, star_t = 0;
  while (true) {
    if (p == pattern.size() && (!anchored || t == path.size())) return true;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_t = t;
    } else if (p < pattern.size() && t < path.size() && pattern[p] == path[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos && star_t < path.size()) {
      p = star + 1;
      t = ++star_t;
    } else {
      return false;
    }
  }
}

// "Maskscope/1.0" names maskscope.
bool Names(std::string_view value, std::string_view agent) {
  size_t end = 0;
  while (end < value.size() &&
         (std::isalpha(static_cast<unsigned char>(value[end])) || value[end] == '-' || value[end] == '_')) {
    ++end;
  }
  return end > 0 && Lower(value.substr(0, end)) == Lower(agent);
}

struct Line {
  std::string key;
  std::string_view value;
};

Line SplitLine(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  return {Lower(Trim(line.substr(0, colon))), Trim(line.substr(colon + 1))};
}

double ParseDelay(std::string_view value) {
  double seconds = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  return code == std::errc() && seconds > 0 && seconds <= kLongestDelay ? seconds : 0;
}

}  // namespace

RobotsRules RobotsRules::DisallowAll() {
  RobotsRules rules;
  rules.rules_.push_back({"/", false});
  return rules;
}

RobotsRules RobotsRules::Parse(std::string_view text, std::string_view agent) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  text = text.substr(0, kMostBytes);
  RobotsRules ours, for_all;
  bool named = false;  // some group names us
  bool in_ours = false, in_all = false, after_rule = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const Line line = SplitLine(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.key == "user-agent") {
      if (after_rule) in_ours = in_all = after_rule = false;  // a new group begins
      in_ours = in_ours || Names(line.value, agent);
      in_all = in_all || line.value == "*";
      named = named || in_ours;
    } else if (line.key == "allow" || line.key == "disallow" || line.key == "crawl-delay") {
      after_rule = true;
      for (const auto& [inside, rules] : {std::pair{in_ours, &ours}, std::pair{in_all, &for_all}}) {
        if (!inside) continue;
        if (line.key == "crawl-delay") {
          rules->crawl_delay_ = std::max(rules->crawl_delay_, ParseDelay(line.value));
        } else if (!line.value.empty()) {  // "Disallow:" alone forbids nothing
          rules->rules_.push_back({Normalize(line.value), line.key == "allow"});
        }
      }
    }
  }
  return named ? ours : for_all;
}

bool RobotsRules::Allows(std::string_view target) const {
  const std::string path = Normalize(target);
  if (path == "/robots.txt") return true;
  bool allowed = true;
  size_t longest = 0;
  for (const Rule& rule : rules_) {
    if (!Matches(rule.pattern, path)) continue;
    if (rule.pattern.size() > longest) {
      longest = rule.pattern.size();
      allowed = rule.allow;
    } else if (rule.pattern.size() == longest && rule.allow) {
      allowed = true;
    }
  }
  return allowed;
}

bool OptsOut(std::string_view directives, std::string_view agent) {
  constexpr std::string_view kWords[] = {"noindex", "noimageindex", "none", "noai", "noimageai"};
  bool for_us = true;  // rules after "otherbot:" are that program's
  while (!directives.empty()) {
    const size_t comma = std::min(directives.find_first_of(",\n"), directives.size());
    const bool line_end = comma < directives.size() && directives[comma] == '\n';
    std::string_view word = Trim(directives.substr(0, comma));
    directives.remove_prefix(std::min(comma + 1, directives.size()));
    const size_t colon = word.find(':');
    if (colon != std::string_view::npos) {
      const std::string name = Lower(Trim(word.substr(0, colon)));
      // "unavailable_after: date", "max-snippet: 3" are rules with a value, not names.
      if (name != "unavailable_after" && name.rfind("max-", 0) != 0) for_us = name == Lower(agent) || name == "*";
      word = Trim(word.substr(colon + 1));
    }
    if (for_us && std::find(std::begin(kWords), std::end(kWords), Lower(word)) != std::end(kWords)) return true;
    if (line_end) for_us = true;
  }
  return false;
}

}  // namespace maskscope::collect
