#include "data/suspects/faces.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "base/union_find.h"
#include "data/strict_json.h"

namespace maskscope {
namespace {

std::vector<size_t> GroupPictures(const Dataset& dataset, const std::vector<std::vector<size_t>>& clusters) {
  UnionFind together(dataset.pictures.size());
  std::unordered_map<std::string, size_t> first;
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    const ManifestPicture& picture = dataset.pictures[i];
    if (!picture.group.empty()) together.Join(i, first.emplace("group " + picture.group, i).first->second);
    if (!picture.hash.empty()) together.Join(i, first.emplace(picture.hash, i).first->second);
  }
  for (const std::vector<size_t>& cluster : clusters) {
    for (const size_t picture : cluster) together.Join(picture, cluster[0]);
  }
  std::vector<size_t> group(dataset.pictures.size());
  for (size_t i = 0; i < group.size(); ++i) group[i] = together.Find(i);
  return group;
}

struct Group {
  size_t number = 0;
  uint64_t lot = 0;
  size_t faces = 0;
  std::array<size_t, kMaskStates> count{};
};

// Largest first, for the small ones fill what is left; equal ones by lot.
std::vector<Group> GroupsBySize(const std::vector<JudgedFace>& faces, uint64_t seed) {
  std::map<size_t, Group> by_number;
  for (const JudgedFace& face : faces) {
    Group& group = by_number[face.group];
    group.number = face.group;
    ++group.faces;
    ++group.count[static_cast<size_t>(face.label)];
  }
  std::vector<Group> groups;
  for (auto& [number, group] : by_number) {
    uint64_t state = seed ^ (number * 0x9e3779b97f4a7c15ULL);
    group.lot = Random::SplitMix(state);
    groups.push_back(group);
  }
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.faces != b.faces ? a.faces > b.faces : a.lot != b.lot ? a.lot < b.lot : a.number < b.number;
  });
  return groups;
}

}  // namespace

void FaceChoice::Validate() const {
  Problems problems;
  problems.Require(!splits.empty(), "splits", "none", "at least one");
  problems.Require(min_face >= 0 && min_face <= 4096, "min_face", std::to_string(min_face), "0 to 4096 pixels");
  problems.ThrowIfAny(ErrorKind::kUsage, "choice of faces");
}

JudgedFaces ChooseFaces(const Dataset& dataset, const FaceChoice& choice,
                        const std::vector<std::vector<size_t>>& clusters) {
  choice.Validate();
  JudgedFaces chosen;
  chosen.group_of = GroupPictures(dataset, clusters);
  for (size_t p = 0; p < dataset.pictures.size(); ++p) {
    const ManifestPicture& picture = dataset.pictures[p];
    if (!choice.splits.contains(picture.split)) continue;
    if (!choice.sets.empty() && !choice.sets.contains(picture.set)) continue;
    chosen.pictures.push_back(p);
    for (size_t f = 0; f < picture.faces.size(); ++f) {
      const LabelledFace& face = picture.faces[f].face;
      if (face.ignore) {
        ++chosen.ignored;
      } else if (!face.state) {
        ++chosen.without_state;
      } else if (picture.kind == PictureKind::kScene &&
                 std::min(face.box.width(), face.box.height()) < choice.min_face) {
        ++chosen.small;
      } else {
        chosen.faces.push_back({p, f, *face.state, chosen.group_of[p]});
      }
    }
  }
  return chosen;
}

std::map<std::string, AllowedStates> StatesOfSets(const Dataset& dataset) {
  std::map<std::string, AllowedStates> states;
  for (const ManifestPicture& picture : dataset.pictures) {
    for (const ManifestFace& face : picture.faces) {
      if (face.face.state && !face.face.ignore) states[picture.set][static_cast<size_t>(*face.face.state)] = true;
    }
  }
  return states;
}

std::vector<int> AssignFolds(const std::vector<JudgedFace>& faces, int folds, uint64_t seed) {
  const std::vector<Group> groups = GroupsBySize(faces, seed);
  if (folds < 2 || groups.size() < static_cast<size_t>(folds)) {
    throw Error(ErrorKind::kUsage, fmt::format("folds: found {} folds and {} groups of pictures, wanted 2 folds or "
                                               "more and at least as many groups",
                                               folds, groups.size()));
  }
  std::array<double, kMaskStates> total{};
  for (const JudgedFace& face : faces) ++total[static_cast<size_t>(face.label)];
  std::vector<std::array<double, kMaskStates>> filled(static_cast<size_t>(folds));  // [fold][state], faces
  std::map<size_t, int> fold_of;
  for (const Group& group : groups) {
    size_t best = 0;
    double least = 0;
    for (size_t fold = 0; fold < filled.size(); ++fold) {
      // How full this fold is of what the group brings; then how full it is at all.
      double load = 0;
      for (size_t s = 0; s < kMaskStates; ++s) {
        if (total[s] > 0) load += (static_cast<double>(group.count[s]) + 1e-6) * filled[fold][s] / total[s];
      }
      if (fold == 0 || load < least) best = fold, least = load;
    }
    fold_of[group.number] = static_cast<int>(best);
    for (size_t s = 0; s < kMaskStates; ++s) filled[best][s] += static_cast<double>(group.count[s]);
  }
  std::vector<int> assigned;
  for (const JudgedFace& face : faces) assigned.push_back(fold_of.at(face.group));
  return assigned;
}

std::vector<std::vector<size_t>> ReadClusters(const std::filesystem::path& report, const Dataset& dataset) {
  const auto fail = [&report](const std::string& what) {
    throw Error(ErrorKind::kBadData, "'" + report.string() + "': " + what +
                                         "; wanted what 'maskscope data duplicates --json' writes for this set");
  };
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < dataset.pictures.size(); ++i) index.emplace(dataset.pictures[i].path, i);
  std::vector<std::vector<size_t>> clusters;
  try {
    const nlohmann::json json = ParseStrictJson(ReadFileText(report));
    if (json.at("schema") != "maskscope.duplicates/1") fail("schema is " + ShortJson(json.at("schema")));
    for (const nlohmann::json& cluster : json.at("clusters")) {
      clusters.emplace_back();
      for (const nlohmann::json& picture : cluster.at("pictures")) {
        const auto found = index.find(picture.at("path").get<std::string>());
        if (found == index.end()) fail("picture " + ShortJson(picture.at("path")) + " is not in the set");
        clusters.back().push_back(found->second);
      }
    }
  } catch (const JsonFault& fault) {
    fail(fault.field + ": " + fault.what);
  } catch (const nlohmann::json::exception& error) {
    fail(error.what());
  }
  return clusters;
}

}  // namespace maskscope
