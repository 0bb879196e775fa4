#ifndef MASKSCOPE_DATA_CHECK_CHECK_INDEX_H_
#define MASKSCOPE_DATA_CHECK_CHECK_INDEX_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/check/problem_list.h"
#include "data/manifest.h"

// What only shows when all pictures are seen together: names, contents and groups that occur twice. Keeps the texts of
// every picture packed in one block and sorts numbers, so that a million pictures fit and take n log n.
namespace maskscope {

// The text as a file system that ignores case would see it: Unicode NFC, case folded.
std::string FoldName(std::string_view name);

class CheckIndex {
 public:
  void Add(const ManifestPicture& picture);
  void Report(ProblemList& problems) const;

 private:
  struct Item {
    uint64_t path_start, name_start;
    uint32_t path_size, name_size;
    uint32_t set;
    uint32_t group;                // 0 = its own
    std::array<uint8_t, 16> hash;  // the first half of the content's; zeros = none
    DatasetSplit split;
  };
  struct Group {
    std::array<uint32_t, 4> first{};  // 1 + the first picture of each split
  };
  std::string_view Path(const Item& item) const { return {texts_.data() + item.path_start, item.path_size}; }
  std::string_view Name(const Item& item) const { return {texts_.data() + item.name_start, item.name_size}; }
  uint32_t SetNumber(const std::string& set);
  void ReportSpelling(ProblemList& problems, bool names) const;
  void ReportContents(ProblemList& problems) const;
  void ReportGroups(ProblemList& problems) const;

  std::string texts_;
  std::vector<Item> items_;
  std::vector<std::string> sets_;
  std::unordered_map<std::string, uint32_t> set_numbers_;
  std::unordered_map<std::string, uint32_t> group_numbers_;
  std::vector<Group> groups_{Group{}};
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_CHECK_CHECK_INDEX_H_
