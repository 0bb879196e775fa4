#include "evaluate/report/compare_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/atomic_folder.h"
#include "base/threads.h"
#include "evaluate/eval_report.h"
#include "evaluate/report/compare_charts.h"
#include "evaluate/report/evaluation_report.h"
#include "image/decode.h"
#include "image/draw.h"
#include "image/encode.h"
#include "image/transform.h"
#include "report/chart.h"
#include "report/html_page.h"

namespace maskscope {
namespace {

constexpr int kTileHeight = 220, kWidestTile = 360, kGap = 6;  // pixels
constexpr Color kRight{0, 158, 115}, kWrong{213, 94, 0}, kFalse{86, 180, 233}, kMissed{240, 228, 66};

std::string Mark(const Estimate& difference) {
  switch (Judge(difference)) {
    case Comparison::kBetter:
      return " ▲";
    case Comparison::kWorse:
      return " ▼";
    case Comparison::kNotTold:
    case Comparison::kUndefined:
      break;
  }
  return "";
}

std::string DifferenceText(const Estimate& difference) {
  if (!difference.defined()) return "–";
  return fmt::format("{:+.1f} ({:+.1f} to {:+.1f}){}", 100 * difference.value, 100 * difference.interval.low,
                     100 * difference.interval.high, Mark(difference));
}

Table DifferenceTable(const SystemComparison& comparison) {
  Table table{"Points more than " + comparison.names[0] + " (95 %)", {"number"}, {}};
  table.columns.insert(table.columns.end(), comparison.names.begin() + 1, comparison.names.end());
  for (const ComparedNumber& number : comparison.numbers) {
    std::vector<TableCell> row{number.name};
    for (size_t s = 1; s < comparison.names.size(); ++s) row.emplace_back(DifferenceText(number.difference[s]));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// One system's answers on one picture.
Image DrawAnswers(const Image& image, const SceneView& view, const std::vector<FaceRow>& rows, int picture) {
  const float scale = std::min(static_cast<float>(kTileHeight) / static_cast<float>(image.height),
                               static_cast<float>(kWidestTile) / static_cast<float>(image.width));
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(static_cast<float>(side) * scale)); };
  Image tile = Resize(image, scaled(image.width), scaled(image.height));
  const auto draw = [&](const Box& box, Color color) {
    DrawBox(tile, {box.x1 * scale, box.y1 * scale, box.x2 * scale, box.y2 * scale}, color, 2);
  };
  for (const FaceRow& row : rows) {
    if (row.picture != picture || row.kind == FaceRow::Kind::kIgnored) continue;
    if (row.kind == FaceRow::Kind::kMissed) {
      draw(TruthOf(view, row)->box, kMissed);
      continue;
    }
    const Box& box = DetectionOf(view, row)->box;
    if (row.kind == FaceRow::Kind::kFalse) {
      draw(box, kFalse);
      continue;
    }
    const std::optional<MaskState>& state = TruthOf(view, row)->state;
    const bool judged = row.predicted.known && state && *state != MaskState::kIncorrect;
    draw(box, !judged || row.predicted.mask() == (*state == MaskState::kCorrect) ? kRight : kWrong);
  }
  return tile;
}

std::string ScoreText(const std::string& name, const PictureScore& score) {
  std::string text = fmt::format("{}: {} of {} right", name, score.right, score.faces);
  if (score.wrong > 0) text += fmt::format(", {} wrong", score.wrong);
  if (score.false_detections > 0) text += fmt::format(", {} false", score.false_detections);
  return text;
}

class Pictures {
 public:
  Pictures(const SystemComparison& comparison, const CompareReportOptions& options)
      : comparison_(comparison), options_(options) {
    for (const SceneView& view : comparison.views) rows_.push_back(MatchAnswers(view));
  }

