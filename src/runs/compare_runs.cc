#include "runs/compare_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <system_error>

#include "base/error.h"

namespace maskscope {
namespace {

std::vector<std::string> NamesOf(const std::vector<RunRecord>& runs) {
  std::set<std::string> folders, plain;
  for (const RunRecord& run : runs) {
    std::error_code ignored;
    const std::string folder = std::filesystem::weakly_canonical(run.folder, ignored).string();
    if (!folders.insert(folder).second)
      throw Error(ErrorKind::kUsage, "the run '" + run.folder.string() + "' is named twice");
    plain.insert(run.name);
  }
  std::vector<std::string> names;
  for (const RunRecord& run : runs) names.push_back(plain.size() == runs.size() ? run.name : run.folder.string());
  return names;
}

// Of all runs, in the order in which they first appear.
std::vector<std::string> ColumnsOf(const std::vector<RunRecord>& runs) {
  std::vector<std::string> columns;
  for (const RunRecord& run : runs) {
    for (const std::string& column : run.columns) {
      if (column != "epoch" && std::find(columns.begin(), columns.end(), column) == columns.end())
        columns.push_back(column);
    }
  }
  return columns;
}

Table EmptyTable(const std::string& title, const std::string& first, const std::vector<std::string>& names) {
  Table table{title, {first}, {}};
  table.columns.insert(table.columns.end(), names.begin(), names.end());
  return table;
}

std::string EpochsText(const RunRecord& run) {
  if (run.epochs_planned <= 0) return std::to_string(run.rows.size());
  return fmt::format("{} of {}{}", run.rows.size(), run.epochs_planned, run.Finished() ? "" : " (unfinished)");
}

Table MetricsTable(const std::vector<RunRecord>& runs, const std::vector<std::string>& names) {
  Table table = EmptyTable("At the epoch of the best score", "", names);
  std::vector<TableCell> epochs{"epochs"}, best{"best epoch"};
  for (const RunRecord& run : runs) {
    epochs.emplace_back(EpochsText(run));
    best.emplace_back(run.At(run.BestRow(), "epoch"));
  }
  table.rows = {std::move(epochs), std::move(best)};
  for (const std::string& column : ColumnsOf(runs)) {
    std::vector<TableCell> row{column};
    for (const RunRecord& run : runs) row.emplace_back(run.At(run.BestRow(), column));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Settings that stand in different groups of different files are the same when their last part names only one in each.
std::string SharedName(const std::string& path, const std::vector<RunRecord>& runs) {
  const std::string last = path.substr(path.rfind('.') + 1);
  for (const RunRecord& run : runs) {
    const auto same_end = std::count_if(run.settings.begin(), run.settings.end(), [&](const RunSetting& setting) {
      return setting.path.substr(setting.path.rfind('.') + 1) == last;
    });
    if (same_end > 1) return path;
  }
  return last;
}

Table SettingsTable(const std::vector<RunRecord>& runs, const std::vector<std::string>& names) {
  Table table = EmptyTable("Settings that differ", "setting", names);
  std::set<std::string> done;
  for (const RunRecord& from : runs) {
    for (const RunSetting& setting : from.settings) {
      const std::string name = SharedName(setting.path, runs);
      if (!done.insert(name).second) continue;
      std::set<std::string> values;
      std::vector<TableCell> row{setting.path};
      for (const RunRecord& run : runs) {
        const RunSetting* found = FindSetting(run.settings, name);
        values.insert(found == nullptr ? "–" : found->value);
        row.emplace_back(found == nullptr ? "–" : found->value);
      }
      if (values.size() > 1) table.rows.push_back(std::move(row));
    }
  }
  return table;
}

std::string EstimateText(const ScoreEstimate& estimate, bool sign) {
  if (std::isnan(estimate.value)) return "–";
  const std::string value = sign ? fmt::format("{:+.4f}", estimate.value) : fmt::format("{:.4f}", estimate.value);
  const Interval& interval = estimate.interval;
  if (std::isnan(interval.low)) return value;
  return value + (sign ? fmt::format(" ({:+.4f} to {:+.4f})", interval.low, interval.high)
                       : fmt::format(" ({:.4f}–{:.4f})", interval.low, interval.high));
}

// What was estimated of one run.
struct RunEstimates {
  std::string name;
  std::vector<ScoreEstimate> scores;
};

// A row a score that any run has; no columns without runs.
Table EstimatesTable(const std::string& title, const std::vector<RunEstimates>& runs, bool sign) {
  Table table{title, {}, {}};
  if (runs.empty()) return table;
  table.columns.emplace_back("score");
  std::vector<std::string> scores;
  for (const RunEstimates& run : runs) {
    table.columns.push_back(run.name);
    for (const ScoreEstimate& score : run.scores) {
      if (std::find(scores.begin(), scores.end(), score.name) == scores.end()) scores.push_back(score.name);
    }
  }
  for (const std::string& score : scores) {
    std::vector<TableCell> row{score};
    for (const RunEstimates& run : runs) {
      const auto found = std::find_if(run.scores.begin(), run.scores.end(),
                                      [&](const ScoreEstimate& estimate) { return estimate.name == score; });
      row.emplace_back(found == run.scores.end() ? "–" : EstimateText(*found, sign));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

void AddIntervals(const std::vector<RunRecord>& runs, const CompareOptions& options, RunComparison& comparison) {
  std::vector<RunEstimates> intervals, differences;
  const std::string& first = comparison.names[0];
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::string& name = comparison.names[i];
    if (!runs[i].validation) continue;
    intervals.push_back({name, EstimateScores(*runs[i].validation, options.resamples, options.seed)});
    if (i == 0 || !runs[0].validation) continue;
    if (SameFaces(*runs[0].validation, *runs[i].validation)) {
      differences.push_back(
          {name, EstimateDifferences(*runs[0].validation, *runs[i].validation, options.resamples, options.seed)});
    } else {
      comparison.notes.push_back(
          fmt::format("{} was not validated on the same faces as {}: their difference has no interval.", name, first));
    }
  }
  comparison.intervals = EstimatesTable("Validation faces, with 95 % intervals (bootstrap)", intervals, false);
  comparison.differences =
      EstimatesTable("Difference from " + first + " on the same faces, with 95 % intervals", differences, true);
}

void AddNotes(const std::vector<RunRecord>& runs, RunComparison& comparison) {
  std::string without;
  size_t missing = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunRecord& run = runs[i];
    if (run.rows.empty()) comparison.notes.push_back(comparison.names[i] + " has finished no epoch yet.");
    if (!run.rows.empty() && run.BestRow() < 0) {
      comparison.notes.push_back(comparison.names[i] + " has no score in results.csv: its best epoch is not known.");
    }
    if (run.validation) continue;
    ++missing;
    without += (without.empty() ? "" : ", ") + comparison.names[i];
  }
  if (missing == runs.size()) {
    comparison.notes.emplace_back(
        "No intervals: the runs have no validation.csv, which holds what they said of each validation face.");
  } else if (missing > 0) {
    comparison.notes.push_back("No intervals for " + without + ": no validation.csv.");
  }
}

PanelGrid CurvesOf(const std::vector<RunRecord>& runs, const std::vector<std::string>& names) {
  PanelGrid grid{.title = "", .shared_legend = true};
  for (const std::string& column : ColumnsOf(runs)) {
    LineChart chart{.title = column,
                    .x = {.name = "epoch", .integer = true},
                    .y = {},
                    .series = {},
                    .lines = {},
                    .width = 330,
                    .height = 240};
    // Runs without the number keep their place, so that a run has one colour in all panels.
    for (size_t i = 0; i < runs.size(); ++i) {
      Series series{.name = names[i], .y = runs[i].Column(column)};
      series.x = series.y.empty() ? std::vector<double>{} : runs[i].Column("epoch");
      series.dashed = i >= 8;
      chart.series.push_back(std::move(series));
    }
    grid.panels.emplace_back(std::move(chart));
  }
  return grid;
}

}  // namespace

void CompareOptions::Validate() const {
  Problems problems;
  problems.Require(resamples >= 100 && resamples <= 1000000, "resamples", std::to_string(resamples), "100 to 1000000");
  problems.ThrowIfAny(ErrorKind::kUsage, "comparing runs");
}

RunComparison CompareRuns(const std::vector<RunRecord>& runs, const CompareOptions& options) {
  options.Validate();
  if (runs.empty()) throw Error(ErrorKind::kUsage, "no run to compare");
  RunComparison comparison;
  comparison.names = NamesOf(runs);
  comparison.metrics = MetricsTable(runs, comparison.names);
  comparison.settings = SettingsTable(runs, comparison.names);
  AddIntervals(runs, options, comparison);
  AddNotes(runs, comparison);
  comparison.curves = CurvesOf(runs, comparison.names);
  return comparison;
}

std::string ComparisonMarkdown(const RunComparison& comparison) {
  std::string text = "# " + comparison.metrics.title + "\n\n" + ToMarkdown(comparison.metrics);
  const auto add = [&text](const Table& table) {
    if (!table.columns.empty()) text += "\n# " + table.title + "\n\n" + ToMarkdown(table);
  };
  add(comparison.intervals);
  add(comparison.differences);
  if (!comparison.settings.rows.empty()) {
    add(comparison.settings);
  } else if (comparison.names.size() > 1) {
    text += "\nAll settings are the same.\n";
  }
  if (!comparison.notes.empty()) text += "\n";
  for (const std::string& note : comparison.notes) text += note + "\n";
  return text;
}

Page ComparisonPage(const RunComparison& comparison) {
  Page page{.title = "Trainings compared"};
  for (const std::string& name : comparison.names) page.subtitle += (page.subtitle.empty() ? "" : ", ") + name;
  const auto section = [&page](const Table& table) {
    Table untitled = table;
    untitled.title.clear();
    page.sections.push_back({table.title, {std::move(untitled)}});
  };
  section(comparison.metrics);
  for (const std::string& note : comparison.notes) page.sections[0].blocks.emplace_back(Note{note});
  if (!comparison.intervals.columns.empty()) section(comparison.intervals);
  if (!comparison.differences.columns.empty()) section(comparison.differences);
  if (!comparison.settings.rows.empty()) {
    section(comparison.settings);
  } else if (comparison.names.size() > 1) {
    page.sections.push_back({comparison.settings.title, {Paragraph{"None: all settings are the same."}}});
  }
  page.sections.push_back(
      {"Curves", {FigureOf(comparison.curves, "One panel a number, over the epochs.", "curves.csv")}});
  return page;
}

}  // namespace maskscope
