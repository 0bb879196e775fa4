#ifndef MASKSCOPE_EVALUATE_REPORT_SITE_REPORT_H_
#define MASKSCOPE_EVALUATE_REPORT_SITE_REPORT_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "evaluate/label_first.h"
#include "evaluate/report/eval_charts.h"
#include "evaluate/site_differences.h"
#include "report/html_page.h"
#include "report/table.h"

// Unlabelled pictures of one place, shown beside those of a labelled set.
namespace maskscope {

// What there is to say, unpictured.
struct SiteFindings {
  const LookedSet& site;
  const SiteComparison& comparison;
  const std::vector<PictureToLabel>& ranked;
  std::string other_name;  // of what it was compared with: "data, split validation"
};

struct SiteReportOptions {
  size_t first = 24;      // pictures shown that are worth labelling first
  int workers = 1;        // pictures read at once
  int tile_height = 160;  // pixels
  DecodeOptions decode;
  std::vector<std::pair<std::string, std::string>> settings;  // what was run and how
};

// A paragraph each: how the place differs, what is worth labelling, what is missing. Made of the numbers alone.
std::vector<std::string> SiteVerdict(const SiteFindings& findings);
// A row a quantity: quartiles of both, distance.
Table SiteTable(const SiteComparison& comparison);
// A row a state: shares of both with 95 % intervals (Wilson).
Table SiteStateTable(const SiteComparison& comparison);
// path, rank, score, reason of the first `most`.
Table LabelFirstTable(const SiteFindings& findings, size_t most);
// Shares in bins, and states; both samples over each other.
std::vector<NamedChart> SiteCharts(const SiteFindings& findings);
nlohmann::ordered_json ToJson(const SiteFindings& findings, size_t first);

// index.html (self-contained), label-first.csv, metrics.json (`json`), plots/. Pictures are read again; one that can no
// longer be read is shown by its reason alone. Errors: kUsage when `folder` is something else, kOutput.
void WriteSiteReport(const SiteFindings& findings, const SiteReportOptions& options, const nlohmann::ordered_json& json,
                     const std::filesystem::path& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_SITE_REPORT_H_
