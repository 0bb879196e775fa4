#include "data/check/check_classes.h"

#include <fmt/format.h>

#include <cmath>

#include "data/check/check_index.h"

namespace maskscope {
namespace {

using Severity = DataProblem::Severity;

constexpr double kCertain = 4;  // standard deviations: chance alone gives less in all but one of 16000 comparisons

// "With-Mask " and "with_mask" are one word.
std::string Skeleton(const std::string& label) {
  std::string skeleton;
  for (const char c : FoldName(label)) {
    if (c != ' ' && c != '_' && c != '-' && c != '\t') skeleton += c;
  }
  return skeleton;
}

void CheckSpelling(const LabelCounts& counts, ProblemList& problems) {
  std::map<std::string, std::vector<std::string>> spellings;
  for (const auto& [label, faces] : counts.by_label) {
    if (!label.empty()) spellings[Skeleton(label)].push_back(label);
  }
  for (const auto& [skeleton, labels] : spellings) {
    if (labels.size() < 2) continue;
    std::string list;
    for (const std::string& label : labels) {
      int64_t faces = 0;
      for (const int64_t count : counts.by_label.at(label)) faces += count;
      list += fmt::format("{}'{}' ({} faces)", list.empty() ? "" : ", ", label, faces);
    }
    problems.Add(Severity::kWarning, "class_spelling", "", "label", "one class in several spellings: " + list);
  }
}

void CheckMeaning(const LabelCounts& counts, ProblemList& problems) {
  for (const auto& [label, faces] : counts.by_label) {
    std::string list;
    int states = 0;
    for (int state = 0; state < kMaskStates; ++state) {
      const int64_t count = faces[static_cast<size_t>(state)];
      if (count == 0) continue;
      ++states;
      list += fmt::format("{}{} ({} faces)", list.empty() ? "" : ", ", FaceKindName(state), count);
    }
    if (states > 1 && !label.empty()) {
      problems.Add(Severity::kWarning, "class_of_two_states", "", "label", "class '" + label + "' stands for " + list);
    }
  }
}

int64_t States(const FaceCounts& faces) {
  int64_t sum = 0;
  for (size_t state = 0; state < kMaskStates; ++state) sum += faces[state];
  return sum;
}

// Compares the shares of each state in two parts.
void CompareShares(const std::string& part, const FaceCounts& a, const std::string& rest, const FaceCounts& b,
                   Severity severity, const CheckOptions& options, ProblemList& problems) {
  const auto n = static_cast<double>(States(a)), m = static_cast<double>(States(b));
  if (n < static_cast<double>(options.share_faces) || m < static_cast<double>(options.share_faces)) return;
  for (size_t state = 0; state < kMaskStates; ++state) {
    const double p = static_cast<double>(a[state]) / n, q = static_cast<double>(b[state]) / m;
    const double pooled = static_cast<double>(a[state] + b[state]) / (n + m);
    const double deviation = std::sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
    if (std::abs(p - q) <= options.share_difference || std::abs(p - q) <= kCertain * deviation) continue;
    problems.Add(severity, severity == Severity::kNote ? "set_shares" : "split_shares", "", part,
                 fmt::format("{:.0f} % of the {} faces in {} are {}, {:.0f} % of the {} in {}", 100 * p, States(a),
                             part, FaceKindName(static_cast<int>(state)), 100 * q, States(b), rest));
  }
}

FaceCounts Minus(FaceCounts all, const FaceCounts& part) {
  for (size_t i = 0; i < all.size(); ++i) all[i] -= part[i];
  return all;
}

}  // namespace

void CheckClasses(const LabelCounts& counts, const ManifestHeader& header, const CheckOptions& options,
                  ProblemList& problems) {
  CheckSpelling(counts, problems);
  CheckMeaning(counts, problems);
  const FaceCounts& train = counts.by_split[static_cast<size_t>(DatasetSplit::kTrain)].faces;
  for (const DatasetSplit split : {DatasetSplit::kValidation, DatasetSplit::kTest}) {
    CompareShares(std::string(DatasetSplitName(split)), counts.by_split[static_cast<size_t>(split)].faces, "train",
                  train, Severity::kWarning, options, problems);
  }
  for (const auto& [name, set] : counts.by_set) {
    CompareShares("set '" + name + "'", set.faces, "the other sets", Minus(counts.all.faces, set.faces),
                  Severity::kNote, options, problems);
  }
  for (const auto& [name, set] : header.sets) {
    if (!counts.by_set.contains(name)) {
      problems.Add(Severity::kNote, "empty_set", "", "sets", "set '" + name + "' has no picture");
    } else if (set.licence.empty()) {
      problems.Add(Severity::kNote, "no_licence", "", "sets", "set '" + name + "' states no licence");
    }
  }
}

}  // namespace maskscope
