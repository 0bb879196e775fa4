#include "data/check/label_counts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace maskscope {
namespace {

constexpr std::array<std::string_view, kFaceKinds> kKindNames{"correct", "incorrect", "none", "no_state", "ignored"};
constexpr std::array<std::string_view, kSizeBuckets> kBucketNames{"<16",    "16-32", "32-64",
                                                                  "64-128", ">=128", "unknown"};
constexpr std::array<float, 4> kBucketEnds{16, 32, 64, 128};

void Count(const ManifestPicture& picture, PictureCounts& counts) {
  ++counts.pictures;
  counts.synthetic += picture.synthetic ? 1 : 0;
  if (picture.kind == PictureKind::kNotAFace) {
    ++counts.not_a_face;
  } else if (picture.faces.empty()) {
    ++counts.without_faces;
  }
  for (const ManifestFace& face : picture.faces) ++counts.faces[static_cast<size_t>(FaceKind(face.face))];
}

nlohmann::ordered_json FacesJson(const FaceCounts& faces) {
  nlohmann::ordered_json json;
  for (int kind = 0; kind < kFaceKinds; ++kind)
    json[std::string(FaceKindName(kind))] = faces[static_cast<size_t>(kind)];
  return json;
}

nlohmann::ordered_json PicturesJson(const PictureCounts& counts) {
  return {{"pictures", counts.pictures},
          {"without_faces", counts.without_faces},
          {"not_a_face", counts.not_a_face},
          {"synthetic", counts.synthetic},
          {"faces", FacesJson(counts.faces)}};
}

std::string Row(std::string_view first, std::string_view second, const PictureCounts& counts) {
  std::string row = fmt::format("| {} | {} | {} |", first, second, counts.pictures);
  for (const int64_t count : counts.faces) row += fmt::format(" {} |", count);
  return row + fmt::format(" {} | {} | {} |\n", counts.without_faces, counts.not_a_face, counts.synthetic);
}

}  // namespace

std::string_view FaceKindName(int kind) { return kKindNames.at(static_cast<size_t>(kind)); }

int FaceKind(const LabelledFace& face) {
  if (face.ignore) return kMaskStates + 1;
  return face.state ? static_cast<int>(*face.state) : kMaskStates;
}

std::string_view SizeBucketName(int bucket) { return kBucketNames.at(static_cast<size_t>(bucket)); }

int SizeBucket(const ManifestPicture& picture, const LabelledFace& face) {
  const float height = picture.kind == PictureKind::kFaceCrop ? static_cast<float>(picture.height) : face.box.height();
  if (!(height > 0)) return kSizeBuckets - 1;
  int bucket = 0;
  for (const float end : kBucketEnds) bucket += height >= end ? 1 : 0;
  return bucket;
}

void LabelCounts::Add(const ManifestPicture& picture) {
  Count(picture, all);
  Count(picture, by_set[picture.set]);
  Count(picture, by_split[static_cast<size_t>(picture.split)]);
  Count(picture, by_set_split[{picture.set, picture.split}]);
  for (const ManifestFace& face : picture.faces) {
    const auto kind = static_cast<size_t>(FaceKind(face.face));
    ++by_size[static_cast<size_t>(SizeBucket(picture, face.face))][kind];
    ++by_label[face.label][kind];
  }
  if (!picture.licence.empty()) ++licences[picture.set][picture.licence];
}

nlohmann::ordered_json ToJson(const LabelCounts& counts) {
  nlohmann::ordered_json json{{"all", PicturesJson(counts.all)}};
  for (const char* part : {"sets", "splits", "sizes", "labels"}) json[part] = nlohmann::ordered_json::object();
  for (const auto& [name, set] : counts.by_set) json["sets"][name] = PicturesJson(set);
  for (const auto& [key, part] : counts.by_set_split) {
    json["sets"][key.first]["splits"][std::string(DatasetSplitName(key.second))] = PicturesJson(part);
  }
  for (size_t i = 0; i < counts.by_split.size(); ++i) {
    json["splits"][std::string(DatasetSplitName(static_cast<DatasetSplit>(i)))] = PicturesJson(counts.by_split[i]);
  }
  for (int i = 0; i < kSizeBuckets; ++i) {
    json["sizes"][std::string(SizeBucketName(i))] = FacesJson(counts.by_size[static_cast<size_t>(i)]);
  }
  for (const auto& [label, faces] : counts.by_label) json["labels"][label] = FacesJson(faces);
  return json;
}

std::string CountTables(const LabelCounts& counts) {
  std::string text =
      "| set | split | pictures | correct | incorrect | none | no state | ignored | without faces | not a face | "
      "synthetic |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& [key, part] : counts.by_set_split) {
    text += Row(MarkdownCell(key.first), DatasetSplitName(key.second), part);
  }
  text += Row("all", "", counts.all);
  text += "\n| face height, px | correct | incorrect | none | no state | ignored |\n|---|---|---|---|---|---|\n";
  for (int i = 0; i < kSizeBuckets; ++i) {
    const FaceCounts& faces = counts.by_size[static_cast<size_t>(i)];
    if (i == kSizeBuckets - 1 && faces == FaceCounts{}) continue;
    text += fmt::format("| {} |", SizeBucketName(i));
    for (const int64_t count : faces) text += fmt::format(" {} |", count);
    text += "\n";
  }
  return text;
}

std::string LicenceTable(const LabelCounts& counts, const ManifestHeader& header) {
  std::string text = "| set | pictures | licence as stated | origin |\n|---|---|---|---|\n";
  for (const auto& [name, set] : header.sets) {
    const auto found = counts.by_set.find(name);
    const int64_t pictures = found == counts.by_set.end() ? 0 : found->second.pictures;
    text += fmt::format("| {} | {} | {} | {} |\n", MarkdownCell(name), pictures,
                        set.licence.empty() ? "none stated" : MarkdownCell(set.licence),
                        set.origin.empty() ? "not stated" : MarkdownCell(set.origin));
    const auto own = counts.licences.find(name);
    if (own == counts.licences.end()) continue;
    for (const auto& [licence, count] : own->second) {
      text += fmt::format("| {}, pictures of their own licence | {} | {} | |\n", MarkdownCell(name), count,
                          MarkdownCell(licence));
    }
  }
  return text;
}

std::string MarkdownCell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|' || c == '\\') cell += '\\';
    cell += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return cell;
}

}  // namespace maskscope
