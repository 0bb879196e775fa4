#ifndef MASKSCOPE_EVALUATE_REPORT_COST_REPORT_H_
#define MASKSCOPE_EVALUATE_REPORT_COST_REPORT_H_

#include <nlohmann/json.hpp>
#include <string>

#include "evaluate/cost_thresholds.h"
#include "report/chart.h"
#include "report/html_page.h"
#include "report/table.h"

// Thresholds by cost, shown.
namespace maskscope {

// The present thresholds and the chosen ones, and what happens at each.
Table CostTable(const CostChoice& choice);
// One sentence: what to choose and what it saves.
std::string CostText(const CostChoice& choice, const CostOptions& options);
// Cost against the score threshold, and against the confidence below which a face is unsure, by its parts.
LineChart CostByScore(const CostChoice& choice, const CostOptions& options);
LineChart CostByConfidence(const CostChoice& choice, const CostOptions& options);
Page CostPage(const CostChoice& choice, const CostOptions& options, const std::string& subtitle);
nlohmann::ordered_json ToJson(const CostChoice& choice, const CostOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_COST_REPORT_H_
