#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "evaluate/eval_report.h"

namespace maskscope {
namespace {

std::string Percent(const Estimate& estimate) {
  if (!estimate.defined()) return "–";
  return fmt::format("{:.1f} ({:.1f}–{:.1f})", 100 * estimate.value, 100 * estimate.interval.low,
                     100 * estimate.interval.high);
}

// A table whose first column is left-aligned and whose others are right-aligned, padded so that it reads as plain text
// too.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string Text() const {
    std::vector<size_t> width(rows_[0].size(), 3);
    for (const auto& row : rows_) {
      for (size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], Letters(row[c]));
    }
    std::string text;
    for (size_t r = 0; r < rows_.size(); ++r) {
      text += "|";
      for (size_t c = 0; c < width.size(); ++c) {
        const std::string padding(width[c] - Letters(rows_[r][c]), ' ');
        text += " " + (c == 0 ? rows_[r][c] + padding : padding + rows_[r][c]) + " |";
      }
      text += "\n";
      if (r == 0) text += Rule(width);
    }
    return text + "\n";
  }

 private:
  // Code points, for the dashes are not ASCII.
  static size_t Letters(const std::string& text) {
    size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
  }

  static std::string Rule(const std::vector<size_t>& width) {
    std::string text = "|";
    for (size_t c = 0; c < width.size(); ++c) {
      text += c == 0 ? std::string(width[c] + 2, '-') + "|" : std::string(width[c] + 1, '-') + ":|";
    }
    return text + "\n";
  }

  std::vector<std::vector<std::string>> rows_;
};

using SceneRow = std::function<std::string(const SceneScores&)>;

struct SceneLine {
  std::string name;
  SceneRow value;
};

// One line a quantity, one column a set.
std::string Transposed(const std::vector<SceneScores>& scores, const std::vector<SceneLine>& rows) {
  std::vector<std::string> header{"percent (95 %)"};
  for (const SceneScores& one : scores) header.push_back(one.name);
  Table table(header);
  for (const SceneLine& line : rows) {
    std::vector<std::string> row{line.name};
    for (const SceneScores& one : scores) row.push_back(line.value(one));
    table.Add(row);
  }
  return table.Text();
}

SceneRow Show(Estimate SceneScores::*member) {
  return [member](const SceneScores& scores) { return Percent(scores.*member); };
}

SceneRow Show(std::array<Estimate, kMaskStates> SceneScores::*member, size_t state) {
  return [member, state](const SceneScores& scores) { return Percent((scores.*member)[state]); };
}

std::string StateName(size_t state) { return std::string(MaskStateName(static_cast<MaskState>(state))); }

std::string ConfusionTable(const ConfusionMatrix& matrix) {
  Table table({"labelled \\ called", "correct", "incorrect", "none", "unsure"});
  for (int actual = 0; actual < kMaskStates; ++actual) {
    std::vector<std::string> row{StateName(static_cast<size_t>(actual))};
    for (int called = 0; called <= kMaskStates; ++called) row.push_back(std::to_string(matrix.at(actual, called)));
    table.Add(row);
  }
  return table.Text();
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
  return text + "\n\n";
}

}  // namespace

std::string SceneMarkdown(const std::vector<SceneScores>& scores, const SceneScoreOptions& options) {
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
    add("calibration error", [](const SceneScores& s) { return fmt::format("{:.1f}", 100 * s.calibration_error); });
  }
  std::string text = Transposed(scores, rows) + SceneRules(options, states);
  for (const SceneScores& one : scores) {
    if (one.states) text += "Faces found, " + one.name + ":\n\n" + ConfusionTable(one.confusion);
  }
  return text;
}

std::string CropMarkdown(const std::vector<CropScores>& scores) {
  Table table({"crops, percent (95 %)", "crops", "accuracy", "strict", "mask / no mask", "F1 correct", "F1 incorrect",
               "F1 none", "unsure"});
  Table others({"not faces", "crops", "called correct", "called incorrect", "called none", "of them unsure"});
  bool any_faces = false, any_others = false;
  for (const CropScores& one : scores) {
    const std::string crops = std::to_string(one.crops), unsure = std::to_string(one.unsure);
    if (one.faces) {
      any_faces = true;
      table.Add({one.name, crops, Percent(one.accuracy), Percent(one.accuracy_strict), Percent(one.two_class_accuracy),
                 Percent(one.f1[0]), Percent(one.f1[1]), Percent(one.f1[2]), unsure});
    } else {
      any_others = true;
      others.Add({one.name, crops, std::to_string(one.called[0]), std::to_string(one.called[1]),
                  std::to_string(one.called[2]), unsure});
    }
  }
  std::string text;
  if (any_faces) {
    text += table.Text() +
            "By the likeliest state; strict: unsure counts as wrong. Mask: correct and incorrect together. Intervals "
            "by bootstrap.\n\n";
  }
  if (any_others) text += others.Text();
  for (const CropScores& one : scores) {
    if (one.faces) text += "Crops, " + one.name + ":\n\n" + ConfusionTable(one.confusion);
  }
  return text;
}

}  // namespace maskscope
