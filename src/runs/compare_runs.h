#ifndef MASKSCOPE_RUNS_COMPARE_RUNS_H_
#define MASKSCOPE_RUNS_COMPARE_RUNS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "report/chart.h"
#include "report/html_page.h"
#include "report/table.h"
#include "runs/run_record.h"

// Trainings side by side.
namespace maskscope {

struct CompareOptions {
  int resamples = 1000;   // draws of the bootstrap
  uint64_t seed = 1;      // of the draws
  void Validate() const;  // Errors: kUsage
};

struct RunComparison {
  std::vector<std::string> names;  // of the runs, each once: the folder's name, or its path where names are the same
  Table metrics;                   // a row a number of results.csv, at each run's best epoch
  Table settings;                  // a row a setting in which the runs differ; no rows: they do not
  Table intervals;                 // a row a score: "0.91 (0.88–0.93)"; no columns: no run has validation.csv
  Table differences;               // from the first run, on the same faces; no columns: none can be measured
  std::vector<std::string> notes;  // what is missing, and why
  PanelGrid curves;                // a panel a number, the runs overlaid
};

// Errors: kUsage (no run, a run twice).
RunComparison CompareRuns(const std::vector<RunRecord>& runs, const CompareOptions& options);

// For the terminal: the tables as Markdown.
std::string ComparisonMarkdown(const RunComparison& comparison);
Page ComparisonPage(const RunComparison& comparison);

}  // namespace maskscope

#endif  // MASKSCOPE_RUNS_COMPARE_RUNS_H_
