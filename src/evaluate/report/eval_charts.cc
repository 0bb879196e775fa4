#include "evaluate/report/eval_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "report/metrics_charts.h"

namespace maskscope {
namespace {

Hue HueOf(const std::string& list) {
  if (list == "correct" || list == "mask") return Hue::kGreen;
  if (list == "incorrect") return Hue::kOrange;
  if (list == "none" || list == "no mask") return Hue::kPink;
  return Hue::kBlue;
}

void AddBand(const std::vector<Estimate>& estimates, Series& series) {
  for (const Estimate& one : estimates) {
    series.y.push_back(one.value);
    series.low.push_back(one.interval.low);
    series.high.push_back(one.interval.high);
  }
}

LineChart PrChart(const Measurements& m, const std::string& title, const std::vector<std::string>& lists) {
  LineChart chart{.title = title,
                  .x = {.name = "recall", .low = 0, .high = 1},
                  .y = {.name = "precision", .low = 0, .high = 1},
                  .width = 560,
                  .height = 420};
  for (const ClassCurves& curves : m.curves) {
    if (std::find(lists.begin(), lists.end(), curves.name) == lists.end() || !curves.ap.defined()) continue;
    Series series{.name = fmt::format("{}, AP50 {:.1f} % ({} faces)", curves.name, 100 * curves.ap.value, curves.faces),
                  .x = curves.recall_grid,
                  .hue = HueOf(curves.name)};
    AddBand(curves.precision_at_recall, series);
    chart.series.push_back(std::move(series));
  }
  return chart;
}

LineChart ThresholdChart(const ClassCurves& curves, std::optional<double> used) {
  LineChart chart{
      .title = fmt::format("{}: best F1 {:.1f} % at {:.2f}", curves.name,
                           100 * curves
                                     .f1[static_cast<size_t>(std::lround(curves.best_threshold *
                                                                         static_cast<double>(curves.f1.size() - 1)))]
                                     .value,
                           curves.best_threshold),
      .x = {.name = "score threshold", .low = 0, .high = 1},
      .y = {.name = "", .low = 0, .high = 1},
      .width = 460,
      .height = 320};
  const std::vector<std::pair<const char*, const std::vector<Estimate>*>> all{
      {"precision", &curves.precision}, {"recall", &curves.recall}, {"F1", &curves.f1}};
  for (const auto& [name, estimates] : all) {
    Series series{.name = name, .x = curves.thresholds};
    AddBand(*estimates, series);
    chart.series.push_back(std::move(series));
  }
  if (used) {
    chart.lines.push_back({.kind = ReferenceLine::Kind::kVertical, .at = *used, .name = "threshold of the answers"});
  }
  return chart;
}

CountTable ToCountTable(const Measurements& m) {
  CountTable table;
  table.rows = {"correct", "incorrect", "none", m.view.crops ? "not a face" : "no face"};
  table.columns = {"correct", "incorrect", "none", "unsure"};
  if (!m.view.crops) table.columns.push_back("not found");
  for (size_t r = 0; r < AnswerCounts::kRows; ++r) {
    table.counts.emplace_back();
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const bool impossible = r == AnswerCounts::kNoFaceRow && c == AnswerCounts::kMissedColumn;
      table.counts.back().push_back(impossible ? -1 : m.answers.counts[r][c]);
    }
  }
  return table;
}

// One above the other, each with a scale of its own: mistakes are few beside what is right.
PanelGrid TwoHistograms(const std::string& title, const std::string& x,
                        const std::vector<std::pair<std::string, std::vector<double>>>& groups) {
  PanelGrid grid{.title = title, .columns = 1};
  for (const auto& [name, values] : groups) {
    Histogram chart{.title = "",
                    .x = {.name = x, .low = 0, .high = 1},
                    .y_name = "faces",
                    .edges = EvenEdges(0, 1, 25),
                    .width = 520,
                    .height = 220};
    chart.series.push_back({.name = fmt::format("{} ({})", name, values.size()),
                            .counts = CountInBins(values, chart.edges),
                            .hue = grid.panels.empty() ? Hue::kBlue : Hue::kOrange});
    grid.panels.push_back(std::move(chart));
  }
  return grid;
}

}  // namespace

