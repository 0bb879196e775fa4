#include "data/collect/licence.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"

namespace maskscope::collect {
namespace {

// Lower-case runs of letters, and of digits and dots.
std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  enum { kNone, kLetters, kNumber } before = kNone;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool number = std::isdigit(byte) || (c == '.' && before == kNumber);
    const bool letter = std::isalpha(byte) != 0;
    if (!number && !letter) {
      before = kNone;
      continue;
    }
    const auto kind = number ? kNumber : kLetters;
    // "cc0" is one word.
    if (before != kind && !(number && !words.empty() && before == kLetters && words.back() == "cc")) {
      words.emplace_back();
    }
    words.back() += static_cast<char>(std::tolower(byte));
    before = kind;
  }
  return words;
}

bool IsVersion(const std::string& word) {
  return word.size() == 3 && std::isdigit(static_cast<unsigned char>(word[0])) && word[1] == '.' &&
         std::isdigit(static_cast<unsigned char>(word[2]));
}

bool Has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool HasPair(const std::vector<std::string>& words, std::string_view first, std::string_view second) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == first && words[i + 1] == second) return true;
  }
  return false;
}

std::string FirstVersion(const std::vector<std::string>& words, size_t from) {
  for (size_t i = from; i < words.size(); ++i) {
    if (IsVersion(words[i])) return words[i];
  }
  return "";
}

// "by", then nc, sa, nd in any order, then a version, then a country.
Licence AttributionLicence(const std::vector<std::string>& words, size_t by) {
  bool nc = false, sa = false, nd = false;
  size_t i = by + 1;
  for (; i < words.size(); ++i) {
    if (words[i] == "nc") {
      nc = true;
    } else if (words[i] == "sa") {
      sa = true;
    } else if (words[i] == "nd") {
      nd = true;
    } else {
      break;
    }
  }
  Licence licence;
  licence.code = std::string("by") + (nc ? "-nc" : "") + (nd ? "-nd" : sa ? "-sa" : "");
  if (i < words.size() && IsVersion(words[i])) {
    licence.version = words[i];
    if (i + 1 < words.size() && words[i + 1].size() == 2 && std::isalpha(static_cast<unsigned char>(words[i + 1][0]))) {
      for (const char c : words[i + 1]) {
        licence.jurisdiction += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      }
    }
  }
  return licence;
}

}  // namespace

std::string Licence::Name() const {
  if (code == "pdm") return "public domain";
  std::string name = code == "cc0" ? "CC0" : "CC-";
  if (code != "cc0") {
    for (const char c : code) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (!version.empty()) name += "-" + version;
  if (!jurisdiction.empty()) name += "-" + jurisdiction;
  return name;
}

std::optional<Licence> ParseLicence(std::string_view text) {
  const std::vector<std::string> words = Words(text);
  if (words.empty()) return std::nullopt;
  if (Has(words, "cc0") || HasPair(words, "cc", "zero") || HasPair(words, "publicdomain", "zero")) {
    return Licence{"cc0", FirstVersion(words, 0), ""};
  }
  const auto by = std::find(words.begin(), words.end(), "by");
  const bool creative_commons =
      Has(words, "cc") || Has(words, "creativecommons") || HasPair(words, "creative", "commons");
  const bool only_code = std::all_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "by" || word == "nc" || word == "sa" || word == "nd" || IsVersion(word);
  });
  if (by != words.end() && (creative_commons || only_code)) {
    return AttributionLicence(words, static_cast<size_t>(by - words.begin()));
  }
  if (words[0] == "pd" || words[0] == "pdm" || (words[0] == "public" && HasPair(words, "public", "domain")) ||
      HasPair(words, "publicdomain", "mark")) {
    return Licence{"pdm", FirstVersion(words, 0), ""};
  }
  return std::nullopt;
}

std::string LicenceName(const std::string& text) {
  const std::optional<Licence> licence = ParseLicence(text);
  return licence ? licence->Name() : text;
}

const std::vector<std::string>& LicenceCodes() {
  static const std::vector<std::string> codes = {"cc0", "pdm", "by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd"};
  return codes;
}

std::vector<std::string> ParseLicenceList(std::string_view text, std::string_view option) {
  std::vector<std::string> codes;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string word(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::optional<Licence> licence = ParseLicence(word);
    if (!licence) {
      std::string known;
      for (const std::string& code : LicenceCodes()) known += (known.empty() ? "" : ", ") + code;
      const std::string near = NearestWord(word, LicenceCodes());
      throw Error(ErrorKind::kUsage, std::string(option) + ": found '" + word + "', wanted some of " + known +
                                         (near.empty() ? "" : " (did you mean '" + near + "'?)"));
    }
    if (std::find(codes.begin(), codes.end(), licence->code) == codes.end()) codes.push_back(licence->code);
  }
  return codes;
}

}  // namespace maskscope::collect
