#ifndef MASKSCOPE_DATA_CHECK_LABEL_COUNTS_H_
#define MASKSCOPE_DATA_CHECK_LABEL_COUNTS_H_

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "data/manifest.h"

// How many faces of what kind a set really holds, counted face by face.
namespace maskscope {

// The three states, then faces whose state is not labelled, then ignored ones (whatever their state).
inline constexpr int kFaceKinds = kMaskStates + 2;
std::string_view FaceKindName(int kind);  // "correct", "incorrect", "none", "no_state", "ignored"
int FaceKind(const LabelledFace& face);
using FaceCounts = std::array<int64_t, kFaceKinds>;

// By the height of the box in pixels: below 16, 32, 64, 128, from 128, and not known (a face crop of unknown size).
inline constexpr int kSizeBuckets = 6;
std::string_view SizeBucketName(int bucket);  // "<16", "16-32", "32-64", "64-128", ">=128", "unknown"
// `height`: of the picture where it is a face crop, for its box is the picture.
int SizeBucket(const ManifestPicture& picture, const LabelledFace& face);

struct PictureCounts {
  int64_t pictures = 0, without_faces = 0, not_a_face = 0, synthetic = 0;
  FaceCounts faces{};
};

struct LabelCounts {
  PictureCounts all;
  std::map<std::string, PictureCounts> by_set;
  std::array<PictureCounts, 4> by_split{};  // DatasetSplit
  std::map<std::pair<std::string, DatasetSplit>, PictureCounts> by_set_split;
  std::array<FaceCounts, kSizeBuckets> by_size{};
  std::map<std::string, FaceCounts> by_label;                      // class name as published
  std::map<std::string, std::map<std::string, int64_t>> licences;  // set -> licence of its own -> pictures

  void Add(const ManifestPicture& picture);
};

nlohmann::ordered_json ToJson(const LabelCounts& counts);
// Tables for reading: by set and split, by size.
std::string CountTables(const LabelCounts& counts);
// Origin and licence of every set; pictures that state another licence than their set's stand below it.
std::string LicenceTable(const LabelCounts& counts, const ManifestHeader& header);

// A cell of a Markdown table: '|' and line ends must not break it.
std::string MarkdownCell(std::string_view text);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_CHECK_LABEL_COUNTS_H_
