#include "evaluate/report/site_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/atomic_folder.h"
#include "base/threads.h"
#include "evaluate/report/evaluation_report.h"
#include "evaluate/report/picture_tile.h"
#include "image/encode.h"
#include "metrics/classification.h"

namespace maskscope {
namespace {

constexpr int kJpegQuality = 80;

std::string ShareText(int64_t count, int64_t all) {
  if (all == 0) return "–";
  const Interval interval = WilsonInterval(count, all);
  return fmt::format("{:.1f} ({:.1f}–{:.1f})", 100 * static_cast<double>(count) / static_cast<double>(all),
                     100 * interval.low, 100 * interval.high);
}

std::vector<std::string> Differences(const SiteComparison& comparison) {
  std::vector<std::string> words;
  for (const SiteDistribution& one : comparison.distributions) {
    if (!one.words.empty()) words.push_back(one.words);
  }
  for (const StateShare& share : comparison.states) {
    if (!share.words.empty()) words.push_back(share.words);
  }
  return words;
}

std::string DifferenceVerdict(const SiteFindings& findings) {
  const SiteComparison& c = findings.comparison;
  if (!c.compared) {
    return "Nothing was given to compare with: these are the numbers of this place alone. With --against DATA they "
           "stand beside those of labelled pictures.";
  }
  if (std::isnan(c.of(SiteQuantity::kHeight).distance)) {
    return fmt::format("Too few faces to say how this place differs from {}: {} here, {} there, {} of each are needed.",
                       findings.other_name, c.site_faces, c.other_faces, kLeastToCompare);
  }
  const std::vector<std::string> words = Differences(c);
  if (words.empty())
    return fmt::format("In nothing measured here does this place differ much from {}.", findings.other_name);
  return fmt::format("Against {}: {}.", findings.other_name, fmt::join(words, "; "));
}

std::string Counted(int64_t count, const char* one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

Table Settings(const SiteReportOptions& options) {
  Table table{"", {"setting", "value"}, {}};
  for (const auto& [name, value] : options.settings) table.rows.push_back({name, value});
  return table;
}

// A picture with all its faces, and the one that counts most beside it.
Picture TileOf(const LookedSet& site, const PictureToLabel& one, size_t rank, const SiteReportOptions& options) {
  const LookedPicture& looked = site.pictures[one.picture];
  const Image image = ReadImage(looked.path, options.decode).image;
  std::vector<MarkedBox> marks;
  for (const FaceResult& face : looked.result.faces) {
    if (site.IsFound(face)) marks.push_back({face.box, kFoundColor});
  }
  if (one.face && !site.IsFound(looked.result.faces[*one.face])) {
    marks.push_back({looked.result.faces[*one.face].box, kAlmostColor, LineStyle::kDashed});
  }
  const Image tile = one.face ? PictureTile(image, looked.result.faces[*one.face].box, marks, options.tile_height)
                              : SmallPicture(image, marks, options.tile_height);
  return {.bytes = EncodeJpeg(tile, kJpegQuality),
          .alt = looked.path.filename().string(),
          .caption = fmt::format("{}. {}: {} ({:.2f})", rank, looked.path.filename().string(), one.reason, one.worth),
          .width = tile.width};
}

PageSection LabelSection(const SiteFindings& findings, const SiteReportOptions& options) {
  const size_t shown = std::min(options.first, findings.ranked.size());
  PageSection section{"Worth labelling first"};
  section.blocks.push_back(Paragraph{fmt::format(
      "{} of {}. A picture's score adds up its faces', the greatest whole, each further one counting half of the one "
      "before. A face has 0 to 1 for how unclear its state is (entropy), up to ½ for a detector score near the "
      "threshold, and ⅓ for each of size, brightness and sharpness that lies outside 98 % of the faces compared with. "
      "Near copies of a picture shown come later. label-first.csv beside this page has all. Blue: found; pink and "
      "dashed: almost found.",
      shown, Counted(static_cast<int64_t>(findings.ranked.size()), "picture"))});
  std::vector<std::optional<Picture>> tiles(shown);
  ParallelFor(shown, options.workers, [&](size_t i) {
    try {
      tiles[i] = TileOf(findings.site, findings.ranked[i], i + 1, options);
    } catch (const Error&) {
      // It went away since: the table below still names it.
    }
  });
  Gallery gallery;
  for (std::optional<Picture>& tile : tiles) {
    if (tile) gallery.pictures.push_back(std::move(*tile));
  }
  if (!gallery.pictures.empty()) section.blocks.push_back(std::move(gallery));
  if (shown > 0) section.blocks.push_back(LabelFirstTable(findings, shown));
  return section;
}

nlohmann::ordered_json NumberOrNull(double value) {
  return std::isnan(value) ? nlohmann::ordered_json() : nlohmann::ordered_json(value);
}

nlohmann::ordered_json ToJson(const Sample& sample) {
  return {{"count", sample.values.size()},
          {"median", NumberOrNull(sample.median)},
          {"quartiles", {NumberOrNull(sample.low_quartile), NumberOrNull(sample.high_quartile)}},
          {"percent_1_99", {NumberOrNull(sample.percent1), NumberOrNull(sample.percent99)}}};
}

}  // namespace

std::vector<std::string> SiteVerdict(const SiteFindings& findings) {
  const SiteComparison& c = findings.comparison;
  std::vector<std::string> verdict{DifferenceVerdict(findings)};
  std::string counts = fmt::format("{} with {}", Counted(c.site_pictures, "picture"), Counted(c.site_faces, "face"));
  counts += fmt::format("; in {} none was found.", Counted(c.site_without_face, "picture"));
  if (c.site_failed > 0) counts += fmt::format(" {} could not be read.", Counted(c.site_failed, "picture"));
  verdict.push_back(counts);
  return verdict;
}

Table SiteTable(const SiteComparison& comparison) {
  Table table{"Quartiles and distance", {"quantity", "count", "lower quartile", "median", "upper quartile"}, {}};
  if (comparison.compared) {
    table.columns.insert(table.columns.end(), {"count there", "lower quartile there", "median there",
                                               "upper quartile there", "distance", "differs much"});
  }
  const auto add = [](const Sample& sample, std::vector<TableCell>& row) {
    row.insert(row.end(),
               {static_cast<double>(sample.values.size()), sample.low_quartile, sample.median, sample.high_quartile});
  };
  for (const SiteDistribution& one : comparison.distributions) {
    std::vector<TableCell> row{TextOf(one.quantity).name};
    add(one.site, row);
    if (comparison.compared) {
      add(one.other, row);
      row.emplace_back(one.distance);
      row.emplace_back(std::isnan(one.distance) ? "–" : one.words.empty() ? "no" : "yes");
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table SiteStateTable(const SiteComparison& comparison) {
  Table table{"Called, percent of faces (95 %)", {"state", "here"}, {}};
  if (comparison.compared) table.columns.push_back("there");
  int64_t here = 0, there = 0;
  for (const StateShare& share : comparison.states) {
    here += share.site;
    there += share.other;
  }
  for (const StateShare& share : comparison.states) {
    std::vector<TableCell> row{share.state, ShareText(share.site, here)};
    if (comparison.compared) row.emplace_back(ShareText(share.other, there));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table LabelFirstTable(const SiteFindings& findings, size_t most) {
  Table table{"", {"path", "rank", "score", "reason"}, {}};
  for (size_t i = 0; i < std::min(most, findings.ranked.size()); ++i) {
    const PictureToLabel& one = findings.ranked[i];
    table.rows.push_back({findings.site.pictures[one.picture].path.string(), static_cast<double>(i + 1),
                          std::round(1e4 * one.worth) / 1e4, one.reason});
  }
  return table;
}

nlohmann::ordered_json ToJson(const SiteFindings& findings, size_t first) {
  const SiteComparison& c = findings.comparison;
  nlohmann::ordered_json json{{"pictures", c.site_pictures},
                              {"pictures_failed", c.site_failed},
                              {"pictures_without_face", c.site_without_face},
                              {"faces", c.site_faces}};
  if (c.compared) {
    json["against"] = {{"name", findings.other_name}, {"pictures", c.other_pictures}, {"faces", c.other_faces}};
  }
  json["differences"] = Differences(c);
  for (const SiteDistribution& one : c.distributions) {
    nlohmann::ordered_json entry{{"site", ToJson(one.site)}};
    if (c.compared) {
      entry["against"] = ToJson(one.other);
      entry["kolmogorov_smirnov"] = NumberOrNull(one.distance);
    }
    json["distributions"][TextOf(one.quantity).key] = entry;
  }
  json["states"] = nlohmann::ordered_json::object();
  for (const StateShare& share : c.states) {
    json["states"][share.state] = {{"site", share.site}};
    if (c.compared) json["states"][share.state]["against"] = share.other;
  }
  json["label_first"] = nlohmann::ordered_json::array();
  for (size_t i = 0; i < std::min(first, findings.ranked.size()); ++i) {
    const PictureToLabel& one = findings.ranked[i];
    json["label_first"].push_back(
        {{"path", findings.site.pictures[one.picture].path.string()}, {"score", one.worth}, {"reason", one.reason}});
  }
  return json;
}

void WriteSiteReport(const SiteFindings& findings, const SiteReportOptions& options, const nlohmann::ordered_json& json,
                     const std::filesystem::path& target) {
  RequireReplaceable(target, kReportMarker);
  AtomicFolder folder(target);
  const SiteComparison& c = findings.comparison;
  Page page{.title = "A place of one's own", .lead = SiteVerdict(findings)};
  page.subtitle = fmt::format("{}, unlabelled", Counted(c.site_pictures, "picture"));
  if (c.compared) {
    page.subtitle += fmt::format(", against {} ({} with {})", findings.other_name, Counted(c.other_pictures, "picture"),
                                 Counted(c.other_faces, "face"));
  }
  page.sections.push_back(LabelSection(findings, options));
  PageSection numbers{"Numbers", {SiteTable(c)}};
  if (!c.states.empty()) numbers.blocks.push_back(SiteStateTable(c));
  if (c.compared) {
    numbers.blocks.push_back(Paragraph{fmt::format(
        "Of faces that the detector found, in both alike: what it misses takes no part. Distance: Kolmogorov-Smirnov, "
        "0 alike to 1 nothing in common, from {} values of each on. It differs much from {:g} on, where chance (5 %, "
        "faces taken as independent) does not explain it; a state's share where the intervals are apart by it, and by "
        "{:.0f} points.",
        kLeastToCompare, kMuchDifferent, 100 * kMuchDifferentShare)});
  }
  page.sections.push_back(std::move(numbers));
  PageSection charts{"Distributions"};
  for (const NamedChart& chart : SiteCharts(findings)) {
    Figure figure{ToSvg(chart), chart.caption, ToCsv(chart), chart.file + ".csv"};
    folder.Write("plots/" + chart.file + ".svg", figure.svg);
    folder.Write("plots/" + chart.file + ".csv", figure.csv);
    charts.blocks.push_back(std::move(figure));
  }
  page.sections.push_back(std::move(charts));
  page.sections.push_back({"What was run", {Settings(options)}});
  folder.Write("index.html", ToHtml(page));
  folder.Write("label-first.csv", ToCsv(LabelFirstTable(findings, findings.ranked.size())));
  folder.Write(kReportMarker, json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  folder.Commit();
}

}  // namespace maskscope
