#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "data/suspects/patch.h"

namespace maskscope {
namespace {

constexpr float kBoxTolerance = 0.011f;  // pixels
constexpr size_t kMostListed = 200;

bool SameBox(const Box& a, const Box& b) {
  const auto near = [](float x, float y) { return std::abs(x - y) <= kBoxTolerance + 1e-6f * std::abs(x); };
  return near(a.x1, b.x1) && near(a.y1, b.y1) && near(a.x2, b.x2) && near(a.y2, b.y2);
}

std::string BoxText(const Box& box) {
  return fmt::format("[{:.6g}, {:.6g}, {:.6g}, {:.6g}]", box.x1, box.y1, box.x2, box.y2);
}

std::string StateText(const std::optional<MaskState>& state) {
  return state ? std::string(MaskStateName(*state)) : "no state";
}

std::string Place(const LabelEdit& edit) {
  return edit.kind == EditKind::kAdd ? edit.path : fmt::format("{} face {}", edit.path, edit.face);
}

// Whether what the edit wants is there already.
bool IsInEffect(const LabelEdit& edit, const ManifestPicture& picture) {
  if (edit.kind == EditKind::kAdd) {
    return std::any_of(picture.faces.begin(), picture.faces.end(),
                       [&edit](const ManifestFace& face) { return SameBox(face.face.box, edit.box); });
  }
  if (edit.face >= picture.faces.size()) return false;
  const LabelledFace& face = picture.faces[edit.face].face;
  if (edit.kind == EditKind::kMove) return SameBox(face.box, edit.new_box);
  if (!SameBox(face.box, edit.box)) return false;
  if (edit.kind == EditKind::kIgnore) return face.ignore;
  return edit.kind == EditKind::kRelabel && face.state == edit.to;
}

// Why the edit cannot be applied to this picture; empty where it can.
std::string Misfit(const LabelEdit& edit, const ManifestPicture& picture) {
  if (picture.hash != edit.hash) {
    return fmt::format("the picture's hash is {}, the edit was made for {}",
                       picture.hash.empty() ? "not known" : picture.hash.substr(0, 19), edit.hash.substr(0, 19));
  }
  if (edit.kind == EditKind::kAdd) {
    return picture.kind == PictureKind::kScene ? "" : "faces can be added to scenes only";
  }
  if (edit.face >= picture.faces.size()) return fmt::format("the picture has {} faces", picture.faces.size());
  const LabelledFace& face = picture.faces[edit.face].face;
  if (!SameBox(face.box, edit.box)) {
    return fmt::format("its box is {}, the edit was made for {}", BoxText(face.box), BoxText(edit.box));
  }
  if (face.state != edit.from) {
    return fmt::format("its state is '{}', the edit was made for '{}'", StateText(face.state), StateText(edit.from));
  }
  if (picture.kind == PictureKind::kFaceCrop && (edit.kind == EditKind::kDelete || edit.kind == EditKind::kMove)) {
    return "a face crop has just the one face, whole: wanted 'ignore'";
  }
  return "";
}

// The class name that a set gives a state most often; by name on ties.
class ClassNames {
 public:
  explicit ClassNames(const Dataset& dataset) {
    for (const ManifestPicture& picture : dataset.pictures) {
      for (const ManifestFace& face : picture.faces) {
        if (face.face.state && !face.face.ignore) ++counts_[{picture.set, *face.face.state}][face.label];
      }
    }
  }
  std::string Find(const std::string& set, const std::optional<MaskState>& state) const {
    const auto found = state ? counts_.find({set, *state}) : counts_.end();
    if (found == counts_.end()) return "";
    return std::max_element(found->second.begin(), found->second.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
  }

 private:
  std::map<std::pair<std::string, MaskState>, std::map<std::string, int64_t>> counts_;
};

// All but kDelete, which would change the numbers of later faces. Returns what it did.
std::string Apply(const LabelEdit& edit, const ClassNames& names, const std::string& author, ManifestPicture& picture) {
  if (edit.kind == EditKind::kAdd) {
    ManifestFace added;
    added.face.box = edit.box;
    added.face.state = edit.to;
    added.label = names.Find(picture.set, edit.to);
    added.attributes["relabel.by"] = author;
    picture.faces.push_back(std::move(added));
    return "new face " + BoxText(edit.box) + ", " + StateText(edit.to);
  }
  ManifestFace& face = picture.faces[edit.face];
  if (edit.kind == EditKind::kDelete) return "deleted (" + StateText(edit.from) + ")";
  face.attributes["relabel.by"] = author;
  if (edit.kind == EditKind::kRelabel) {
    face.attributes["relabel.was"] = StateText(edit.from);
    face.face.state = edit.to;
    face.label = names.Find(picture.set, edit.to);
    return StateText(edit.from) + " -> " + StateText(edit.to);
  }
  if (edit.kind == EditKind::kIgnore) {
    face.face.ignore = true;
    return "ignored (" + StateText(edit.from) + ")";
  }
  face.attributes["relabel.was_box"] = BoxText(edit.box);
  face.face.box = edit.new_box;
  return "box " + BoxText(edit.box) + " -> " + BoxText(edit.new_box);
}

struct Plan {
  std::vector<std::pair<size_t, size_t>> edits;  // (edit, picture)
  std::vector<std::string> misfits;
  int64_t not_accepted = 0, skipped = 0;
};

Plan MakePlan(const LabelPatch& patch, const Dataset& dataset, bool skip_applied) {
  std::unordered_map<std::string, size_t> by_path;
  for (size_t i = 0; i < dataset.pictures.size(); ++i) by_path.emplace(dataset.pictures[i].path, i);
  std::set<std::pair<size_t, size_t>> touched;  // (picture, face)
  Plan plan;
  for (size_t e = 0; e < patch.edits.size(); ++e) {
    const LabelEdit& edit = patch.edits[e];
    if (!edit.accept) {
      ++plan.not_accepted;
      continue;
    }
    const auto found = by_path.find(edit.path);
    const ManifestPicture* picture = found == by_path.end() ? nullptr : &dataset.pictures[found->second];
    const bool in_effect = picture != nullptr && picture->hash == edit.hash && IsInEffect(edit, *picture);
    if (in_effect && skip_applied) {
      ++plan.skipped;
      continue;
    }
    std::string misfit = picture == nullptr ? "there is no such picture in the set" : Misfit(edit, *picture);
    if (in_effect) misfit = "is in effect already (--skip-applied passes over such edits)";
    if (misfit.empty() && edit.kind != EditKind::kAdd && !touched.insert({found->second, edit.face}).second) {
      misfit = "another accepted edit changes this face too";
    }
    if (misfit.empty()) {
      plan.edits.emplace_back(e, found->second);
    } else {
      plan.misfits.push_back(fmt::format("edit {} ({}): {}", e + 1, Place(edit), misfit));
    }
  }
  return plan;
}

void ThrowMisfits(const std::vector<std::string>& misfits) {
  if (misfits.empty()) return;
  std::string list;
  for (size_t i = 0; i < std::min(misfits.size(), kMostListed); ++i) list += "\n  " + misfits[i];
  if (misfits.size() > kMostListed) list += fmt::format("\n  ... and {} more", misfits.size() - kMostListed);
  throw Error(ErrorKind::kBadData,
              fmt::format("{} of the accepted edits do not fit the set, nothing was changed:{}", misfits.size(), list));
}

void CheckNotApplied(const ManifestHeader& header, const std::string& patch_hash) {
  if (patch_hash.empty()) return;
  for (const std::string& step : header.recipe) {
    if (step.find(patch_hash) == std::string::npos) continue;
    throw Error(ErrorKind::kBadData, "this patch has been applied to the set before: its recipe holds '" + step + "'");
  }
}

}  // namespace

ApplyReport ApplyPatch(const LabelPatch& patch, const ApplyOptions& options, Dataset& dataset) {
  CheckNotApplied(dataset.header, options.patch_hash);
  const Plan plan = MakePlan(patch, dataset, options.skip_applied);
  ThrowMisfits(plan.misfits);
  if (plan.edits.empty() && plan.skipped == 0) {
    throw Error(ErrorKind::kBadData, fmt::format("none of the patch's {} edits is accepted: set \"accept\": true on "
                                                 "those that are right",
                                                 patch.edits.size()));
  }
  const ClassNames names(dataset);
  const std::string author = options.author.empty() ? patch.author : options.author;
  ApplyReport report;
  report.not_accepted = plan.not_accepted;
  report.skipped = plan.skipped;
  std::set<std::pair<size_t, size_t>, std::greater<>> deleted;  // (picture, face), later faces first
  for (const auto& [e, p] : plan.edits) {
    const LabelEdit& edit = patch.edits[e];
    report.applied.push_back({e, Place(edit) + ": " + Apply(edit, names, author, dataset.pictures[p])});
    if (edit.kind == EditKind::kDelete) deleted.insert({p, edit.face});
  }
  for (const auto& [p, face] : deleted) {
    auto& faces = dataset.pictures[p].faces;
    faces.erase(faces.begin() + static_cast<ptrdiff_t>(face));
  }
  ManifestHeader& header = dataset.header;
  if (!header.classes.empty()) {
    for (const auto& [e, p] : plan.edits) {
      for (const ManifestFace& face : dataset.pictures[p].faces) {
        const bool known = std::find(header.classes.begin(), header.classes.end(), face.label) != header.classes.end();
        if (!face.label.empty() && !known) header.classes.push_back(face.label);
      }
    }
  }
  ++header.version;
  if (!options.manifest_hash.empty()) header.parents = {options.manifest_hash};
  header.recipe.push_back(fmt::format("maskscope data relabel with {} ({}) by {}: {} edits", options.patch_name,
                                      options.patch_hash, author.empty() ? "nobody named" : author,
                                      report.applied.size()));
  return report;
}

}  // namespace maskscope
