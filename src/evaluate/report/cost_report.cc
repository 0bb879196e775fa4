#include "evaluate/report/cost_report.h"

#include <fmt/format.h>

#include <utility>

#include "evaluate/eval_report.h"

namespace maskscope {
namespace {

std::string CostPer100(const Estimate& estimate) {
  return fmt::format("{:.2f} ({:.2f}–{:.2f})", estimate.value, estimate.interval.low, estimate.interval.high);
}

LineChart MakeChart(const std::vector<CostPoint>& points, double CostPoint::*axis, const std::string& name,
                    const CostChoice& choice, const CostOptions& options) {
  Series all{.name = "all"}, missed{.name = "missed violations"}, alarms{.name = "false alarms"},
      unsure{.name = "unsure"};
  for (const CostPoint& point : points) {
    const double scale = 100 / static_cast<double>(choice.faces);
    const auto add = [&](Series& series, double cost) {
      series.x.push_back(point.*axis);
      series.y.push_back(cost * scale);
    };
    add(all, point.cost);
    add(missed, options.missed * static_cast<double>(point.missed));
    add(alarms, options.false_alarm * static_cast<double>(point.false_alarms));
    add(unsure, options.unsure * static_cast<double>(point.unsure));
  }
  LineChart chart{.title = "Cost by " + name,
                  .x = {.name = name, .low = 0, .high = 1},
                  .y = {.name = "cost per 100 labelled faces", .low = 0},
                  .series = {std::move(all), std::move(missed), std::move(alarms), std::move(unsure)},
                  .width = 560,
                  .height = 400};
  chart.lines.push_back({.kind = ReferenceLine::Kind::kVertical,
                         .at = choice.best.*axis,
                         .name = fmt::format("chosen: {:g}", choice.best.*axis)});
  return chart;
}

nlohmann::ordered_json ToJson(const CostPoint& point) {
  return {{"score", point.score},
          {"confidence", point.confidence},
          {"missed_violations", point.missed},
          {"false_alarms", point.false_alarms},
          {"unsure", point.unsure},
          {"cost", point.cost}};
}

}  // namespace

Table CostTable(const CostChoice& choice) {
  Table table{"",
              {"thresholds", "score", "unsure below", "missed violations", "false alarms", "unsure",
               "cost per 100 faces (95 %)"},
              {}};
  const auto add = [&](const char* name, const CostPoint& point, const Estimate& cost) {
    table.rows.push_back({name, point.score, point.confidence, static_cast<double>(point.missed),
                          static_cast<double>(point.false_alarms), static_cast<double>(point.unsure),
                          CostPer100(cost)});
  };
  add("present", choice.present, choice.present_cost);
  add("chosen", choice.best, choice.best_cost);
  return table;
}

std::string CostText(const CostChoice& choice, const CostOptions& options) {
  std::string text = fmt::format(
      "Where a missed violation costs {:g}, a false alarm {:g} and a look at an unsure face {:g}, a detector score "
      "from "
      "{:g}",
      options.missed, options.false_alarm, options.unsure, choice.best.score);
  if (options.choose_confidence)
    text += fmt::format(" and “unsure” below a confidence of {:g}", choice.best.confidence);
  text += fmt::format(
      " cost least on these {} pictures with {} faces, {} of them violations: {:.2f} per 100 faces in "
      "place of {:.2f}; saved {}.",
      choice.pictures, choice.faces, choice.violations, choice.best_cost.value, choice.present_cost.value,
      CostPer100(choice.saved));
  if (choice.saved.interval.low <= 0) {
    text += " The interval of what is saved holds 0: on other pictures the present thresholds may be as good.";
  }
  return text;
}

LineChart CostByScore(const CostChoice& choice, const CostOptions& options) {
  return MakeChart(choice.by_score, &CostPoint::score, "detector score threshold", choice, options);
}

LineChart CostByConfidence(const CostChoice& choice, const CostOptions& options) {
  return MakeChart(choice.by_confidence, &CostPoint::confidence, "confidence below which a face is unsure", choice,
                   options);
}

Page CostPage(const CostChoice& choice, const CostOptions& options, const std::string& subtitle) {
  Page page{.title = "Thresholds by cost", .subtitle = subtitle};
  page.lead.push_back(CostText(choice, options));
  PageSection section{"Present and chosen", {CostTable(choice)}};
  section.blocks.push_back(Paragraph{
      "Violation: a face labelled incorrect or none. Missed: not found, or called correct. False alarm: called "
      "incorrect "
      "or none, for a face labelled correct or for no labelled face. Unsure: somebody looks, so that it is neither. "
      "The "
      "thresholds were chosen on these very pictures, so that they cost a little more on others; intervals are over "
      "groups of pictures at the thresholds chosen."});
  page.sections.push_back(std::move(section));
  PageSection curves{"Curves",
                     {FigureOf(CostByScore(choice, options), "At the chosen confidence.", "cost_by_score.csv")}};
  if (options.choose_confidence) {
    curves.blocks.push_back(
        FigureOf(CostByConfidence(choice, options), "At the chosen score.", "cost_by_confidence.csv"));
  }
  page.sections.push_back(std::move(curves));
  return page;
}

nlohmann::ordered_json ToJson(const CostChoice& choice, const CostOptions& options) {
  return {{"schema", "maskscope.cost-thresholds/1"},
          {"costs", {{"missed", options.missed}, {"false_alarm", options.false_alarm}, {"unsure", options.unsure}}},
          {"pictures", choice.pictures},
          {"faces", choice.faces},
          {"violations", choice.violations},
          {"present", ToJson(choice.present)},
          {"chosen", ToJson(choice.best)},
          {"cost_per_100_faces",
           {{"present", ToJson(choice.present_cost)},
            {"chosen", ToJson(choice.best_cost)},
            {"saved", ToJson(choice.saved)}}}};
}

}  // namespace maskscope
