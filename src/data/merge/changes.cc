#include "data/merge/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "data/manifest_json.h"

namespace maskscope {
namespace {

std::string KeyOf(const ManifestPicture& picture) {
  return picture.hash.empty() ? "path:" + picture.path : picture.hash;
}

// Two labellings are equal when they are written alike.
uint64_t LabelsOf(const ManifestPicture& picture) {
  ManifestPicture labels;
  labels.kind = picture.kind;
  labels.faces = picture.faces;
  for (ManifestFace& face : labels.faces) face.attributes.clear();
  return HashText(PictureLine(labels));
}

std::string StatesOf(const ManifestPicture& picture) {
  if (picture.kind == PictureKind::kNotAFace) return "not a face";
  FaceCounts counts{};
  for (const ManifestFace& face : picture.faces) ++counts[static_cast<size_t>(FaceKind(face.face))];
  std::string text;
  for (int kind = 0; kind < kFaceKinds; ++kind) {
    const int64_t count = counts[static_cast<size_t>(kind)];
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, FaceKindName(kind));
  }
  return text.empty() ? "no faces" : text;
}

VersionDigest::Entry DigestOf(const ManifestPicture& picture) {
  return {picture.path, LabelsOf(picture), picture.split, StatesOf(picture)};
}

template <typename Items, typename Say>
std::string List(const std::string& title, const Items& items, size_t examples, const Say& say) {
  if (items.empty()) return "";
  std::string text = fmt::format("\n## {}: {}\n\n", title, items.size());
  for (size_t i = 0; i < std::min(examples, items.size()); ++i) text += "- " + say(items[i]) + "\n";
  if (items.size() > examples) text += fmt::format("- and {} more, all in the JSON report\n", items.size() - examples);
  return text;
}

std::string SayChange(const DatasetChange& change) {
  return fmt::format("`{}`: {} → {}", MarkdownCell(change.path), change.before, change.after);
}

std::string SayConflict(const MergeConflict& conflict) {
  std::string text =
      fmt::format("{} of `{}` (first: {}, second: {}; kept: {}):", conflict.kind, MarkdownCell(conflict.path),
                  MarkdownCell(conflict.first), MarkdownCell(conflict.second), conflict.kept);
  for (const std::string& difference : conflict.differences) text += "\n  - " + MarkdownCell(difference);
  return text;
}

// "12 (+3)"
std::string Change(int64_t before, int64_t after) {
  return before == after ? std::to_string(after) : fmt::format("{} ({:+d})", after, after - before);
}

std::string Row(std::string_view first, const PictureCounts& before, const PictureCounts& after) {
  std::string row = fmt::format("| {} | {} |", MarkdownCell(first), Change(before.pictures, after.pictures));
  for (size_t i = 0; i < after.faces.size(); ++i) row += " " + Change(before.faces[i], after.faces[i]) + " |";
  return row + "\n";
}

std::string CountsTable(const DatasetChanges& changes) {
  std::string text =
      "| set | pictures | correct | incorrect | none | no state | ignored |\n|---|---|---|---|---|---|---|\n";
  std::map<std::string, std::pair<PictureCounts, PictureCounts>> sets;
  for (const auto& [name, set] : changes.before.by_set) sets[name].first = set;
  for (const auto& [name, set] : changes.after.by_set) sets[name].second = set;
  for (const auto& [name, set] : sets) text += Row(name, set.first, set.second);
  return text + Row("all", changes.before.all, changes.after.all);
}

}  // namespace

VersionDigest DigestManifest(const std::filesystem::path& manifest) {
  VersionDigest digest;
  ManifestReader reader(manifest);
  digest.hash = ContentHashOfFile(manifest);
  digest.version = reader.header().version;
  for (ManifestPicture picture; reader.Next(&picture);) {
    digest.counts.Add(picture);
    digest.pictures.emplace(KeyOf(picture), DigestOf(picture));
  }
  return digest;
}

DatasetChanges CompareVersions(VersionDigest before, const Dataset& after, std::string hash) {
  DatasetChanges changes;
  changes.previous_hash = before.hash;
  changes.previous_version = before.version;
  changes.hash = std::move(hash);
  changes.version = after.header.version;
  changes.before = std::move(before.counts);
  for (const ManifestPicture& picture : after.pictures) {
    changes.after.Add(picture);
    const auto known = before.pictures.find(KeyOf(picture));
    if (known == before.pictures.end()) {
      changes.added.push_back(picture.path);
      continue;
    }
    const VersionDigest::Entry now = DigestOf(picture);
    const VersionDigest::Entry& was = known->second;
    if (was.labels != now.labels) changes.relabelled.push_back({picture.path, was.states, now.states});
    if (was.split != now.split) {
      changes.moved_split.push_back(
          {picture.path, std::string(DatasetSplitName(was.split)), std::string(DatasetSplitName(now.split))});
    }
    before.pictures.erase(known);
  }
  for (const auto& [key, entry] : before.pictures) changes.removed.push_back(entry.path);
  std::sort(changes.removed.begin(), changes.removed.end());
  return changes;
}

std::string ChangesMarkdown(const DatasetChanges& changes, size_t examples) {
  std::string text = fmt::format("# Version {}\n\n`{}`, ", changes.version, changes.hash);
  text += changes.previous_hash.empty()
              ? "the first version.\n"
              : fmt::format("after version {} (`{}`).\n", changes.previous_version, changes.previous_hash);
  text += fmt::format("\n{} pictures added, {} removed, {} relabelled, {} moved to another split; {} conflicts.\n\n",
                      changes.added.size(), changes.removed.size(), changes.relabelled.size(),
                      changes.moved_split.size(), changes.conflicts.size());
  text += CountsTable(changes);
  const auto say_path = [](const std::string& path) { return "`" + MarkdownCell(path) + "`"; };
  text += List("Conflicts", changes.conflicts, examples, SayConflict);
  text += List("Relabelled", changes.relabelled, examples, SayChange);
  text += List("Moved to another split", changes.moved_split, examples, SayChange);
  text += List("Removed", changes.removed, examples, say_path);
  text += List("Added", changes.added, examples, say_path);
  return text;
}

std::string ChangesJson(const DatasetChanges& changes) {
  const auto list = [](const std::vector<DatasetChange>& items) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const DatasetChange& item : items) {
      json.push_back({{"path", item.path}, {"before", item.before}, {"after", item.after}});
    }
    return json;
  };
  nlohmann::ordered_json json{{"schema", "maskscope.changes/1"},
                              {"previous", {{"hash", changes.previous_hash}, {"version", changes.previous_version}}},
                              {"hash", changes.hash},
                              {"version", changes.version},
                              {"added", changes.added},
                              {"removed", changes.removed},
                              {"relabelled", list(changes.relabelled)},
                              {"moved_split", list(changes.moved_split)}};
  json["conflicts"] = nlohmann::ordered_json::array();
  for (const MergeConflict& conflict : changes.conflicts) {
    json["conflicts"].push_back({{"kind", conflict.kind},
                                 {"path", conflict.path},
                                 {"first", conflict.first},
                                 {"second", conflict.second},
                                 {"differences", conflict.differences},
                                 {"kept", conflict.kept}});
  }
  json["counts_before"] = ToJson(changes.before);
  json["counts"] = ToJson(changes.after);
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace maskscope
