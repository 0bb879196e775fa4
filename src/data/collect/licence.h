#ifndef MASKSCOPE_DATA_COLLECT_LICENCE_H_
#define MASKSCOPE_DATA_COLLECT_LICENCE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maskscope::collect {

// A Creative Commons licence or a statement of public domain.
struct Licence {
  std::string code;          // "cc0", "pdm", "by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd"
  std::string version;       // "4.0"; "" = not stated
  std::string jurisdiction;  // "DE"; "" = international
  // As SPDX writes it: "CC-BY-SA-3.0-DE", "CC0-1.0"; "public domain" for pdm.
  std::string Name() const;
};

// Understands the spellings in use: "by-sa", "CC BY-SA 4.0", "cc-by-sa-3.0-de", "CC-Zero", "pd-old", "Public domain",
// and Creative Commons' URLs. Empty for everything else ("by the author" is no licence).
std::optional<Licence> ParseLicence(std::string_view text);

// LicenceName of what is understood, else the text as it stands.
std::string LicenceName(const std::string& text);

// Every code, most permissive first.
const std::vector<std::string>& LicenceCodes();

// "cc0,by, CC-BY-SA" -> codes. Errors: kUsage naming `option` and the words known.
std::vector<std::string> ParseLicenceList(std::string_view text, std::string_view option);

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_LICENCE_H_