std::string ToSvg(const NamedChart& chart) {
  return std::visit([](const auto& one) { return ToSvg(one); }, chart.chart);
}
std::string ToCsv(const NamedChart& chart) {
  return std::visit([](const auto& one) { return ToCsv(one); }, chart.chart);
}

std::vector<NamedChart> CurveCharts(const Measurements& m, std::optional<double> score_threshold) {
  std::vector<NamedChart> charts;
  const std::string how =
      " Precision at each recall is the best at this recall or more; bands are 95 % intervals by bootstrap over groups "
      "of pictures.";
  if (m.states) {
    charts.push_back({"precision_recall_states",
                      Chart(PrChart(m, "Precision and recall, three states", {"correct", "incorrect", "none"})),
                      "Sets that have all three states." + how});
    charts.push_back({"precision_recall_mask",
                      Chart(PrChart(m, "Precision and recall, mask / no mask", {"mask", "no mask"})),
                      "All sets; faces labelled incorrect are ignored." + how});
  }
  if (!m.view.crops) {
    charts.push_back({"precision_recall_face", Chart(PrChart(m, "Precision and recall, faces", {"face"})),
                      "Faces whatever their state." + how});
  }
  PanelGrid grid{.title = "Precision, recall and F1 against the threshold", .shared_legend = false};
  for (const ClassCurves& curves : m.curves) {
    if (!curves.ap.defined()) continue;
    grid.panels.push_back(ThresholdChart(curves, curves.name == "face" ? score_threshold : std::nullopt));
  }
  if (!grid.panels.empty()) {
    grid.columns = std::min<int>(3, static_cast<int>(grid.panels.size()));
    charts.push_back({"thresholds", std::move(grid),
                      m.view.crops ? "The score of a list is the probability of its state."
                                   : "The score of “face” is the detector's; of a state, detector score times the "
                                     "probability of the state; of mask / no mask, times p / (p(correct) + p(none))."});
  }
  return charts;
}

std::vector<NamedChart> ConfusionCharts(const Measurements& m) {
  if (!m.states) return {};
  const CountTable table = ToCountTable(m);
  const auto make = [&](ConfusionShare share, const char* title) {
    MatrixChart chart = CountChart(table, share);
    chart.title = title;
    chart.row_name = "labelled";
    chart.column_name = "called";
    chart.width = 520;
    chart.height = 400;
    return chart;
  };
  return {{"confusion_counts", Chart(make(ConfusionShare::kCounts, "Counts")), ""},
          {"confusion_rows", Chart(make(ConfusionShare::kOfActual, "Share of each row")),
           "What becomes of the faces of each label."},
          {"confusion_columns", Chart(make(ConfusionShare::kOfPredicted, "Share of each column")),
           "What lies behind each answer: the diagonal is how far it can be trusted."}};
}

std::vector<NamedChart> CalibrationCharts(const Measurements& m) {
  const Calibration& c = m.calibration;
  if (!m.states || !c.says_confidence) return {};
  std::vector<NamedChart> charts;
  const auto text = [](const Estimate& error) {
    return fmt::format("Expected calibration error {:.2f} % (95 %: {:.2f}–{:.2f}), 15 bins, {} faces.",
                       100 * error.value, 100 * error.interval.low, 100 * error.interval.high, error.count);
  };
  if (!c.before.empty()) {
    PanelGrid before = ReliabilityDiagram(c.before, c.right);
    before.title = "Before temperature scaling";
    charts.push_back({"reliability_before", std::move(before), text(c.error_before)});
  }
  PanelGrid after = ReliabilityDiagram(c.confidence, c.right);
  after.title =
      c.before.empty() ? "As predicted" : fmt::format("With the model's temperature of {:.3g}", c.temperature);
  charts.push_back({"reliability", std::move(after), text(c.error)});
  return charts;
}