  // Where system `s` does better than the first, or worse, most so first.
  PageSection Section(size_t s, bool better) const {
    const auto& first = comparison_.pictures[0];
    const auto& other = comparison_.pictures[s];
    std::vector<size_t> order;
    for (size_t i = 0; i < first.size(); ++i) {
      const int gain = other[i].merit() - first[i].merit();
      if (better ? gain > 0 : gain < 0) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::abs(other[a].merit() - first[a].merit()) > std::abs(other[b].merit() - first[b].merit());
    });
    const size_t count = std::min(order.size(), static_cast<size_t>(options_.pictures));
    PageSection section{fmt::format("{} is {} than {} on {} pictures", comparison_.names[s],
                                    better ? "better" : "worse", comparison_.names[0], order.size()),
                        {},
                        3};
    Gallery gallery;
    gallery.pictures.resize(count);
    ParallelFor(count, options_.workers, [&](size_t k) { gallery.pictures[k] = Tile(order[k], s); });
    section.blocks.push_back(Paragraph{count < order.size() ? fmt::format("The {} that differ most.", count)
                                                            : fmt::format("All {}.", count)});
    section.blocks.push_back(std::move(gallery));
    return section;
  }

 private:
  Picture Tile(size_t picture, size_t s) const {
    const LabelledImage& labelled = *comparison_.view.pictures[picture].truth;
    const Image image = ReadImage(labelled.path).image;
    const int at = static_cast<int>(picture);
    const Image left = DrawAnswers(image, comparison_.views[0], rows_[0], at);
    const Image right = DrawAnswers(image, comparison_.views[s], rows_[s], at);
    Image tile(left.width + kGap + right.width, left.height, 128);
    Paste(left, 0, 0, tile);
    Paste(right, left.width + kGap, 0, tile);
    const std::string name = labelled.name.empty() ? labelled.path.filename().string() : labelled.name;
    return {.bytes = EncodeJpeg(tile, 80),
            .alt = name,
            .caption = fmt::format("{}: {}. {}; {}", labelled.set, name,
                                   ScoreText(comparison_.names[0], comparison_.pictures[0][picture]),
                                   ScoreText(comparison_.names[s], comparison_.pictures[s][picture])),
            .width = tile.width};
  }

  const SystemComparison& comparison_;
  const CompareReportOptions& options_;
  std::vector<std::vector<FaceRow>> rows_;
};

// A paragraph a system.
std::vector<std::string> Lead(const SystemComparison& comparison) {
  std::vector<std::string> lead;
  for (size_t s = 1; s < comparison.names.size(); ++s) {
    std::vector<std::string> better, worse;
    for (const ComparedNumber& number : comparison.numbers) {
      const Comparison what = Judge(number.difference[s]);
      if (what == Comparison::kBetter) better.push_back(number.name);
      if (what == Comparison::kWorse) worse.push_back(number.name);
    }
    std::string text = fmt::format("{} against {}: ", comparison.names[s], comparison.names[0]);
    if (better.empty() && worse.empty()) text += "not told apart by any number";
    if (!better.empty()) text += fmt::format("better in {} ({})", better.size(), fmt::join(better, ", "));
    if (!better.empty() && !worse.empty()) text += "; ";
    if (!worse.empty()) text += fmt::format("worse in {} ({})", worse.size(), fmt::join(worse, ", "));
    lead.push_back(text + ".");
  }
  return lead;
}

}  // namespace

Table ComparisonTable(const SystemComparison& comparison, const std::vector<SystemRun>& runs) {
  Table table{"", {"percent (95 %)"}, {}};
  table.columns.insert(table.columns.end(), comparison.names.begin(), comparison.names.end());
  for (const ComparedNumber& number : comparison.numbers) {
    std::vector<TableCell> row{number.name};
    for (size_t s = 0; s < runs.size(); ++s) {
      row.emplace_back(PercentText(number.of_system[s]) + Mark(number.difference[s]));
    }
    table.rows.push_back(std::move(row));
  }
  std::vector<TableCell> speed{"pictures per second"};
  for (const SystemRun& run : runs) {
    speed.emplace_back(std::isnan(run.pictures_per_second) ? "–" : fmt::format("{:.1f}", run.pictures_per_second));
  }
  table.rows.push_back(std::move(speed));
  return table;
}

std::string ComparisonLegend(const SystemComparison& comparison, const SceneScoreOptions& options) {
  return fmt::format(
      "▲ better and ▼ worse than {} on the same pictures: the 95 % interval of the difference (paired bootstrap over "
      "groups of pictures, {} draws) does not hold 0; no mark: not told apart. AP50 is PASCAL VOC 2010's at IoU "
      "{:.2f}, "
      "from detections of a low score; the rest is of the answers. States that a system does not know stand with a "
      "dash. "
      "Speed: measured in this run, the systems taking turns.",
      comparison.names[0], options.resamples, options.iou);
}

