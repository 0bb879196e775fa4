#include "data/prepare/balance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/error.h"
#include "base/random.h"

namespace maskscope {
namespace {

// Empty: not among those that are balanced.
std::string ClassOf(const ManifestPicture& picture) {
  if (picture.split == DatasetSplit::kTest || picture.split == DatasetSplit::kValidation) return "";
  if (picture.kind == PictureKind::kNotAFace) return "not_a_face";
  if (picture.kind == PictureKind::kScene) {
    if (picture.faces.empty()) return "";
    throw Error(ErrorKind::kBadData,
                "balance: '" + picture.path +
                    "' is a scene, which may hold several classes; cut crops first (maskscope data "
                    "crops)");
  }
  if (picture.faces.empty() || picture.faces[0].face.ignore || !picture.faces[0].face.state) return "";
  return std::string(MaskStateName(*picture.faces[0].face.state));
}

uint64_t Lot(const ManifestPicture& picture, uint64_t seed) {
  uint64_t state = seed ^ HashText(picture.path);
  return Random::SplitMix(state);
}

}  // namespace

void BalanceOptions::Validate() const {
  Problems problems;
  problems.Require(std::isfinite(ratio) && ratio >= 1 && ratio <= 1000, "ratio", std::to_string(ratio), "1 to 1000");
  problems.ThrowIfAny(ErrorKind::kUsage, "balance");
}

BalanceResult BalanceDataset(const Dataset& dataset, const BalanceOptions& options) {
  options.Validate();
  BalanceResult result;
  result.dataset.header = dataset.header;
  result.dataset.root = dataset.root;
  std::map<std::string, std::vector<size_t>> members;
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    const std::string name = ClassOf(dataset.pictures[i]);
    if (!name.empty()) members[name].push_back(i);
  }
  size_t least = dataset.pictures.size(), most = 0, total = 0;
  for (auto& [name, list] : members) {
    std::sort(list.begin(), list.end(), [&](size_t a, size_t b) {
      const ManifestPicture &x = dataset.pictures[a], &y = dataset.pictures[b];
      return std::tuple(Lot(x, options.seed), x.path) < std::tuple(Lot(y, options.seed), y.path);
    });
    least = std::min(least, list.size());
    most = std::max(most, list.size());
    total += list.size();
  }
  std::vector<int> copies(dataset.pictures.size(), 1);
  std::vector<double> weights(dataset.pictures.size(), 0);
  for (const auto& [name, list] : members) {
    BalanceResult::Class& row = result.classes[name];
    row.before = row.after = static_cast<int64_t>(list.size());
    row.weight = 1;
    if (options.mode == BalanceMode::kCap) {
      const auto kept = static_cast<size_t>(options.ratio * static_cast<double>(least) + 1e-9);
      for (size_t i = kept; i < list.size(); ++i) copies[list[i]] = 0;
      row.after = static_cast<int64_t>(std::min(kept, list.size()));
    } else if (options.mode == BalanceMode::kOversample) {
      const auto wanted = static_cast<size_t>(std::ceil(static_cast<double>(most) / options.ratio - 1e-9));
      for (size_t i = list.size(); i < wanted; ++i) ++copies[list[i % list.size()]];
      row.after = static_cast<int64_t>(std::max(wanted, list.size()));
    } else {
      row.weight = static_cast<double>(total) / static_cast<double>(members.size() * list.size());
      for (const size_t i : list) weights[i] = row.weight;
    }
  }
  for (size_t i = 0; i < copies.size(); ++i) {
    ManifestPicture picture = dataset.pictures[i];
    if (copies[i] == 0) result.dropped.push_back({picture, "capped"});
    if (weights[i] > 0) picture.attributes["balance.weight"] = fmt::format("{:.6g}", weights[i]);
    for (int copy = 1; copy <= copies[i]; ++copy) {
      if (copy > 1) picture.attributes["balance.copy"] = std::to_string(copy);
      result.dataset.pictures.push_back(picture);
    }
  }
  return result;
}

}  // namespace maskscope
