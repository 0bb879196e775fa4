#ifndef MASKSCOPE_DATA_OVERVIEW_STATS_H_
#define MASKSCOPE_DATA_OVERVIEW_STATS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "data/check/check.h"
#include "data/check/label_counts.h"
#include "data/set_digest.h"

// What a set is made of, in numbers.
namespace maskscope {

struct StatsOptions {
  bool decode = true;     // for brightness; without, pictures are not opened
  int workers = 0;        // 0 = all cores
  void Validate() const;  // Errors: kUsage
};

inline constexpr int kBrightnessBins = 8;  // of the mean luma (0..255, BT.601) in a face's box: 0-31, 32-63, ...
std::string BrightnessBinName(int bin);    // "0-31"

struct DataStats {
  std::string source;
  ManifestHeader header;
  bool decoded = false, stopped = false;
  LabelCounts counts;
  SetDigest digest;  // of the pictures that were reached
  std::map<std::pair<std::string, int>, std::vector<float>> heights;          // (set, FaceKind): box heights, pixels
  std::array<std::array<int64_t, kFaceKinds>, kBrightnessBins> brightness{};  // [bin][FaceKind]
  std::map<std::string, std::array<int64_t, kBrightnessBins>> brightness_of_set;
  std::map<int64_t, int64_t> faces_in_picture;  // scenes: number of faces -> pictures
  int64_t unreadable = 0;                       // pictures that could not be decoded: no brightness of theirs
  std::string first_unreadable;                 // why, of the first
};

// Streams; heights are the only thing kept of every face. Results do not depend on the number of workers.
DataStats CollectStats(PictureStream stream, const StatsOptions& options, Progress* progress = nullptr,
                       const std::function<bool()>& stop = {});

std::string StatsMarkdown(const DataStats& stats);
std::string StatsJson(const DataStats& stats);  // schema "maskscope.stats/1"
// One number a row: table,set,row,column,value.
std::string StatsCsv(const DataStats& stats);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_OVERVIEW_STATS_H_
