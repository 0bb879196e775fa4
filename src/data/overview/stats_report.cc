#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "data/overview/stats.h"

namespace maskscope {
namespace {

// Of sorted values: the one that `share` of them lie below.
float Quantile(const std::vector<float>& sorted, double share) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<size_t>(share * last + 0.5)];
}

constexpr std::array<double, 5> kQuantiles{0.05, 0.25, 0.5, 0.75, 0.95};

std::string HeightTable(const DataStats& stats) {
  std::string text =
      "| set | state | faces | 5 % below | 25 % | median | 75 % | 95 % |\n|---|---|---|---|---|---|---|---|\n";
  for (const auto& [key, heights] : stats.heights) {
    text += fmt::format("| {} | {} | {} |", MarkdownCell(key.first), FaceKindName(key.second), heights.size());
    for (const double share : kQuantiles) text += fmt::format(" {:.0f} |", Quantile(heights, share));
    text += "\n";
  }
  return text;
}

std::string BrightnessTable(const DataStats& stats) {
  std::string text = "| mean luma | correct | incorrect | none | no state | ignored |";
  for (const auto& [set, bins] : stats.brightness_of_set) text += " " + MarkdownCell(set) + " |";
  text += "\n|---|---|---|---|---|---|";
  for (size_t i = 0; i < stats.brightness_of_set.size(); ++i) text += "---|";
  text += "\n";
  for (int bin = 0; bin < kBrightnessBins; ++bin) {
    text += "| " + BrightnessBinName(bin) + " |";
    for (const int64_t count : stats.brightness[static_cast<size_t>(bin)]) text += fmt::format(" {} |", count);
    for (const auto& [set, bins] : stats.brightness_of_set) {
      text += fmt::format(" {} |", bins[static_cast<size_t>(bin)]);
    }
    text += "\n";
  }
  return text;
}

std::string CrowdTable(const DataStats& stats) {
  constexpr std::array<std::pair<int64_t, const char*>, 6> kSteps{
      {{0, "0"}, {1, "1"}, {2, "2-4"}, {5, "5-9"}, {10, "10-49"}, {50, "50 and more"}}};
  std::array<int64_t, kSteps.size()> pictures{};
  for (const auto& [faces, count] : stats.faces_in_picture) {
    size_t step = 0;
    while (step + 1 < kSteps.size() && faces >= kSteps[step + 1].first) ++step;
    pictures[step] += count;
  }
  std::string text = "| faces in a scene | pictures |\n|---|---|\n";
  for (size_t i = 0; i < kSteps.size(); ++i) text += fmt::format("| {} | {} |\n", kSteps[i].second, pictures[i]);
  return text;
}

}  // namespace

std::string StatsMarkdown(const DataStats& stats) {
  std::string text = fmt::format("# What {} holds\n", MarkdownCell(stats.source));
  if (stats.stopped) text += "\nStopped early: these are the numbers of the pictures that were reached.\n";
  text += fmt::format("\n\"{}\", version {}.\n\n", MarkdownCell(stats.header.name), stats.header.version);
  if (!stats.stopped) text += fmt::format("Content: {}\n\n", stats.digest.Text());
  text += CountTables(stats.counts);
  if (!stats.heights.empty()) text += "\n## Face heights, pixels\n\n" + HeightTable(stats);
  if (!stats.faces_in_picture.empty()) text += "\n## Faces in a picture\n\n" + CrowdTable(stats);
  if (stats.decoded) {
    text += "\n## Brightness: mean luma of the faces, 0 to 255\n\n" + BrightnessTable(stats);
    if (stats.unreadable > 0) {
      text += fmt::format("\n{} pictures could not be read; the first: {}\n", stats.unreadable,
                          MarkdownCell(stats.first_unreadable));
    }
  }
  return text + "\n## Licences\n\n" + LicenceTable(stats.counts, stats.header);
}

std::string StatsJson(const DataStats& stats) {
  nlohmann::ordered_json json{{"schema", "maskscope.stats/1"}, {"source", stats.source},
                              {"name", stats.header.name},     {"version", stats.header.version},
                              {"stopped", stats.stopped},      {"counts", ToJson(stats.counts)}};
  if (!stats.stopped) json["content"] = stats.digest.Text();
  json["heights"] = nlohmann::ordered_json::array();
  for (const auto& [key, heights] : stats.heights) {
    nlohmann::ordered_json row{{"set", key.first}, {"state", FaceKindName(key.second)}, {"faces", heights.size()}};
    for (const double share : kQuantiles) row["quantiles"][fmt::format("{:g}", share)] = Quantile(heights, share);
    json["heights"].push_back(std::move(row));
  }
  json["faces_in_picture"] = nlohmann::ordered_json::object();
  for (const auto& [faces, pictures] : stats.faces_in_picture)
    json["faces_in_picture"][std::to_string(faces)] = pictures;
  if (stats.decoded) {
    json["unreadable"] = stats.unreadable;
    for (int bin = 0; bin < kBrightnessBins; ++bin) {
      for (int kind = 0; kind < kFaceKinds; ++kind) {
        json["brightness"][BrightnessBinName(bin)][std::string(FaceKindName(kind))] =
            stats.brightness[static_cast<size_t>(bin)][static_cast<size_t>(kind)];
      }
    }
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string StatsCsv(const DataStats& stats) {
  std::string text = "table,set,row,column,value\n";
  const auto add = [&text](const char* table, std::string_view set, std::string_view row, std::string_view column,
                           int64_t value) {
    text += fmt::format("{},{},{},{},{}\n", table, CsvText(set), row, column, value);
  };
  for (const auto& [key, part] : stats.counts.by_set_split) {
    const std::string_view split = DatasetSplitName(key.second);
    add("pictures", key.first, split, "pictures", part.pictures);
    add("pictures", key.first, split, "without_faces", part.without_faces);
    add("pictures", key.first, split, "not_a_face", part.not_a_face);
    add("pictures", key.first, split, "synthetic", part.synthetic);
    for (int kind = 0; kind < kFaceKinds; ++kind) {
      add("faces", key.first, split, FaceKindName(kind), part.faces[static_cast<size_t>(kind)]);
    }
  }
  for (int bucket = 0; bucket < kSizeBuckets; ++bucket) {
    for (int kind = 0; kind < kFaceKinds; ++kind) {
      add("height", "", SizeBucketName(bucket), FaceKindName(kind),
          stats.counts.by_size[static_cast<size_t>(bucket)][static_cast<size_t>(kind)]);
    }
  }
  for (int bin = 0; stats.decoded && bin < kBrightnessBins; ++bin) {
    for (int kind = 0; kind < kFaceKinds; ++kind) {
      add("brightness", "", BrightnessBinName(bin), FaceKindName(kind),
          stats.brightness[static_cast<size_t>(bin)][static_cast<size_t>(kind)]);
    }
  }
  for (const auto& [set, bins] : stats.brightness_of_set) {
    for (int bin = 0; bin < kBrightnessBins; ++bin) {
      add("brightness", set, BrightnessBinName(bin), "all", bins[static_cast<size_t>(bin)]);
    }
  }
  return text;
}

}  // namespace maskscope
