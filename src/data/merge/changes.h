#ifndef MASKSCOPE_DATA_MERGE_CHANGES_H_
#define MASKSCOPE_DATA_MERGE_CHANGES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/check/label_counts.h"
#include "data/manifest.h"
#include "data/merge/merge.h"

// What a new version of a dataset changes, picture by picture.
namespace maskscope {

// What is kept of the version before: a hash of each picture's labels, not the labels.
struct VersionDigest {
  struct Entry {
    std::string path;
    uint64_t labels = 0;
    DatasetSplit split = DatasetSplit::kUnassigned;
    std::string states;  // for the report: "2 correct, 1 none"
  };
  std::string hash;  // of the manifest; empty = there was none
  int version = 0;
  LabelCounts counts;
  std::unordered_map<std::string, Entry> pictures;  // by content hash; by "path:PATH" where there is none
};
VersionDigest DigestManifest(const std::filesystem::path& manifest);  // streamed; errors: those of ManifestReader

struct DatasetChange {
  std::string path, before, after;
};

struct DatasetChanges {
  std::string previous_hash, hash;
  int previous_version = 0, version = 1;
  LabelCounts before, after;
  std::vector<std::string> added, removed;
  std::vector<DatasetChange> relabelled, moved_split;
  std::vector<MergeConflict> conflicts;
};
DatasetChanges CompareVersions(VersionDigest before, const Dataset& after, std::string hash);

std::string ChangesMarkdown(const DatasetChanges& changes, size_t examples = 20);
std::string ChangesJson(const DatasetChanges& changes);  // schema "maskscope.changes/1"; lists everything

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_MERGE_CHANGES_H_