std::vector<NamedChart> HistogramCharts(const Measurements& m) {
  std::vector<double> hit, no_hit, right, wrong;
  for (const FaceRow& row : m.rows) {
    if (row.detection < 0 || row.kind == FaceRow::Kind::kIgnored) continue;
    const FaceResult& found = *DetectionOf(m.view, row);
    (row.kind == FaceRow::Kind::kFound ? hit : no_hit).push_back(found.score);
    if (!IsJudged(m.view, row)) continue;
    (row.predicted.best == *TruthOf(m.view, row)->state ? right : wrong).push_back(found.confidence);
  }
  std::vector<NamedChart> charts;
  if (!m.view.crops) {
    charts.push_back({"detector_scores",
                      TwoHistograms("Detector score of what is shown", "detector score",
                                    {{"labelled faces", hit}, {"false detections", no_hit}}),
                      "Faces that nobody labelled count as false detections."});
  }
  if (m.states && m.calibration.says_confidence) {
    charts.push_back({"confidence",
                      TwoHistograms("Confidence in the state", "probability of the likeliest state",
                                    {{"right", right}, {"wrong", wrong}}),
                      "Labelled faces that were found."});
  }
  return charts;
}

std::vector<NamedChart> SliceCharts(const Measurements& m) {
  std::vector<NamedChart> charts;
  for (const ScoredAxis& axis : m.slices) {
    BarChart chart{.title = "By " + axis.name,
                   .category_name = axis.name + " (labelled faces)",
                   .y = {.name = "share", .low = 0, .high = 1},
                   .width = 640,
                   .height = 340};
    const auto add = [&](const char* name, Estimate SliceScores::*member, Hue hue) {
      BarSeries series{.name = name, .hue = hue};
      bool any = false;
      for (const SliceScores& part : axis.parts) {
        const Estimate& one = part.*member;
        series.values.push_back(one.value);
        series.low.push_back(one.interval.low);
        series.high.push_back(one.interval.high);
        any = any || one.defined();
      }
      if (any) chart.series.push_back(std::move(series));
    };
    for (const SliceScores& part : axis.parts)
      chart.categories.push_back(fmt::format("{} ({})", part.name, part.faces));
    if (axis.file == "occluder") {
      add("found", &SliceScores::found, Hue::kBlue);
      add("found, called correct (missed violation)", &SliceScores::bare_as_mask, Hue::kOrange);
    } else {
      add("face AP50", &SliceScores::face_ap, Hue::kBlue);
      add(m.view.crops ? "state right" : "found and state right", &SliceScores::right, Hue::kGreen);
      add("bare faces called correct", &SliceScores::bare_as_mask, Hue::kOrange);
    }
    charts.push_back({"by_" + axis.file, Chart(std::move(chart)), axis.note});
  }
  return charts;
}

std::vector<NamedChart> RunningCharts(const Measurements& m) {
  if (m.running.empty()) return {};
  Series running{
      .name = fmt::format("running accuracy (RICE2021): {:.1f} % in the end", 100 * m.running.back().running),
      .hue = Hue::kOrange};
  Series strict{.name = fmt::format("strict, one detection a face: {:.1f} %", 100 * m.running.back().strict),
                .hue = Hue::kBlue};
  for (size_t i = 0; i < m.running.size(); ++i) {
    running.x.push_back(static_cast<double>(i + 1));
    running.y.push_back(m.running[i].running);
    strict.x.push_back(static_cast<double>(i + 1));
    strict.y.push_back(m.running[i].strict);
  }
  LineChart chart{.title = "Accuracy over the pictures so far",
                  .x = {.name = "pictures with labelled faces"},
                  .y = {.name = "right / faces so far", .low = 0},
                  .series = {std::move(running), std::move(strict)},
                  .width = 640,
                  .height = 360};
  return {
      {"running_accuracy", Chart(std::move(chart)),
       "RICE2021 counts detections whose state is that of a face they overlap (IoU 0.5), two on one face twice: its "
       "curve may exceed 1. Both stand on the likeliest state; a state that a set does not have counts as wrong "
       "here."}};
}

}  // namespace maskscope
