#include "data/formats/known_sets.h"

#include <algorithm>
#include <array>

namespace maskscope {

const KnownSet* FindKnownSet(std::string_view name) {
  static constexpr std::array<KnownSet, 11> kKnown{{
      {"ilc2021", "jolignier/face-mask-dataset-ilc-2021: web photos collected by a student class", ""},
      {"kaggle853", "Kaggle, andrewmvd, Face Mask Detection: web and stock photos", "CC0 1.0 as stated on Kaggle"},
      {"mafa", "MAFA part of AIZOO's face-mask data", "research use (MAFA)"},
      {"wider", "WIDER FACE part of AIZOO's face-mask data", "research use (WIDER FACE)"},
      {"roboflow149", "Roboflow, joseph-nelson, Mask Wearing", "Public Domain as listed on Roboflow"},
      {"chandrikadeb7", "chandrikadeb7/Face-Mask-Detection", "MIT on the repository"},
      {"kaggle12k", "Kaggle, ashishjangra27, Face Mask 12K: its plain photos",
       "none stated (a copy's repository: MIT)"},
      {"visiont3lab", "visiont3lab/project-covid-mask-classifier: webcam faces and web shops", "MIT on the repository"},
      {"utkface", "UTKFace, aligned crops", "non-commercial research"},
      {"maskedfacenet", "MaskedFace-Net: masks drawn on FFHQ faces", "CC BY-NC-SA 4.0"},
      {"nonface", "patches of ilc2021 and mafa scenes", "as their scenes: none stated (ilc2021), research use (MAFA)"},
  }};
  const auto found = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownSet& set) { return set.name == name; });
  return found == kKnown.end() ? nullptr : found;
}

void StateKnownSets(ManifestHeader& header) {
  for (auto& [name, set] : header.sets) {
    const KnownSet* known = FindKnownSet(name);
    if (known == nullptr || !set.origin.empty() || !set.licence.empty()) continue;
    set = {std::string(known->origin), std::string(known->licence)};
  }
}

int StateSets(ManifestHeader& header, const std::string& origin, const std::string& licence) {
  int changed = 0;
  const bool replaces = header.sets.size() == 1;
  for (auto& [name, set] : header.sets) {
    const bool takes_origin = !origin.empty() && (replaces || set.origin.empty());
    const bool takes_licence = !licence.empty() && (replaces || set.licence.empty());
    if (takes_origin) set.origin = origin;
    if (takes_licence) set.licence = licence;
    changed += takes_origin || takes_licence ? 1 : 0;
  }
  return changed;
}

}  // namespace maskscope
