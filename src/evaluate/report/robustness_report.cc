#include "evaluate/report/robustness_report.h"

#include <fmt/format.h>

#include <utility>

#include "evaluate/eval_report.h"

namespace maskscope {
namespace {

bool SaysStates(const std::vector<RobustnessCurve>& curves) {
  return !curves.empty() && curves[0].points[0].right.defined();
}

const Estimate& MainNumber(const RobustnessPoint& point, bool states) { return states ? point.right : point.found; }

// Which kind costs most and which least at the greatest strength.
std::string Lead(const std::vector<RobustnessCurve>& curves) {
  const bool states = SaysStates(curves);
  const RobustnessCurve *worst = &curves[0], *best = &curves[0];
  for (const RobustnessCurve& curve : curves) {
    const double value = MainNumber(curve.points.back(), states).value;
    if (value < MainNumber(worst->points.back(), states).value) worst = &curve;
    if (value > MainNumber(best->points.back(), states).value) best = &curve;
  }
  const auto text = [&](const RobustnessCurve& curve) {
    const RobustnessPoint& point = curve.points.back();
    return fmt::format("{} ({}): {:.1f} %", CorruptionName(curve.kind), point.description,
                       100 * MainNumber(point, states).value);
  };
  return fmt::format(
      "As the pictures are, {:.1f} % of the faces are {}. At the greatest strength it stands worst with "
      "{}; best with {}.",
      100 * MainNumber(curves[0].points[0], states).value, states ? "found and judged rightly" : "found", text(*worst),
      text(*best));
}

}  // namespace

Table RobustnessTable(const std::vector<RobustnessCurve>& curves) {
  const bool states = SaysStates(curves);
  Table table{states ? "Found and state right, percent (95 %)" : "Found, percent (95 %)", {"corruption"}, {}};
  for (int strength = 0; strength <= kStrengths; ++strength) {
    table.columns.push_back(strength == 0 ? "as it is" : fmt::format("strength {}", strength));
  }
  for (const RobustnessCurve& curve : curves) {
    std::vector<TableCell> row{std::string(CorruptionName(curve.kind))};
    for (const RobustnessPoint& point : curve.points) row.emplace_back(PercentText(MainNumber(point, states)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

PanelGrid RobustnessChart(const std::vector<RobustnessCurve>& curves) {
  PanelGrid grid{.title = "Accuracy against strength", .columns = 3, .shared_legend = true};
  const bool states = SaysStates(curves);
  for (const RobustnessCurve& curve : curves) {
    LineChart chart{.title = std::string(CorruptionName(curve.kind)),
                    .x = {.name = "strength", .low = 0, .high = kStrengths, .integer = true},
                    .y = {.name = "", .low = 0, .high = 1},
                    .width = 420,
                    .height = 280};
    const auto add = [&](const char* name, Estimate RobustnessPoint::*member) {
      Series series{.name = name};
      for (const RobustnessPoint& point : curve.points) {
        series.x.push_back(point.strength);
        series.y.push_back((point.*member).value);
        series.low.push_back((point.*member).interval.low);
        series.high.push_back((point.*member).interval.high);
      }
      chart.series.push_back(std::move(series));
    };
    add("faces found", &RobustnessPoint::found);
    if (states) {
      add("state right, of found", &RobustnessPoint::state_right);
      add("found and state right", &RobustnessPoint::right);
    }
    grid.panels.push_back(std::move(chart));
  }
  return grid;
}

Page RobustnessPage(const std::vector<RobustnessCurve>& curves, const std::string& title, const std::string& subtitle) {
  Page page{.title = title, .subtitle = subtitle, .lead = {Lead(curves)}};
  page.sections.push_back({"Curves",
                           {FigureOf(RobustnessChart(curves),
                                     "With 95 % intervals by bootstrap over groups of pictures.", "robustness.csv")}});
  page.sections.push_back({"Numbers", {RobustnessTable(curves)}});
  Table meanings{"", {"corruption"}, {}};
  for (int strength = 1; strength <= kStrengths; ++strength) meanings.columns.push_back(std::to_string(strength));
  for (const RobustnessCurve& curve : curves) {
    std::vector<TableCell> row{std::string(CorruptionName(curve.kind))};
    for (size_t i = 1; i < curve.points.size(); ++i) row.emplace_back(curve.points[i].description);
    meanings.rows.push_back(std::move(row));
  }
  page.sections.push_back({"What the strengths mean", {meanings}});
  return page;
}

nlohmann::ordered_json ToJson(const std::vector<RobustnessCurve>& curves) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const RobustnessCurve& curve : curves) {
    nlohmann::ordered_json points = nlohmann::ordered_json::array();
    for (const RobustnessPoint& point : curve.points) {
      points.push_back({{"strength", point.strength},
                        {"meaning", point.description},
                        {"found", ToJson(point.found)},
                        {"precision", ToJson(point.precision)},
                        {"state_right", ToJson(point.state_right)},
                        {"right", ToJson(point.right)}});
    }
    json.push_back({{"corruption", CorruptionName(curve.kind)}, {"points", points}});
  }
  return json;
}

}  // namespace maskscope
