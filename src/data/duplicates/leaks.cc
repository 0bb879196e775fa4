#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "data/duplicates/find_duplicates.h"

namespace maskscope {
namespace {

bool Crosses(const Dataset& dataset, size_t a, size_t b) {
  const DatasetSplit x = dataset.pictures[a].split, y = dataset.pictures[b].split;
  return x != y && x != DatasetSplit::kUnassigned && y != DatasetSplit::kUnassigned;
}

std::string NameOf(const Dataset& dataset, size_t picture) {
  const ManifestPicture& p = dataset.pictures[picture];
  return fmt::format("'{}' ({})", p.path, DatasetSplitName(p.split));
}

}  // namespace

std::vector<DuplicatePair> FindLeaks(const Dataset& dataset, const DuplicateReport& report) {
  std::vector<DuplicatePair> leaks;
  std::map<size_t, size_t> cluster_of;
  for (size_t i = 0; i < report.clusters.size(); ++i) {
    for (const size_t picture : report.clusters[i]) cluster_of[picture] = i;
  }
  std::map<size_t, DuplicatePair> weakest;
  std::map<size_t, std::set<std::pair<DatasetSplit, DatasetSplit>>> shown;  // a cluster: splits that a leak joins
  const auto splits = [&](size_t a, size_t b) {
    return std::minmax(dataset.pictures[a].split, dataset.pictures[b].split);
  };
  for (const DuplicatePair& pair : report.pairs) {
    const size_t cluster = cluster_of.at(pair.first);
    const auto [place, fresh] = weakest.emplace(cluster, pair);
    if (!fresh && pair.kind > place->second.kind) place->second = pair;
    if (!Crosses(dataset, pair.first, pair.second)) continue;
    leaks.push_back(pair);
    shown[cluster].insert(splits(pair.first, pair.second));
  }
  for (size_t i = 0; i < report.clusters.size(); ++i) {
    std::map<DatasetSplit, size_t> first_of;
    for (const size_t picture : report.clusters[i]) first_of.emplace(dataset.pictures[picture].split, picture);
    for (const auto& [split, a] : first_of) {
      for (const auto& [other, b] : first_of) {
        if (a >= b || !Crosses(dataset, a, b) || shown[i].count(splits(a, b)) > 0) continue;
        DuplicatePair leak = weakest.at(i);
        leak.first = a;
        leak.second = b;
        leaks.push_back(leak);
      }
    }
  }
  std::sort(leaks.begin(), leaks.end(), [](const DuplicatePair& a, const DuplicatePair& b) {
    return std::pair(a.first, a.second) < std::pair(b.first, b.second);
  });
  return leaks;
}

std::vector<DataProblem> LeakProblems(const Dataset& dataset, const DuplicateReport& report) {
  std::vector<DataProblem> problems;
  for (const DuplicatePair& leak : FindLeaks(dataset, report)) {
    problems.push_back(
        {DataProblem::Severity::kError, "leak", dataset.pictures[leak.first].path, "",
         fmt::format("{} and {} show the same ({}); pictures that share content belong in one split",
                     NameOf(dataset, leak.first), NameOf(dataset, leak.second), DuplicateKindName(leak.kind))});
  }
  return problems;
}

}  // namespace maskscope
