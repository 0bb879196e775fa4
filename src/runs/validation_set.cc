#include "runs/validation_set.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "base/csv.h"
#include "base/error.h"
#include "base/files.h"
#include "runs/csv_numbers.h"

namespace maskscope {
namespace {

constexpr int64_t kMostBytes = int64_t{512} << 20;

struct Columns {
  size_t label = 0, group = 0;
  bool has_group = false;
  std::vector<size_t> probabilities;
};

Columns FindColumns(const CsvTable& table, const std::string& source, ValidationSet& set) {
  Columns columns;
  bool has_label = false;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const std::string& name = table.columns[c];
    if (name == "label") {
      columns.label = c;
      has_label = true;
    } else if (name == "group") {
      columns.group = c;
      columns.has_group = true;
    } else if (name.starts_with("p_")) {
      columns.probabilities.push_back(c);
      set.classes.push_back(name.substr(2));
    }
  }
  if (!has_label || columns.probabilities.size() < 2) {
    throw Error(ErrorKind::kBadData,
                "'" + source + "', line 1: wanted a column 'label' and a column p_CLASS for each class");
  }
  return columns;
}

int ClassOf(const std::string& name, const std::vector<std::string>& classes, const CsvTable::Row& row,
            const std::string& source) {
  const auto found = std::find(classes.begin(), classes.end(), name);
  if (found != classes.end()) return static_cast<int>(found - classes.begin());
  const std::string nearest = NearestWord(name, classes);
  throw Error(ErrorKind::kBadData, "'" + source + "', line " + std::to_string(row.line) + ": the label '" + name +
                                       "' has no column p_" + name +
                                       (nearest.empty() ? "" : ", did you mean '" + nearest + "'?"));
}

// Rows actual, columns predicted, of each group.
std::vector<ConfusionMatrix> CountGroups(const ValidationSet& set) {
  std::vector<ConfusionMatrix> counts(static_cast<size_t>(set.groups),
                                      ConfusionMatrix(static_cast<int>(set.classes.size())));
  for (size_t i = 0; i < set.label.size(); ++i) {
    counts[static_cast<size_t>(set.group[i])].Add(set.label[i], set.predicted[i]);
  }
  return counts;
}

ConfusionMatrix Sum(const std::vector<ConfusionMatrix>& counts, const std::vector<int>& drawn, int classes) {
  ConfusionMatrix sum(classes);
  for (const int group : drawn) {
    const ConfusionMatrix& one = counts[static_cast<size_t>(group)];
    for (int a = 0; a < classes; ++a) {
      for (int p = 0; p < classes; ++p) {
        if (one.at(a, p) > 0) sum.Add(a, p, one.at(a, p));
      }
    }
  }
  return sum;
}

struct Score {
  std::string name;
  std::function<double(const ConfusionMatrix&)> of;
};

std::vector<Score> ScoresOf(const std::vector<std::string>& classes) {
  std::vector<Score> scores{{"accuracy", [](const ConfusionMatrix& m) { return m.Accuracy(); }},
                            {"macro F1", [](const ConfusionMatrix& m) { return m.MacroF1(); }}};
  for (size_t c = 0; c < classes.size(); ++c) {
    const int k = static_cast<int>(c);
    scores.push_back({"F1 " + classes[c], [k](const ConfusionMatrix& m) { return m.F1(k); }});
    scores.push_back({"recall " + classes[c], [k](const ConfusionMatrix& m) { return m.Recall(k); }});
  }
  return scores;
}

ConfusionMatrix SumAll(const ValidationSet& set, const std::vector<ConfusionMatrix>& counts) {
  std::vector<int> all(counts.size());
  std::iota(all.begin(), all.end(), 0);
  return Sum(counts, all, static_cast<int>(set.classes.size()));
}

// One count a draw serves all scores. The same seed and number of groups draw the same groups.
std::vector<ConfusionMatrix> Draw(const ValidationSet& set, const std::vector<ConfusionMatrix>& counts, int resamples,
                                  uint64_t seed) {
  std::vector<ConfusionMatrix> draws;
  Bootstrap(set.groups, resamples, seed, [&](const std::vector<int>& drawn) {
    draws.push_back(Sum(counts, drawn, static_cast<int>(set.classes.size())));
    return 0.0;
  });
  return draws;
}

}  // namespace

ValidationSet ReadValidation(const std::filesystem::path& path) {
  const std::string source = path.string();
  const CsvTable table = ParseCsv(ReadFileText(path, kMostBytes), source);
  ValidationSet set;
  const Columns columns = FindColumns(table, source, set);
  std::map<std::string, int> groups;
  for (const CsvTable::Row& row : table.rows) {
    set.label.push_back(ClassOf(row.fields[columns.label], set.classes, row, source));
    double best = -1;
    int predicted = 0;
    for (size_t k = 0; k < columns.probabilities.size(); ++k) {
      const double p = CsvNumber(table, row, columns.probabilities[k], source);
      if (!(p >= 0 && p <= 1 + 1e-6))
        ThrowCsvField(table, row, columns.probabilities[k], source, "a probability, 0 to 1");
      if (p > best) predicted = static_cast<int>(k);
      best = std::max(best, p);
    }
    set.predicted.push_back(predicted);
    const int next = static_cast<int>(columns.has_group ? groups.size() : set.group.size());
    set.group.push_back(columns.has_group ? groups.emplace(row.fields[columns.group], next).first->second : next);
  }
  set.groups = static_cast<int>(columns.has_group ? groups.size() : set.group.size());
  return set;
}

std::vector<ScoreEstimate> EstimateScores(const ValidationSet& set, int resamples, uint64_t seed) {
  const std::vector<ConfusionMatrix> counts = CountGroups(set);
  const std::vector<ConfusionMatrix> draws = Draw(set, counts, resamples, seed);
  std::vector<ScoreEstimate> estimates;
  for (const Score& score : ScoresOf(set.classes)) {
    std::vector<double> values;
    for (const ConfusionMatrix& draw : draws) values.push_back(score.of(draw));
    estimates.push_back({score.name, score.of(SumAll(set, counts)), PercentileInterval(std::move(values))});
  }
  return estimates;
}

bool SameFaces(const ValidationSet& a, const ValidationSet& b) {
  return a.classes == b.classes && a.label == b.label && a.group == b.group;
}

std::vector<ScoreEstimate> EstimateDifferences(const ValidationSet& a, const ValidationSet& b, int resamples,
                                               uint64_t seed) {
  if (!SameFaces(a, b)) throw Error(ErrorKind::kInternal, "differences are measured on the same faces only");
  const std::vector<ConfusionMatrix> counts_a = CountGroups(a), counts_b = CountGroups(b);
  const std::vector<ConfusionMatrix> draws_a = Draw(a, counts_a, resamples, seed);
  const std::vector<ConfusionMatrix> draws_b = Draw(b, counts_b, resamples, seed);
  std::vector<ScoreEstimate> estimates;
  for (const Score& score : ScoresOf(a.classes)) {
    std::vector<double> values;
    for (size_t i = 0; i < draws_a.size(); ++i) values.push_back(score.of(draws_b[i]) - score.of(draws_a[i]));
    estimates.push_back({score.name, score.of(SumAll(b, counts_b)) - score.of(SumAll(a, counts_a)),
                         PercentileInterval(std::move(values))});
  }
  return estimates;
}

}  // namespace maskscope
