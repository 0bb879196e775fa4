#include "data/check/check_index.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace maskscope {
namespace {

using Severity = DataProblem::Severity;

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

int Digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

bool MixesSplits(DatasetSplit a, DatasetSplit b) {
  return a != b && a != DatasetSplit::kUnassigned && b != DatasetSplit::kUnassigned;
}

std::string Sides(DatasetSplit a, DatasetSplit b) {
  return std::string(DatasetSplitName(a)) + " and " + std::string(DatasetSplitName(b));
}

}  // namespace

std::string FoldName(std::string_view name) {
  std::string folded(name);
  if (IsAscii(name)) {
    for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return folded;
  }
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(code);
  if (U_FAILURE(code)) return folded;
  icu::UnicodeString text = icu::UnicodeString::fromUTF8({name.data(), static_cast<int32_t>(name.size())});
  text = nfc->normalize(text, code);
  text.foldCase();
  text = nfc->normalize(text, code);  // folding can leave what NFC would join
  if (U_FAILURE(code)) return folded;
  folded.clear();
  text.toUTF8String(folded);
  return folded;
}

uint32_t CheckIndex::SetNumber(const std::string& set) {
  const auto [found, fresh] = set_numbers_.emplace(set, static_cast<uint32_t>(sets_.size()));
  if (fresh) sets_.push_back(set);
  return found->second;
}

void CheckIndex::Add(const ManifestPicture& picture) {
  Item item{};
  item.path_start = texts_.size();
  item.path_size = static_cast<uint32_t>(picture.path.size());
  texts_ += picture.path;
  item.name_start = texts_.size();
  item.name_size = static_cast<uint32_t>(picture.name.size());
  // A name is most often the tail of the path: no need to keep it twice.
  if (picture.path.ends_with(picture.name)) {
    item.name_start -= picture.name.size();
  } else {
    texts_ += picture.name;
  }
  item.set = SetNumber(picture.set);
  item.split = picture.split;
  if (!picture.hash.empty()) {
    const char* digits = picture.hash.data() + picture.hash.find(':') + 1;
    for (uint8_t& byte : item.hash) {
      byte = static_cast<uint8_t>(Digit(digits[0]) << 4 | Digit(digits[1]));
      digits += 2;
    }
  }
  if (!picture.group.empty()) {
    const auto [found, fresh] = group_numbers_.emplace(picture.group, static_cast<uint32_t>(groups_.size()));
    if (fresh) groups_.emplace_back();
    item.group = found->second;
    uint32_t& first = groups_[item.group].first[static_cast<size_t>(picture.split)];
    if (first == 0) first = static_cast<uint32_t>(items_.size()) + 1;
  }
  items_.push_back(item);
}

void CheckIndex::ReportSpelling(ProblemList& problems, bool names) const {
  const auto text_of = [&](const Item& item) { return names ? Name(item) : Path(item); };
  struct Key {
    uint64_t hash;
    uint32_t index;
    bool operator<(const Key& other) const { return hash != other.hash ? hash < other.hash : index < other.index; }
  };
  std::vector<Key> keys;
  keys.reserve(items_.size());
  for (uint32_t i = 0; i < items_.size(); ++i) {
    if (text_of(items_[i]).empty()) continue;
    // Names are a set's own; paths are everybody's.
    keys.push_back({HashText(FoldName(text_of(items_[i]))) + (names ? items_[i].set * 0x9e3779b97f4a7c15ULL : 0), i});
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::pair<uint32_t, uint32_t>> twins;  // later, first
  for (size_t i = 1, start = 0; i < keys.size(); ++i) {
    if (keys[i].hash != keys[start].hash) {
      start = i;
    } else {
      twins.emplace_back(keys[i].index, keys[start].index);
    }
  }
  std::sort(twins.begin(), twins.end());
  for (const auto& [later, first] : twins) {
    const Item &a = items_[first], &b = items_[later];
    const bool equal = text_of(a) == text_of(b);
    if (!equal && FoldName(text_of(a)) != FoldName(text_of(b))) continue;  // two texts of one 64-bit hash
    if (names) {
      problems.Add(Severity::kWarning, equal ? "duplicate_name" : "name_spelling", std::string(Path(b)), "name",
                   "set '" + sets_[b.set] + "' has '" + std::string(Name(b)) + "' already as '" + std::string(Path(a)) +
                       (equal ? "'" : "', in other letters: they differ in case or Unicode form only"));
    } else if (equal) {
      problems.Add(Severity::kError, "duplicate_path", std::string(Path(b)), "path",
                   "the picture is listed twice: picture " + std::to_string(first + 1) + " and " +
                       std::to_string(later + 1) + " of the set");
    } else {
      problems.Add(Severity::kWarning, "name_spelling", std::string(Path(b)), "path",
                   "'" + std::string(Path(a)) +
                       "' differs in case or Unicode form only: on many disks these are one "
                       "file");
    }
  }
}

void CheckIndex::ReportContents(ProblemList& problems) const {
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < items_.size(); ++i) {
    if (items_[i].hash != std::array<uint8_t, 16>{}) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return items_[a].hash != items_[b].hash ? items_[a].hash < items_[b].hash : a < b;
  });
  for (size_t i = 1, start = 0; i < order.size(); ++i) {
    const Item &a = items_[order[start]], &b = items_[order[i]];
    if (a.hash != b.hash) {
      start = i;
      continue;
    }
    if (Path(a) == Path(b)) continue;  // reported as listed twice
    const std::string same = "the same content as '" + std::string(Path(a)) + "'";
    if (MixesSplits(a.split, b.split)) {
      problems.Add(Severity::kError, "copy_on_both_sides", std::string(Path(b)), "split",
                   same + ", one in " + std::string(DatasetSplitName(a.split)) + " and one in " +
                       std::string(DatasetSplitName(b.split)));
    } else {
      problems.Add(Severity::kWarning, "duplicate_content", std::string(Path(b)), "hash", same);
    }
  }
}

void CheckIndex::ReportGroups(ProblemList& problems) const {
  std::vector<const std::string*> name_of(groups_.size());
  for (const auto& [name, number] : group_numbers_) name_of[number] = &name;
  for (size_t number = 1; number < groups_.size(); ++number) {
    const Group& group = groups_[number];
    for (size_t a = 1; a < 4; ++a) {
      for (size_t b = a + 1; b < 4; ++b) {
        if (group.first[a] == 0 || group.first[b] == 0) continue;
        const Item &one = items_[group.first[a] - 1], &other = items_[group.first[b] - 1];
        problems.Add(Severity::kError, "group_on_both_sides", std::string(Path(other)), "group",
                     "group '" + *name_of[number] + "' is in " + Sides(one.split, other.split) + " ('" +
                         std::string(Path(one)) + "'): what is measured would have been learnt");
      }
    }
  }
}

void CheckIndex::Report(ProblemList& problems) const {
  ReportSpelling(problems, false);
  ReportSpelling(problems, true);
  ReportContents(problems);
  ReportGroups(problems);
}

}  // namespace maskscope
