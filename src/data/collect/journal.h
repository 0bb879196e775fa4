#ifndef MASKSCOPE_DATA_COLLECT_JOURNAL_H_
#define MASKSCOPE_DATA_COLLECT_JOURNAL_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/manifest.h"

namespace maskscope::collect {

// What became of one URL.
enum class Fate {
  kKept,       // it is in the collection
  kDuplicate,  // the collection has that picture already
  kSkipped,    // fetched or not, it is none that we want: another try would end the same
  kFailed,     // it could not be had this time; the next run tries again
};
std::string_view FateName(Fate fate);  // "kept", "duplicate", "skipped", "failed"

struct JournalEntry {
  std::string url;
  Fate fate = Fate::kFailed;
  std::string reason;                      // a fixed word: "robots", "too_large", "near_duplicate" ...; "" when kept
  std::string message;                     // what happened, for people
  int64_t bytes = 0;                       // that were downloaded for it
  std::optional<ManifestPicture> picture;  // when kept: as it goes into the manifest, without faces
};

// The diary of a collection, a line of JSON an entry, each on disk before the next URL is asked for: a run that was
// stopped in whatever way goes on where it was. The last entry of a URL counts. One process at a time.
class Journal {
 public:
  // Opens or creates it; a last line that was cut off is dropped. Errors: kOutput (cannot be written; another run
  // has it open), kBadData with the line.
  explicit Journal(const std::filesystem::path& file);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Errors: kOutput.
  void Add(const JournalEntry& entry);
  const JournalEntry* Find(const std::string& url) const;
  // Kept pictures in the order they were fetched.
  std::vector<const JournalEntry*> Kept() const;
  int64_t bytes() const { return bytes_; }  // downloaded in all

  // Entries of a journal, read only; none when there is no such file.
  static std::vector<JournalEntry> Read(const std::filesystem::path& file);

 private:
  void Remember(JournalEntry entry);

  std::filesystem::path file_;
  int fd_ = -1;
  std::vector<std::string> order_;  // URLs, by first appearance
  std::map<std::string, JournalEntry> entries_;
  int64_t bytes_ = 0;
};

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_JOURNAL_H_
