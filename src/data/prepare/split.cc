#include "data/prepare/split.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "base/error.h"
#include "base/random.h"
#include "base/union_find.h"

namespace maskscope {
namespace {

constexpr std::array<DatasetSplit, 3> kSplits{DatasetSplit::kTrain, DatasetSplit::kValidation, DatasetSplit::kTest};
constexpr size_t kTest = 2;

using Counts = std::map<std::string, int64_t>;

struct Unit {
  std::vector<size_t> pictures;
  Counts counts;
  std::string name;    // the least path: what the lot is drawn by
  std::string rarest;  // stratum
  bool has_test = false;
};

std::string StratumOf(const ManifestFace& face) {
  const float side = std::min(face.face.box.width(), face.face.box.height());
  const std::string state = face.face.state ? std::string(MaskStateName(*face.face.state)) : "unlabelled";
  return state + (side < 32 ? " small" : side < 96 ? " medium" : " large");
}

Counts StrataOf(const ManifestPicture& picture) {
  Counts counts;
  for (const ManifestFace& face : picture.faces) {
    if (!face.face.ignore) ++counts[StratumOf(face)];
  }
  if (counts.empty()) ++counts[picture.kind == PictureKind::kNotAFace ? "not a face" : "no face"];
  return counts;
}

// Pictures joined by groups and clusters.
std::vector<Unit> MakeUnits(const Dataset& dataset, const std::vector<std::vector<size_t>>& clusters) {
  UnionFind together(dataset.pictures.size());
  std::unordered_map<std::string, size_t> first_of_group;
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    const std::string& group = dataset.pictures[i].group;
    if (!group.empty()) together.Join(i, first_of_group.emplace(group, i).first->second);
  }
  for (const auto& cluster : clusters) {
    for (const size_t picture : cluster) together.Join(picture, cluster.front());
  }
  std::map<size_t, Unit> by_root;
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    const ManifestPicture& picture = dataset.pictures[i];
    Unit& unit = by_root[together.Find(i)];
    unit.pictures.push_back(i);
    unit.has_test |= picture.split == DatasetSplit::kTest;
    if (unit.name.empty() || picture.path < unit.name) unit.name = picture.path;
    for (const auto& [stratum, count] : StrataOf(picture)) unit.counts[stratum] += count;
  }
  std::vector<Unit> units;
  for (auto& [root, unit] : by_root) units.push_back(std::move(unit));
  return units;
}

class Dealer {
 public:
  Dealer(Dataset& dataset, std::vector<Unit> units, const SplitOptions& options)
      : dataset_(dataset), units_(std::move(units)), options_(options) {
    const std::array<double, 3> shares{options.train, options.validation, options.test};
    Counts totals;
    for (const Unit& unit : units_) {
      for (const auto& [stratum, count] : unit.counts) totals[stratum] += count;
    }
    for (const auto& [stratum, total] : totals) {
      for (size_t s = 0; s < 3; ++s) lacking_[stratum][s] = shares[s] * static_cast<double>(total);
    }
    for (size_t s = 0; s < 3; ++s) {
      lacking_pictures_[s] = shares[s] * static_cast<double>(dataset.pictures.size());
      open_[s] = shares[s] > 0;
    }
    for (Unit& unit : units_) {
      const auto rarer = [&](const auto& a, const auto& b) {
        return std::tie(totals.at(a.first), a.first) < std::tie(totals.at(b.first), b.first);
      };
      unit.rarest = std::min_element(unit.counts.begin(), unit.counts.end(), rarer)->first;
    }
    std::sort(units_.begin(), units_.end(), [&](const Unit& a, const Unit& b) {
      const int64_t total_a = totals.at(a.rarest), total_b = totals.at(b.rarest);
      const int64_t more_a = -a.counts.at(a.rarest), more_b = -b.counts.at(b.rarest);
      const uint64_t lot_a = Lot(a), lot_b = Lot(b);
      return std::tie(total_a, a.rarest, more_a, lot_a, a.name) < std::tie(total_b, b.rarest, more_b, lot_b, b.name);
    });
  }

  SplitReport Deal() {
    report_.units = units_.size();
    for (const Unit& unit : units_) {
      if (unit.has_test && !options_.move_test) KeepTest(unit);
    }
    for (auto& [stratum, lacking] : lacking_) ShareWhatIsLeft(lacking);
    ShareWhatIsLeft(lacking_pictures_);
    for (const Unit& unit : units_) {
      if (!unit.has_test || options_.move_test) Give(unit, Neediest(unit));
    }
    return std::move(report_);
  }

 private:
  uint64_t Lot(const Unit& unit) const {
    uint64_t state = options_.seed ^ HashText(unit.name);
    return Random::SplitMix(state);
  }

  void KeepTest(const Unit& unit) {
    for (const size_t picture : unit.pictures) {
      if (dataset_.pictures[picture].split == DatasetSplit::kTest) {
        ++report_.kept_test;
      } else {
        report_.joined_test.push_back(picture);
      }
    }
    Give(unit, kTest);
  }

  // Where test has more than its share already, the others get less than theirs, each by the same factor: else the
  // largest would take all that is left. The sum of what is lacking is what there is to deal out.
  static void ShareWhatIsLeft(std::array<double, 3>& lacking) {
    double left = 0, wanted = 0;
    for (const double lack : lacking) left += lack, wanted += std::max(lack, 0.0);
    for (double& lack : lacking) lack = wanted > 0 ? std::max(lack, 0.0) * left / wanted : 0;
  }

  size_t Neediest(const Unit& unit) const {
    const std::array<double, 3>& lacking = lacking_.at(unit.rarest);
    size_t best = 3;
    for (size_t s = 0; s < 3; ++s) {
      if (!open_[s]) continue;
      if (best == 3 || std::tie(lacking[s], lacking_pictures_[s]) > std::tie(lacking[best], lacking_pictures_[best])) {
        best = s;
      }
    }
    return best;
  }

  void Give(const Unit& unit, size_t split) {
    for (const size_t picture : unit.pictures) dataset_.pictures[picture].split = kSplits[split];
    for (const auto& [stratum, count] : unit.counts) {
      lacking_[stratum][split] -= static_cast<double>(count);
      report_.strata[stratum][split] += count;
    }
    const auto count = static_cast<int64_t>(unit.pictures.size());
    lacking_pictures_[split] -= static_cast<double>(count);
    report_.pictures[split] += count;
  }

  Dataset& dataset_;
  std::vector<Unit> units_;
  const SplitOptions& options_;
  std::map<std::string, std::array<double, 3>> lacking_;
  std::array<double, 3> lacking_pictures_{};
  std::array<bool, 3> open_{};
  SplitReport report_;
};

}  // namespace

void SplitOptions::Validate() const {
  Problems problems;
  const auto share = [&](double value, const char* field) {
    problems.Require(std::isfinite(value) && value >= 0 && value <= 1, field, std::to_string(value), "0 to 1");
  };
  share(train, "train");
  share(validation, "validation");
  share(test, "test");
  const double sum = train + validation + test;
  problems.Require(std::abs(sum - 1) < 1e-6, "the sum of the shares", std::to_string(sum), "1");
  problems.ThrowIfAny(ErrorKind::kUsage, "split");
}

SplitReport AssignSplits(Dataset& dataset, const std::vector<std::vector<size_t>>& clusters,
                         const SplitOptions& options) {
  options.Validate();
  return Dealer(dataset, MakeUnits(dataset, clusters), options).Deal();
}

}  // namespace maskscope
