#include "explain/explain_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "explain/overlay.h"
#include "image/encode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
using Faces = std::vector<ExplainedFace>;

FaceRegion RegionOf(size_t index) { return static_cast<FaceRegion>(index); }

// Means over those faces whose heat could be placed.
struct HeatMeans {
  std::string name;
  int64_t faces = 0, placed = 0;
  std::array<double, kFaceRegions> heat{}, area{};

  void Add(const ExplainedFace& face) {
    ++faces;
    if (!face.first().regions) return;
    ++placed;
    for (size_t i = 0; i < kFaceRegions; ++i) {
      heat[i] += face.first().regions->heat[i];
      area[i] += face.first().regions->area[i];
    }
  }
  double Heat(FaceRegion region) const { return placed > 0 ? heat[static_cast<size_t>(region)] / placed : kUnknown; }
  double Area(FaceRegion region) const { return placed > 0 ? area[static_cast<size_t>(region)] / placed : kUnknown; }
  double NoseAndMouth() const { return Heat(FaceRegion::kNose) + Heat(FaceRegion::kMouth); }
};

// Groups in the order in which their first face comes; right before wrong of the same class.
std::vector<HeatMeans> Groups(const Faces& faces) {
  std::vector<HeatMeans> groups;
  const auto add = [&](const std::string& name, const ExplainedFace& face) {
    auto found = std::ranges::find(groups, name, &HeatMeans::name);
    if (found == groups.end()) {
      groups.push_back({.name = name});
      found = groups.end() - 1;
    }
    found->Add(face);
  };
  std::vector<std::string> classes;
  for (const ExplainedFace& face : faces) {
    const std::string& name = face.given.empty() ? face.first().target : face.given;
    if (std::ranges::find(classes, name) == classes.end()) classes.push_back(name);
  }
  for (const std::string& name : classes) {
    for (const bool wrong : {false, true}) {
      for (const ExplainedFace& face : faces) {
        if (face.given.empty() ? wrong || face.first().target != name
                               : face.given != name || face.is_wrong() != wrong) {
          continue;
        }
        add(face.given.empty() ? name : name + (wrong ? ", wrong" : ", right"), face);
      }
    }
  }
  return groups;
}

HeatMeans Together(const Faces& faces) {
  HeatMeans all{.name = "all"};
  for (const ExplainedFace& face : faces) all.Add(face);
  return all;
}

std::string Percent(double share) { return std::isnan(share) ? "–" : fmt::format("{:.0f} %", 100 * share); }

Picture ToPicture(const ExplainedFace& face) {
  const Image drawn = DrawMaps(face);
  std::string caption = std::filesystem::path(face.source).filename().string() +
                        (face.number > 1 ? fmt::format(" ({})", face.number) : "") + ": ";
  if (!face.given.empty()) caption += "given " + face.given + ", ";
  caption += DescribeFace(face);
  return {EncodeJpeg(drawn, 88), "the face, and under its maps", caption, drawn.width};
}

}  // namespace

Image DrawMaps(const ExplainedFace& face, int side) {
  const double scale = static_cast<double>(side) / face.crop.height;
  const Image crop = Resize(face.crop, std::max(1, static_cast<int>(std::lround(face.crop.width * scale))), side);
  Image row = crop;
  for (const NamedMap& map : face.maps) row = SideBySide(row, OverlayHeat(crop, map.explanation.map));
  return row;
}

std::string DescribeFace(const ExplainedFace& face) {
  const Explanation& first = face.first();
  std::string text = fmt::format("{} {:.2f}", first.predicted, first.ScoreOf(first.predicted));
  std::string names;
  for (const NamedMap& map : face.maps) {
    names += (names.empty() ? "" : ", ") + map.name;
    if (map.explanation.map.empty()) names += " (no heat: nothing speaks for " + map.explanation.target + ")";
  }
  text += "; maps: " + names;
  if (!first.regions) return text;
  text += "; heat: ";
  for (size_t i = 0; i < kFaceRegions; ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", FaceRegionName(RegionOf(i)), Percent(first.regions->heat[i]));
  }
  if (first.faithfulness) text += ". " + first.faithfulness->Words();
  return text;
}