nlohmann::ordered_json ToJson(const SystemComparison& comparison, const std::vector<SystemRun>& runs) {
  nlohmann::ordered_json json{{"schema", "maskscope.comparison/1"},
                              {"pictures", comparison.view.pictures.size()},
                              {"systems", nlohmann::ordered_json::array()}};
  for (size_t s = 0; s < runs.size(); ++s) {
    nlohmann::ordered_json numbers = nlohmann::ordered_json::object(), differences = numbers;
    for (const ComparedNumber& number : comparison.numbers) {
      numbers[number.name] = ToJson(number.of_system[s]);
      if (s > 0) differences[number.name] = ToJson(number.difference[s]);
    }
    const double speed = runs[s].pictures_per_second;
    json["systems"].push_back(
        {{"name", runs[s].name},
         {"settings", runs[s].settings},
         {"pictures_per_second", std::isnan(speed) ? nlohmann::ordered_json() : nlohmann::ordered_json(speed)},
         {"numbers", numbers},
         {"more_than_the_first", s > 0 ? differences : nlohmann::ordered_json()}});
  }
  return json;
}

void WriteComparison(const SystemComparison& comparison, const std::vector<SystemRun>& runs,
                     const SceneScoreOptions& score_options, const CompareReportOptions& options,
                     const nlohmann::ordered_json& json, const std::filesystem::path& target) {
  RequireReplaceable(target, kReportMarker);
  AtomicFolder folder(target);
  Page page{.title = "Systems side by side", .subtitle = options.subtitle};
  page.lead = Lead(comparison);
  const Table table = ComparisonTable(comparison, runs);
  page.sections.push_back({"Numbers", {table, Paragraph{ComparisonLegend(comparison, score_options)}}});
  const BarChart bars = NumbersChart(comparison);
  const LineChart curves = FaceCurves(comparison, score_options);
  const PanelGrid running = RunningPanels(comparison, score_options);
  page.sections.push_back({"Charts",
                           {FigureOf(bars, "With 95 % intervals.", "numbers.csv"),
                            FigureOf(curves, "Best precision at each recall or more.", "precision_recall_face.csv"),
                            FigureOf(running,
                                     "RICE2021 counts detections whose state is that of a face they overlap (IoU 0.5), "
                                     "two on one face twice: its curve may exceed 1. Both take the likeliest state; a "
                                     "state that a system does not know counts as wrong.",
                                     "running_accuracy.csv")}});
  folder.Write("plots/numbers.svg", ToSvg(bars));
  folder.Write("plots/numbers.csv", ToCsv(bars));
  folder.Write("plots/precision_recall_face.svg", ToSvg(curves));
  folder.Write("plots/precision_recall_face.csv", ToCsv(curves));
  folder.Write("plots/running_accuracy.svg", ToSvg(running));
  folder.Write("plots/running_accuracy.csv", ToCsv(running));
  folder.Write("comparison.csv", ToCsv(table));
  if (runs.size() > 1) {
    page.sections.push_back({"Is one really better?", {DifferenceTable(comparison)}});
    page.sections.push_back(
        {"Pictures on which they differ",
         {Paragraph{fmt::format("Left {}, right the other. Green: found, and right about mask or no mask; red: found, "
                                "and wrong; blue: no labelled face; yellow: missed.",
                                comparison.names[0])}}});
    const Pictures pictures(comparison, options);
    for (size_t s = 1; s < runs.size(); ++s) {
      page.sections.push_back(pictures.Section(s, true));
      page.sections.push_back(pictures.Section(s, false));
    }
  }
  Table systems{"", {"system", "settings"}, {}};
  for (const SystemRun& run : runs) systems.rows.push_back({run.name, run.settings});
  page.sections.push_back({"What was compared", {systems}});
  folder.Write("index.html", ToHtml(page));
  folder.Write(kReportMarker, json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  folder.Commit();
}

}  // namespace maskscope
