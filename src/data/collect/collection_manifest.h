#ifndef MASKSCOPE_DATA_COLLECT_COLLECTION_MANIFEST_H_
#define MASKSCOPE_DATA_COLLECT_COLLECTION_MANIFEST_H_

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/collect/collector.h"

namespace maskscope::collect {

// The manifest of a collection: what it says already stays as it is, new pictures are added at its end.
struct ManifestUpdate {
  int64_t pictures = 0;  // in it now
  int64_t faces = 0;     // suggested for the new ones
  int64_t lost = 0;      // in the journal, but their files are gone
};

// `faces`: suggestions made already, by hash; others are made by `labeller` from the files. Nothing is written when
// there is nothing new. Errors: kOutput, kBadData; those of the labeller.
ManifestUpdate UpdateManifest(const CollectOptions& options, const Journal& journal,
                              std::map<std::string, std::vector<ManifestFace>> faces, const Labeller& labeller,
                              const std::function<bool()>& stop);

inline constexpr const char* kManifestName = "manifest.jsonl";
inline constexpr const char* kJournalName = "journal.jsonl";
inline constexpr const char* kPrintsName = "prints.cache";

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_COLLECTION_MANIFEST_H_