Table FaceTable(const Faces& faces) {
  Table table{"", {"source", "face", "given", "predicted", "score", "map", "of_class", "score_of_class", "layer"}, {}};
  for (size_t i = 0; i < kFaceRegions; ++i) {
    std::string name(FaceRegionName(RegionOf(i)));
    std::ranges::replace(name, ' ', '_');
    table.columns.push_back("heat_" + name);
  }
  for (const char* name : {"deletion_area", "deletion_p", "insertion_area", "insertion_p", "trust_p"})
    table.columns.push_back(name);
  for (const ExplainedFace& face : faces) {
    for (const NamedMap& map : face.maps) {
      const Explanation& e = map.explanation;
      std::vector<TableCell> row = {face.source,
                                    static_cast<double>(face.number),
                                    face.given,
                                    e.predicted,
                                    static_cast<double>(e.ScoreOf(e.predicted)),
                                    map.name,
                                    e.target,
                                    static_cast<double>(e.ScoreOf(e.target)),
                                    e.layer.node};
      for (size_t i = 0; i < kFaceRegions; ++i) row.push_back(e.regions ? e.regions->heat[i] : kUnknown);
      const auto& f = e.faithfulness;
      row.push_back(f ? f->deletion.Area() : kUnknown);
      row.push_back(f ? f->deletion_p : kUnknown);
      row.push_back(f ? f->insertion.Area() : kUnknown);
      row.push_back(f ? f->insertion_p : kUnknown);
      row.push_back(f ? f->p : kUnknown);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table HeatSummary(const Faces& faces) {
  Table table{"Where the heat lies, mean shares in percent", {"faces", "number", "placed"}, {}};
  for (size_t i = 0; i < kFaceRegions; ++i) table.columns.emplace_back(FaceRegionName(RegionOf(i)));
  const auto add = [&](const HeatMeans& means, const std::string& name, bool area) {
    std::vector<TableCell> row = {name, area ? kUnknown : static_cast<double>(means.faces),
                                  area ? kUnknown : static_cast<double>(means.placed)};
    for (size_t i = 0; i < kFaceRegions; ++i) {
      const double share = area ? means.Area(RegionOf(i)) : means.Heat(RegionOf(i));
      row.push_back(std::isnan(share) ? share : std::round(1000 * share) / 10);
    }
    table.rows.push_back(std::move(row));
  };
  const std::vector<HeatMeans> groups = Groups(faces);
  for (const HeatMeans& group : groups) add(group, group.name, false);
  const HeatMeans all = Together(faces);
  if (groups.size() > 1) add(all, "all", false);
  add(all, "share of the area", true);
  return table;
}

BarChart HeatChart(const Faces& faces) {
  BarChart chart{
      .title = "Where the heat lies", .category_name = "region", .y = {.name = "mean share of heat", .low = 0}};
  for (size_t i = 0; i < kFaceRegions; ++i) chart.categories.emplace_back(FaceRegionName(RegionOf(i)));
  for (const HeatMeans& group : Groups(faces)) {
    BarSeries series{.name = fmt::format("{} ({})", group.name, group.placed)};
    for (size_t i = 0; i < kFaceRegions; ++i) series.values.push_back(group.Heat(RegionOf(i)));
    chart.series.push_back(std::move(series));
  }
  const HeatMeans all = Together(faces);
  BarSeries area{.name = "share of the area", .hue = Hue::kGrey};
  for (size_t i = 0; i < kFaceRegions; ++i) area.values.push_back(all.Area(RegionOf(i)));
  chart.series.push_back(std::move(area));
  return chart;
}

std::vector<std::string> HeatWords(const Faces& faces) {
  std::vector<std::string> words;
  const HeatMeans all = Together(faces);
  if (all.placed == 0) {
    words.push_back("Where the heat lies on the faces is not known: no landmarks were found, or there is no heat.");
    return words;
  }
  const double area = all.Area(FaceRegion::kNose) + all.Area(FaceRegion::kMouth);
  words.push_back(
      fmt::format("{} of the heat lie on nose and mouth, where a mask is or should be; these regions are {} of the "
                  "area, so they get "
                  "{:.1f} times their share. {} lie outside the face ({} of the area).",
                  Percent(all.NoseAndMouth()), Percent(area), all.NoseAndMouth() / area,
                  Percent(all.Heat(FaceRegion::kBackground)), Percent(all.Area(FaceRegion::kBackground))));
  const std::vector<HeatMeans> groups = Groups(faces);
  for (size_t i = 0; i + 1 < groups.size(); ++i) {
    const HeatMeans &right = groups[i], &wrong = groups[i + 1];
    const std::string name = right.name.substr(0, right.name.find(','));
    if (right.name != name + ", right" || wrong.name != name + ", wrong" || wrong.placed == 0 || right.placed == 0)
      continue;
    words.push_back(fmt::format(
        "{}: on nose and mouth {} where the prediction is right ({} faces), {} where it is wrong ({} faces); on the "
        "background {} and {}.",
        name, Percent(right.NoseAndMouth()), right.placed, Percent(wrong.NoseAndMouth()), wrong.placed,
        Percent(right.Heat(FaceRegion::kBackground)), Percent(wrong.Heat(FaceRegion::kBackground))));
  }
  return words;
}

LineChart TrustChart(const Faces& faces) {
  LineChart chart{.title = "Score while places are hidden or shown, hottest first",
                  .x = {.name = "share of the picture hidden (deletion) or shown (insertion)", .low = 0, .high = 1},
                  .y = {.name = "mean score of the class", .low = 0, .high = 1}};
  const auto add = [&](const std::string& name, ScoreCurve Faithfulness::*curve, Hue hue, bool dashed) {
    Series series{.name = name, .hue = hue, .dashed = dashed};
    double count = 0;
    for (const ExplainedFace& face : faces) {
      if (!face.first().faithfulness) continue;
      const ScoreCurve& one = (*face.first().faithfulness).*curve;
      if (count++ == 0) {
        series.x = one.share;
        series.y.assign(one.score.size(), 0);
      }
      for (size_t i = 0; i < one.score.size(); ++i) series.y[i] += one.score[i];
    }
    for (double& y : series.y) y /= count;
    if (count > 0) chart.series.push_back(std::move(series));
  };
  add("deletion", &Faithfulness::deletion, Hue::kOrange, false);
  add("deletion, random maps", &Faithfulness::random_deletion, Hue::kOrange, true);
  add("insertion", &Faithfulness::insertion, Hue::kBlue, false);
  add("insertion, random maps", &Faithfulness::random_insertion, Hue::kBlue, true);
  return chart;
}

std::string TrustWords(const Faces& faces) {
  int64_t measured = 0, trusted = 0, half = 0;
  for (const ExplainedFace& face : faces) {
    if (!face.first().faithfulness) continue;
    ++measured;
    const Faithfulness::Verdict verdict = face.first().faithfulness->verdict();
    trusted += verdict == Faithfulness::Verdict::kTrust;
    half += verdict == Faithfulness::Verdict::kHalf;
  }
  if (measured == 0) return "";
  return fmt::format(
      "Hiding what is hot and showing what is hot change the score more than with nine of ten random maps for {} of {} "
      "faces: their maps may be trusted. {} are to be taken with care (better than seven of ten), {} say little.",
      trusted, measured, half, measured - trusted - half);
}

Page ExplainPage(const std::string& title, const std::string& subtitle, const Faces& faces, size_t shown) {
  Page page{.title = title, .subtitle = subtitle};
  PageSection summary{"Where the heat lies"};
  for (const std::string& words : HeatWords(faces)) summary.blocks.push_back(Paragraph{words});
  if (!faces.empty()) {
    summary.blocks.push_back(HeatSummary(faces));
    summary.blocks.push_back(FigureOf(HeatChart(faces),
                                      "Heat of the map of the predicted class. A region with more heat than area is "
                                      "looked at; a map of few cells is blurred over its neighbours.",
                                      "heat.csv"));
  }
  page.sections.push_back(std::move(summary));
  const std::string trust = TrustWords(faces);
  if (!trust.empty()) {
    page.sections.push_back({"May the maps be trusted?",
                             {Paragraph{trust}, FigureOf(TrustChart(faces),
                                                         "A good map pulls the deletion curve below, and the insertion "
                                                         "curve above, that of random maps.",
                                                         "trust.csv")}});
  }
  PageSection gallery{"Faces"};
  const size_t count = std::min(shown, faces.size());
  if (count < faces.size()) {
    gallery.blocks.push_back(Note{fmt::format("{} of {} are shown.", count, faces.size())});
  }
  Gallery pictures;
  for (size_t i = 0; i < count; ++i) pictures.pictures.push_back(ToPicture(faces[i]));
  if (count == 0) {
    gallery.blocks.push_back(Paragraph{"There is none."});
  } else {
    gallery.blocks.push_back(std::move(pictures));
  }
  page.sections.push_back(std::move(gallery));
  return page;
}

}  // namespace maskscope
