#include "data/collect/licence.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace maskscope::collect {
namespace {

TEST(Licence, SpellingsInUse) {
  const std::pair<const char*, const char*> cases[] = {
      {"by", "CC-BY"},
      {"by-sa", "CC-BY-SA"},
      {"BY-NC-SA 2.0", "CC-BY-NC-SA-2.0"},
      {"CC BY-SA 4.0", "CC-BY-SA-4.0"},
      {"cc-by-sa-3.0-de", "CC-BY-SA-3.0-DE"},
      {"cc-by-sa-3.0-migrated", "CC-BY-SA-3.0"},
      {"cc-by-sa-4.0,3.0,2.5,2.0,1.0", "CC-BY-SA-4.0"},
      {"CC BY-NC-ND 2.0", "CC-BY-NC-ND-2.0"},
      {"Creative Commons BY 4.0", "CC-BY-4.0"},
      {"https://creativecommons.org/licenses/by/2.0/", "CC-BY-2.0"},
      {"http://creativecommons.org/licenses/by-nc/3.0/us/", "CC-BY-NC-3.0-US"},
      {"https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"},
      {"https://creativecommons.org/publicdomain/mark/1.0/", "public domain"},
      {"CC0", "CC0"},
      {"cc0-1.0", "CC0-1.0"},
      {"cc-zero", "CC0"},
      {"pdm", "public domain"},
      {"pd", "public domain"},
      {"PD-USGov", "public domain"},
      {"Public domain", "public domain"},
  };
  for (const auto& [text, name] : cases) EXPECT_EQ(LicenceName(text), name) << text;
}

TEST(Licence, EverythingElseIsKeptAsItStands) {
  for (const char* text : {"", "by John Smith", "all rights reserved", "GFDL", "MIT", "not in the public domain",
                           "spdx", "stand by me", "CC"}) {
    EXPECT_FALSE(ParseLicence(text).has_value()) << text;
    EXPECT_EQ(LicenceName(text), text);
  }
}

TEST(Licence, ListsNameTheWordTheyDoNotKnow) {
  EXPECT_EQ(ParseLicenceList("cc0,by, CC-BY-SA,by", "--licence"), (std::vector<std::string>{"cc0", "by", "by-sa"}));
  EXPECT_TRUE(ParseLicenceList("", "--licence").empty());
  try {
    ParseLicenceList("by,bysa", "--licence");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("did you mean 'by-sa'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace maskscope::collect
