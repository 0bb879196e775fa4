#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "evaluate/eval_report.h"

namespace maskscope {
namespace {

using SceneRow = std::function<std::string(const SceneScores&)>;

struct SceneLine {
  std::string name;
  SceneRow value;
};

// One line a quantity, one column a set.
Table Transposed(const std::vector<SceneScores>& scores, const std::vector<SceneLine>& rows) {
  Table table{"", {"percent (95 %)"}, {}};
  for (const SceneScores& one : scores) table.columns.push_back(one.name);
  for (const SceneLine& line : rows) {
    std::vector<TableCell> row{line.name};
    for (const SceneScores& one : scores) row.emplace_back(line.value(one));
    table.rows.push_back(std::move(row));
  }
  return table;
}

SceneRow Show(Estimate SceneScores::*member) {
  return [member](const SceneScores& scores) { return PercentText(scores.*member); };
}

SceneRow Show(std::array<Estimate, kMaskStates> SceneScores::*member, size_t state) {
  return [member, state](const SceneScores& scores) { return PercentText((scores.*member)[state]); };
}

std::string StateName(size_t state) { return std::string(MaskStateName(static_cast<MaskState>(state))); }

std::string ConfusionTable(const ConfusionMatrix& matrix) {
  Table table{"", {"labelled, called", "correct", "incorrect", "none", "unsure"}, {}};
  for (int actual = 0; actual < kMaskStates; ++actual) {
    std::vector<TableCell> row{StateName(static_cast<size_t>(actual))};
    for (int called = 0; called <= kMaskStates; ++called)
      row.emplace_back(static_cast<double>(matrix.at(actual, called)));
    table.rows.push_back(std::move(row));
  }
  return ToMarkdown(table) + "\n";
}

}  // namespace

std::string PercentText(const Estimate& estimate) {
  if (!estimate.defined()) return "–";
  return fmt::format("{:.1f} ({:.1f}–{:.1f})", 100 * estimate.value, 100 * estimate.interval.low,
                     100 * estimate.interval.high);
}

std::string SceneRules(const SceneScoreOptions& options, bool states) {
  std::string text = fmt::format("Average precision as in VOC 2010 at IoU {:.2f}", options.iou);
  for (const std::string& set : options.centre_hit_sets) text += fmt::format(" ({}: by centre hit)", set);
  text += fmt::format(
      "; the size of a face is the height of its box; intervals by bootstrap over picture groups ({} draws). Average "
      "precision is "
      "computed from detections of a low score, everything else from the answers at the settings measured. Faces "
      "marked difficult "
      "are ignored.",
      options.resamples);
  if (states) {
    text +=
        " A detection stands in the list of its likeliest state with detector score x probability. Mask / no mask: "
        "incorrect left out "
        "of the choice (score x p / (p(correct) + p(none))), faces labelled incorrect ignored. Sets without the class "
        "incorrect: a "
        "face called so is neither right nor wrong in state. Strict: unsure is not right; otherwise the likeliest "
        "state counts.";
  }
  return text;
}

Table SceneTable(const std::vector<SceneScores>& scores, const SceneScoreOptions& options) {
  std::vector<SceneLine> rows;
  const auto add = [&](std::string name, SceneRow value) { rows.push_back({std::move(name), std::move(value)}); };
  add("pictures", [](const SceneScores& s) { return std::to_string(s.pictures); });
  add("faces (ignored)", [](const SceneScores& s) { return fmt::format("{} ({})", s.faces, s.ignored); });
  add("face AP50", Show(&SceneScores::face_ap));
  add("face AP50, 16 px and more", Show(&SceneScores::face_ap_16));
  add("face AP50, 32 px and more", Show(&SceneScores::face_ap_32));
  add("faces found", Show(&SceneScores::recall));
  add("detections that are faces", Show(&SceneScores::precision));
  const bool states = std::any_of(scores.begin(), scores.end(), [](const SceneScores& s) { return s.states; });
  if (states) {
    add("AP50 mask", Show(&SceneScores::mask_ap));
    add("AP50 no mask", Show(&SceneScores::no_mask_ap));
    add("AP50 mask, 16 px and more", Show(&SceneScores::mask_ap_16));
    add("AP50 no mask, 16 px and more", Show(&SceneScores::no_mask_ap_16));
    for (size_t s = 0; s < kMaskStates; ++s) add("AP50 " + StateName(s), Show(&SceneScores::state_ap, s));
    add("right over all faces", Show(&SceneScores::right));
    add("right over all faces, strict", Show(&SceneScores::right_strict));
    add("right over faces of 16 px and more", Show(&SceneScores::right_16));
    add("state right, faces found", Show(&SceneScores::state_accuracy));
    for (size_t s = 0; s < kMaskStates; ++s) add("F1 " + StateName(s), Show(&SceneScores::f1, s));
    add("F1 incorrect, strict", Show(&SceneScores::f1_strict, 1));
    const std::string large = fmt::format(", {:g} px and more", options.large_face);
    add("F1 incorrect" + large, Show(&SceneScores::f1_large, 1));
    add("F1 incorrect" + large + ", strict", Show(&SceneScores::f1_large_strict, 1));
    add("called incorrect without class (faces)",
        [](const SceneScores& s) { return std::to_string(s.incorrect_without_class); });
    add("unsure (faces found)", [](const SceneScores& s) { return std::to_string(s.unsure); });
    add("calibration error", [](const SceneScores& s) {
      return std::isnan(s.calibration_error) ? "–" : fmt::format("{:.1f}", 100 * s.calibration_error);
    });
  }
  return Transposed(scores, rows);
}

std::string SceneMarkdown(const std::vector<SceneScores>& scores, const SceneScoreOptions& options) {
  const bool states = std::any_of(scores.begin(), scores.end(), [](const SceneScores& s) { return s.states; });
  std::string text = ToMarkdown(SceneTable(scores, options)) + "\n" + SceneRules(options, states) + "\n\n";
  for (const SceneScores& one : scores) {
    if (one.states) text += "Faces found, " + one.name + ":\n\n" + ConfusionTable(one.confusion);
  }
  return text;
}

CropTables MakeCropTables(const std::vector<CropScores>& scores) {
  CropTables tables;
  tables.faces = {"",
                  {"crops, percent (95 %)", "crops", "accuracy", "strict", "mask / no mask", "F1 correct",
                   "F1 incorrect", "F1 none", "unsure"},
                  {}};
  tables.others = {
      "", {"not faces", "crops", "called correct", "called incorrect", "called none", "of them unsure"}, {}};
  for (const CropScores& one : scores) {
    const double crops = static_cast<double>(one.crops), unsure = static_cast<double>(one.unsure);
    if (one.faces) {
      tables.faces.rows.push_back({one.name, crops, PercentText(one.accuracy), PercentText(one.accuracy_strict),
                                   PercentText(one.two_class_accuracy), PercentText(one.f1[0]), PercentText(one.f1[1]),
                                   PercentText(one.f1[2]), unsure});
    } else {
      tables.others.rows.push_back({one.name, crops, static_cast<double>(one.called[0]),
                                    static_cast<double>(one.called[1]), static_cast<double>(one.called[2]), unsure});
    }
  }
  return tables;
}

std::string CropMarkdown(const std::vector<CropScores>& scores) {
  const CropTables tables = MakeCropTables(scores);
  std::string text;
  if (!tables.faces.rows.empty()) text += ToMarkdown(tables.faces) + "\n" + kCropRules + std::string("\n\n");
  if (!tables.others.rows.empty()) text += ToMarkdown(tables.others) + "\n";
  for (const CropScores& one : scores) {
    if (one.faces) text += "Crops, " + one.name + ":\n\n" + ConfusionTable(one.confusion);
  }
  return text;
}

}  // namespace maskscope
