#include "data/duplicates/group_agreement.h"

#include <map>
#include <set>
#include <unordered_map>

namespace maskscope {
namespace {

constexpr const char* kAcross = "across sets";
constexpr const char* kAll = "all";

size_t PairsOf(size_t pictures) { return pictures * (pictures - 1) / 2; }

class Comparison {
 public:
  Comparison(const Dataset& dataset, const DuplicateReport& report) : dataset_(dataset), report_(report) {
    for (size_t i = 0; i < dataset.pictures.size(); ++i) {
      if (!dataset.pictures[i].group.empty()) groups_[dataset.pictures[i].group].push_back(i);
    }
    for (size_t i = 0; i < report.clusters.size(); ++i) {
      for (const size_t picture : report.clusters[i]) cluster_of_[picture] = i + 1;
    }
    for (const auto& [group, pictures] : groups_) {
      std::map<std::string, size_t> of_set;
      for (const size_t picture : pictures) ++of_set[dataset.pictures[picture].set];
      for (const auto& [set, count] : of_set) {
        if (count > 1 || of_set.size() > 1) telling_.insert(set);
      }
    }
  }

  std::vector<GroupAgreement> Run() {
    for (const DuplicatePair& pair : report_.pairs) AddFound(pair);
    for (const auto& [group, pictures] : groups_) AddGroup(pictures);
    std::vector<GroupAgreement> rows;
    for (auto& [name, row] : rows_) {
      row.sets = name;
      if (name != kAcross && name != kAll) rows.push_back(row);
    }
    for (const char* name : {kAcross, kAll}) {
      if (rows_.count(name) > 0) rows.push_back(rows_[name]);
    }
    return rows;
  }

 private:
  const ManifestPicture& Picture(size_t i) const { return dataset_.pictures[i]; }
  bool Tells(size_t i) const { return !Picture(i).group.empty() && telling_.count(Picture(i).set) > 0; }

  void AddFound(const DuplicatePair& pair) {
    if (!Tells(pair.first) || !Tells(pair.second)) return;
    const ManifestPicture &a = Picture(pair.first), &b = Picture(pair.second);
    for (GroupAgreement* row : {&rows_[a.set == b.set ? a.set : kAcross], &rows_[kAll]}) {
      ++row->pairs;
      row->pairs_in_group += a.group == b.group;
    }
  }

  void AddGroup(const std::vector<size_t>& pictures) {
    if (pictures.size() < 2) return;
    // Counted, not listed: a group may have thousands of pictures.
    struct Counts {
      size_t all = 0;
      std::map<size_t, size_t> of_cluster;
      size_t Joined() const {
        size_t joined = 0;
        for (const auto& [cluster, count] : of_cluster) joined += cluster == 0 ? 0 : PairsOf(count);
        return joined;
      }
    };
    std::map<std::string, Counts> of_set;
    Counts whole;
    for (const size_t picture : pictures) {
      const auto found = cluster_of_.find(picture);
      const size_t cluster = found == cluster_of_.end() ? 0 : found->second;
      for (Counts* counts : {&of_set[Picture(picture).set], &whole}) {
        ++counts->all;
        ++counts->of_cluster[cluster];
      }
    }
    const auto add = [](GroupAgreement& row, size_t grouped, size_t joined) {
      row.grouped_pairs += grouped;
      row.joined += joined;
      ++row.groups;
      row.whole += grouped == joined;
    };
    size_t grouped = PairsOf(whole.all), joined = whole.Joined();
    add(rows_[kAll], grouped, joined);
    for (const auto& [set, counts] : of_set) {
      if (counts.all > 1) add(rows_[set], PairsOf(counts.all), counts.Joined());
      grouped -= PairsOf(counts.all);
      joined -= counts.Joined();
    }
    if (of_set.size() > 1) add(rows_[kAcross], grouped, joined);
  }

  const Dataset& dataset_;
  const DuplicateReport& report_;
  std::map<std::string, std::vector<size_t>> groups_;
  std::unordered_map<size_t, size_t> cluster_of_;  // from 1
  std::set<std::string> telling_;                  // sets with pictures that share a group
  std::map<std::string, GroupAgreement> rows_;
};

}  // namespace

std::vector<GroupAgreement> CompareWithGroups(const Dataset& dataset, const DuplicateReport& report) {
  return Comparison(dataset, report).Run();
}

}  // namespace maskscope
