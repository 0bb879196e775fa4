#include "evaluate/report/evaluation_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/atomic_folder.h"
#include "evaluate/eval_report.h"
#include "evaluate/report/eval_charts.h"
#include "evaluate/report/verdict.h"

namespace maskscope {
namespace {

Table ProtocolTable(const std::vector<ProtocolScores>& protocols) {
  Table table{"Percent (95 %)",
              {"protocol", "class", "faces", "PASCAL VOC 2010 AP (all points)", "PASCAL VOC 2007 AP (11 points)"},
              {}};
  for (const ProtocolScores& one : protocols) {
    for (size_t c = 0; c < one.classes.size(); ++c) {
      table.rows.push_back({one.name, one.classes[c], static_cast<double>(one.voc_all[c].count),
                            PercentText(one.voc_all[c]), PercentText(one.voc_11[c])});
    }
    if (one.classes.size() > 1) {
      table.rows.push_back({one.name, "mean", static_cast<double>(one.mean_voc_all.count),
                            PercentText(one.mean_voc_all), PercentText(one.mean_voc_11)});
    }
  }
  return table;
}

Table CocoTable(const std::vector<ProtocolScores>& protocols) {
  Table table{"COCO, percent (95 %)", {"number"}, {}};
  for (const ProtocolScores& one : protocols) table.columns.push_back(one.name);
  for (size_t i = 0; i < kCocoNumbers.size(); ++i) {
    std::vector<TableCell> row{std::string(kCocoNumbers[i].first)};
    for (const ProtocolScores& one : protocols) row.emplace_back(PercentText(one.coco[i]));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table SliceTable(const ScoredAxis& axis, bool crops) {
  Table table{"By " + axis.name + ", percent (95 %)", {axis.name, "faces"}, {}};
  if (!crops) table.columns.insert(table.columns.end(), {"face AP50", "found", "found and state right"});
  table.columns.insert(table.columns.end(),
                       {crops ? "state right" : "state right, of found", "bare faces called correct"});
  for (const SliceScores& part : axis.parts) {
    std::vector<TableCell> row{part.name, static_cast<double>(part.faces)};
    if (!crops) {
      row.insert(row.end(), {PercentText(part.face_ap), PercentText(part.found), PercentText(part.right)});
    }
    row.insert(row.end(), {PercentText(part.state_right), PercentText(part.bare_as_mask)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table KeyNumbers(const Measurements& m) {
  Table table{"", {"all pictures together", "percent (95 %)", "of"}, {}};
  const auto add = [&](const char* name, const Estimate& estimate, const char* unit) {
    table.rows.push_back({name, PercentText(estimate), fmt::format("{} {}", estimate.count, unit)});
  };
  if (!m.view.crops) {
    add("labelled faces found", m.overall.recall, "faces");
    add("detections that are labelled faces", m.overall.precision, "detections");
    add("face AP50", m.overall.face_ap, "faces");
  }
  if (m.states) {
    if (!m.view.crops) {
      add("found and state right", m.overall.right, "faces");
      add("the same, unsure counted as wrong", m.overall.right_strict, "faces");
    }
    add(m.view.crops ? "state right" : "state right, of faces found", m.overall.state_accuracy, "faces");
    for (size_t s = 0; s < kMaskStates; ++s) {
      table.rows.push_back({"F1 " + std::string(MaskStateName(static_cast<MaskState>(s))), PercentText(m.overall.f1[s]),
                            fmt::format("{} faces", m.overall.f1[s].count)});
    }
  }
  return table;
}

std::string ConfusionText(const Measurements& m) {
  const AnswerCounts& a = m.answers;
  std::string text =
      "Rows: what was labelled. Columns: what was said; “unsure” is what the program says where a face is "
      "too small, blurred, or the state not certain enough. ";
  if (m.view.crops) {
    return text + "Row “not a face”: crops known to show none, which a classifier has to call something.";
  }
  text += fmt::format(
      "The last row is background: detections on which no labelled face lies (IoU below {:.2f}, or a second detection "
      "of "
      "one face). The last column: labelled faces that were not found. A picture without any labelled face takes part "
      "like the others: {} such {}, with {} false detections on {} of them. Ignored faces stand nowhere",
      m.options.iou, a.pictures_without_faces, a.pictures_without_faces == 1 ? "picture" : "pictures", a.false_on_these,
      a.of_these_with_false);
  if (a.faces_without_state > 0)
    text += fmt::format("; nor do {} faces without a labelled state", a.faces_without_state);
  return text + ".";
}

class Reporter {
 public:
  Reporter(const Measurements& m, const ReportTexts& texts, const AtomicFolder& folder)
      : m_(m), texts_(texts), folder_(folder) {}

  Page Index(const std::vector<MistakeGallery>& mistakes) {
    page_.title = texts_.title;
    page_.subtitle = texts_.subtitle;
    page_.lead.push_back(Verdict(m_));
    page_.sections.push_back({"Numbers", {KeyNumbers(m_)}});
    AddMistakes(mistakes);
    if (!texts_.set_tables.empty()) {
      PageSection section{"Set by set"};
      for (const Table& table : texts_.set_tables) section.blocks.push_back(table);
      section.blocks.push_back(Paragraph{texts_.rules});
      page_.sections.push_back(std::move(section));
    }
    if (m_.states) {
      AddCharts("Who is taken for what", ConfusionCharts(m_), {Paragraph{ConfusionText(m_)}, Paragraph{Thresholds()}});
    }
    AddCharts("Precision, recall, thresholds", CurveCharts(m_, texts_.score_threshold), {});
    AddParts();
    AddCalibration();
    AddCharts("Scores", HistogramCharts(m_), {});
    AddProtocols();
    AddSettings();
    return std::move(page_);
  }

 private:
  std::string Thresholds() const {
    std::string text = "Thresholds of these answers: ";
    for (const auto& [name, value] : texts_.settings) {
      if (name.find("threshold") != std::string::npos || name.starts_with("unsure")) {
        text += (text.ends_with(": ") ? "" : ", ") + name + " " + value;
      }
    }
    return text + ".";
  }

  void AddMistakes(const std::vector<MistakeGallery>& mistakes) {
    PageSection section{"Mistakes"};
    Table table{"", {"kind", "which", "how many"}, {}};
    for (const MistakeGallery& one : mistakes) {
      table.rows.push_back({one.kind, one.name, static_cast<double>(one.items.size())});
    }
    section.blocks.push_back(Link{"See them: galleries.html", "galleries.html"});
    if (!table.rows.empty()) section.blocks.push_back(std::move(table));
    page_.sections.push_back(std::move(section));
  }

  void AddCharts(const std::string& heading, const std::vector<NamedChart>& charts, std::vector<PageBlock> before) {
    if (charts.empty()) return;
    PageSection section{heading, std::move(before)};
    for (const NamedChart& chart : charts) section.blocks.push_back(Write(chart));
    page_.sections.push_back(std::move(section));
  }

  Figure Write(const NamedChart& chart) {
    Figure figure{ToSvg(chart), chart.caption, ToCsv(chart), chart.file + ".csv"};
    folder_.Write("plots/" + chart.file + ".svg", figure.svg);
    folder_.Write("plots/" + chart.file + ".csv", figure.csv);
    return figure;
  }

  void AddParts() {
    page_.sections.push_back({"Where it is good, where it is bad",
                              {Paragraph{"Each part is measured by itself: faces outside it, and false detections "
                                         "outside it, are ignored. Bars with 95 % intervals."}}});
    const std::vector<NamedChart> charts = SliceCharts(m_);
    for (size_t i = 0; i < m_.slices.size(); ++i) {
      PageSection section{"By " + m_.slices[i].name, {}, 3};
      section.blocks.push_back(Write(charts[i]));
      section.blocks.push_back(SliceTable(m_.slices[i], m_.view.crops));
      page_.sections.push_back(std::move(section));
    }
  }

  void AddCalibration() {
    const Calibration& c = m_.calibration;
    if (!m_.states) return;
    if (!c.says_confidence) {
      page_.sections.push_back(
          {"Can its probabilities be believed?",
           {Paragraph{"These results say a state without a probability: there is nothing to compare "
                      "with how often they are right."}}});
      return;
    }
    AddCharts(
        "Can its probabilities be believed?", CalibrationCharts(m_),
        {Paragraph{fmt::format(
            "Of all faces called something with 80 % certainty, 80 % should be right. On these faces a temperature "
            "of {:.3g} would fit best (for information: a temperature belongs to validation data).",
            c.best_temperature)}});
  }

  void AddProtocols() {
    if (m_.view.crops) return;
    std::string text =
        "The same detections by the protocols in which others publish. PASCAL VOC at IoU 0.5: a detection takes the "
        "face "
        "it overlaps most; area under the monotone curve (2010 on) and mean over eleven recalls (2007). COCO: ten IoUs "
        "from 0.50 to 0.95, 101 recalls; small is below 32², medium below 96² square pixels; AR_n with at most n "
        "detections a picture and class. Ignored faces (difficult) are ignored in all.";
    if (m_.view.match.centre_hit) text += " VOC by centre hit here, COCO by IoU.";
    text += fmt::format(" Three states: sets that have all three. COCO's intervals rest on {} draws.",
                        std::min(m_.options.resamples, kMostCocoResamples));
    page_.sections.push_back({"By protocol", {Paragraph{text}, ProtocolTable(m_.protocols), CocoTable(m_.protocols)}});
    for (const NamedChart& chart : RunningCharts(m_)) page_.sections.back().blocks.push_back(Write(chart));
  }

  void AddSettings() {
    Table table{"", {"setting", "value"}, {}};
    for (const auto& [name, value] : texts_.settings) table.rows.push_back({name, value});
    page_.sections.push_back(
        {"What was measured",
         {table,
          Paragraph{fmt::format("Intervals: 95 %, bootstrap over {} groups of pictures, {} draws.", m_.overall.groups,
                                m_.options.resamples)},
          Paragraph{
              "Beside this page: metrics.json (all numbers; an undefined one is null), faces.csv (a row a face or "
              "detection), plots/ (every chart as SVG and CSV), galleries.html."}}});
  }

  const Measurements& m_;
  const ReportTexts& texts_;
  const AtomicFolder& folder_;
  Page page_;
};

}  // namespace

void WriteEvaluationReport(const Measurements& measured, const ReportTexts& texts, const GalleryOptions& galleries,
                           const std::filesystem::path& target) {
  RequireReplaceable(target, kReportMarker);
  AtomicFolder folder(target);
  const std::vector<MistakeGallery> mistakes = FindMistakes(measured);
  folder.Write("index.html", ToHtml(Reporter(measured, texts, folder).Index(mistakes)));
  folder.Write("galleries.html", ToHtml(GalleryPage(measured, mistakes, galleries)));
  folder.Write("faces.csv", ToCsv(FaceTable(measured)));
  nlohmann::ordered_json metrics = texts.metrics;
  metrics.update(ToJson(measured));
  folder.Write(kReportMarker, metrics.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  folder.Commit();
}

}  // namespace maskscope
