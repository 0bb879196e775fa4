#ifndef MASKSCOPE_DATA_COLLECT_COLLECTOR_H_
#define MASKSCOPE_DATA_COLLECT_COLLECTOR_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/collect/candidate.h"
#include "data/collect/journal.h"
#include "data/collect/prelabel.h"

// Gathers pictures into a folder:
//   pictures/ab/abcd....jpg   files by the SHA-256 of their content, bytes as they came
//   manifest.jsonl            the dataset: where each picture is from, its author and licence, suggested labels
//   journal.jsonl             what became of every URL; prints.cache for near duplicates
// A run goes on where the one before stopped. Labels and other changes made to the manifest between runs stay.
namespace maskscope::collect {

struct CollectOptions {
  std::filesystem::path folder;
  int64_t count = 100;                      // pictures the collection shall have
  std::vector<std::string> licences;        // codes accepted; empty = any, also none stated
  int64_t max_file_bytes = 20'000'000;      // of one picture
  int64_t max_total_bytes = 2'000'000'000;  // downloaded for this collection, over all its runs
  int64_t max_pixels = 50'000'000;          // of one picture, checked in its header
  int min_side = 64;                        // pixels; smaller pictures are icons
  bool near_duplicates = true;              // drop them
  bool retry = false;                       // also URLs that were skipped for good
  bool dry_run = false;                     // fetch no picture, write nothing
  std::string set = "collected";            // key in the manifest's sets: "openverse"
  std::string origin;                       // of the set, in words or as a URL
  std::string recipe;                       // the command, for the manifest
  // Errors: kUsage with every bad field.
  void Validate() const;
};

struct CollectSummary {
  int64_t kept = 0;        // new pictures of this run; in a dry run, pictures that would be fetched
  int64_t collection = 0;  // pictures in the manifest now
  int64_t known = 0;       // candidates that an earlier run has dealt with
  std::map<std::string, int64_t> skipped, failed;  // by reason; duplicates are among the skipped
  int64_t bytes = 0;                               // downloaded by this run for pictures
  int64_t faces = 0;                               // suggested by this run
  int64_t lost = 0;   // kept by earlier runs, but the file is gone: left out of the manifest
  std::string ended;  // why: "count", "bytes", "source", "stopped", "error"
  std::string error;  // of the source, where that ended the run
  ErrorKind error_kind = ErrorKind::kInternal;
};

// What is told of every candidate as it is dealt with (and in a dry run of those that would be fetched: kKept).
struct CollectEvent {
  const Candidate& candidate;
  Fate fate;
  const std::string& reason;
  const std::string& message;
};

// Fetches candidates until the collection is full, the source is at its end or the fetcher is stopped, then writes the
// manifest. An error of the source ends the run but not what was gathered: it is in the summary. `labeller` may be
// empty. Errors: kUsage (options), kOutput, kBadData (a journal or manifest that cannot be read).
CollectSummary Collect(CandidateSource& source, Fetcher& fetcher, const CollectOptions& options,
                       const Labeller& labeller = {}, Progress* progress = nullptr,
                       const std::function<void(const CollectEvent&)>& tell = {});

// "jpeg" -> ".jpg" and so on.
std::string EndingOf(const std::string& format);

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_COLLECTOR_H_
