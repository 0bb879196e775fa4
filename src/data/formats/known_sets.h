#ifndef MASKSCOPE_DATA_FORMATS_KNOWN_SETS_H_
#define MASKSCOPE_DATA_FORMATS_KNOWN_SETS_H_

#include <string>
#include <string_view>

#include "data/manifest.h"

namespace maskscope {

// What the publishers of sets that people train on say about where their pictures come from and what may be done with
// them. The photos belong to third parties whatever the licence says.
struct KnownSet {
  std::string_view name;
  std::string_view origin;
  std::string_view licence;  // empty: none stated
};
// By its name, which is that of its folder; null for a set that is not known.
const KnownSet* FindKnownSet(std::string_view name);

// Fills what the header leaves open about the sets that are known by name.
void StateKnownSets(ManifestHeader& header);

// What the user says of the sets (an empty text says nothing): of the only set it replaces what was known, of several
// it fills what is open. Returns how many sets took something.
int StateSets(ManifestHeader& header, const std::string& origin, const std::string& licence);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_KNOWN_SETS_H_
