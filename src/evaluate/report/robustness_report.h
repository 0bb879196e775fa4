#ifndef MASKSCOPE_EVALUATE_REPORT_ROBUSTNESS_REPORT_H_
#define MASKSCOPE_EVALUATE_REPORT_ROBUSTNESS_REPORT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluate/robustness.h"
#include "report/chart.h"
#include "report/html_page.h"
#include "report/table.h"

// Curves of accuracy against strength, shown.
namespace maskscope {

// A row a kind, a column a strength: found with the right state (or found, where no states are said), percent.
Table RobustnessTable(const std::vector<RobustnessCurve>& curves);
// A panel a kind.
PanelGrid RobustnessChart(const std::vector<RobustnessCurve>& curves);
Page RobustnessPage(const std::vector<RobustnessCurve>& curves, const std::string& title, const std::string& subtitle);
nlohmann::ordered_json ToJson(const std::vector<RobustnessCurve>& curves);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_ROBUSTNESS_REPORT_H_
