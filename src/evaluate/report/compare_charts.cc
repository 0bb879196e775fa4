#include "evaluate/report/compare_charts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "evaluate/curves.h"
#include "evaluate/protocols.h"
#include "report/palette.h"

namespace maskscope {

BarChart NumbersChart(const SystemComparison& comparison) {
  BarChart chart{.title = "Side by side",
                 .category_name = "",
                 .y = {.name = "share", .low = 0, .high = 1},
                 .width = 1100,
                 .height = 400};
  for (const ComparedNumber& number : comparison.numbers) chart.categories.push_back(number.name);
  for (size_t s = 0; s < comparison.names.size(); ++s) {
    BarSeries series{.name = comparison.names[s]};
    for (const ComparedNumber& number : comparison.numbers) {
      series.values.push_back(number.of_system[s].value);
      series.low.push_back(number.of_system[s].interval.low);
      series.high.push_back(number.of_system[s].interval.high);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

LineChart FaceCurves(const SystemComparison& comparison, const SceneScoreOptions& options) {
  LineChart chart{.title = "Precision and recall, faces",
                  .x = {.name = "recall", .low = 0, .high = 1},
                  .y = {.name = "precision", .low = 0, .high = 1},
                  .width = 640,
                  .height = 440};
  for (size_t s = 0; s < comparison.names.size(); ++s) {
    const SceneView& view = comparison.views[s];
    const ClassCurves curves =
        MakeCurves(view, ListKind::kFace, Resampler(view.Groups(), std::min(options.resamples, 200), options.seed));
    Series series{.name = comparison.names[s], .x = curves.recall_grid};
    for (const Estimate& one : curves.precision_at_recall) series.y.push_back(one.value);
    chart.series.push_back(std::move(series));
  }
  return chart;
}

PanelGrid RunningPanels(const SystemComparison& comparison, const SceneScoreOptions& options) {
  const auto empty = [](const char* title, const char* y) {
    return LineChart{.title = title,
                     .x = {.name = "pictures with labelled faces"},
                     .y = {.name = y, .low = 0},
                     .width = 540,
                     .height = 380};
  };
  LineChart running = empty("Running accuracy of RICE2021", "right detections / faces so far");
  LineChart strict = empty("One detection a face", "found and state right / faces so far");
  for (size_t s = 0; s < comparison.names.size(); ++s) {
    const std::vector<RunningPoint> points = RunningAccuracyOf(comparison.views[s], options.iou);
    // A system of faces alone says no state: it has no accuracy of them.
    if (points.empty() || points.back().running == 0) continue;
    Series loose{.name = comparison.names[s], .x = {}, .y = {}, .hue = static_cast<Hue>(1 + s % kHues)};
    loose.dashed = s >= kHues;
    Series exact = loose;
    for (size_t i = 0; i < points.size(); ++i) {
      loose.x.push_back(static_cast<double>(i + 1));
      loose.y.push_back(points[i].running);
      exact.y.push_back(points[i].strict);
    }
    exact.x = loose.x;
    running.series.push_back(std::move(loose));
    strict.series.push_back(std::move(exact));
  }
  return {.title = "Accuracy over the pictures so far",
          .panels = {std::move(running), std::move(strict)},
          .columns = 2,
          .shared_legend = true};
}

}  // namespace maskscope
