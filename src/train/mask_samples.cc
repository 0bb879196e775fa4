#include "train/mask_samples.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include "analyze/preprocess.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "base/threads.h"
#include "data/formats/labelled_parts.h"
#include "image/decode.h"

namespace maskscope {

namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<MaskSample> FromScenes(const std::vector<LabelledImage>& scenes, const MaskSampleOptions& options) {
  std::vector<MaskSample> samples;
  for (const LabelledImage& scene : scenes) {
    if (Contains(options.exclude_sets, scene.set)) continue;
    const auto special = options.least_face_of_set.find(scene.set);
    const float least = special == options.least_face_of_set.end() ? options.least_face : special->second;
    for (const LabelledFace& face : scene.faces) {
      if (face.ignore || !face.state || std::min(face.box.width(), face.box.height()) < least) continue;
      samples.push_back({scene.path, scene.set, scene.group, *face.state, false, false, face.box});
    }
  }
  return samples;
}

std::vector<MaskSample> FromCrops(const std::vector<LabelledCrop>& crops, const MaskSampleOptions& options) {
  std::vector<MaskSample> samples;
  for (const LabelledCrop& crop : crops) {
    if (Contains(options.exclude_sets, crop.set) || !crop.state) continue;
    samples.push_back({crop.path, crop.set, crop.group, *crop.state, crop.synthetic, true, {}});
  }
  return samples;
}

template <typename Item>
void AddSets(const TrainingParts<Item>& parts, std::set<std::string>& known) {
  for (const auto* part : {&parts.train, &parts.validation}) {
    for (const Item& item : *part) known.insert(item.set);
  }
}

template <typename Item>
void AddGroups(const std::vector<Item>& items, std::set<std::string>& groups) {
  for (const Item& item : items) groups.insert(item.group);
}

// Further training samples, none of a group that is held back.
std::vector<MaskSample> ReadExtra(const std::string& manifest, const ValidationRule& rule,
                                  const std::set<std::string>& held_back, const MaskSampleOptions& options) {
  std::vector<MaskSample> samples = FromScenes(ReadTrainingScenes(manifest, rule).train, options);
  for (MaskSample& sample : FromCrops(ReadTrainingFaces(manifest, rule).train, options)) {
    samples.push_back(std::move(sample));
  }
  std::erase_if(samples, [&](const MaskSample& sample) { return held_back.contains(sample.group); });
  if (samples.empty()) {
    throw Error{ErrorKind::kBadData, "extra '" + manifest + "': no face with a state for training"};
  }
  return samples;
}

void CheckExcluded(const std::set<std::string>& known, const std::vector<std::string>& excluded) {
  for (const std::string& name : excluded) {
    if (known.contains(name)) continue;
    const std::string near = NearestWord(name, {known.begin(), known.end()});
    throw Error{ErrorKind::kUsage, "there is no set '" + name + "' to leave out" +
                                       (near.empty() ? std::string() : "; did you mean '" + near + "'?")};
  }
}

// Whole groups, chosen by a hash, so that a trial keeps the proportions of the whole.
void KeepSome(MaskSamples& samples, int limit) {
  const size_t count = samples.train.size() + samples.validation.size();
  if (limit <= 0 || static_cast<size_t>(limit) >= count) return;
  const double share = static_cast<double>(limit) / static_cast<double>(count);
  for (auto* part : {&samples.train, &samples.validation}) {
    std::erase_if(
        *part, [&](const MaskSample& sample) { return Random(HashText("limit " + sample.group)).Uniform() >= share; });
  }
}

std::array<int64_t, kMaskStates> CountStates(const std::vector<MaskSample>& samples) {
  std::array<int64_t, kMaskStates> counts{};
  for (const MaskSample& sample : samples) ++counts[static_cast<size_t>(sample.state)];
  return counts;
}

// Two states can be told apart; the third, where the data lack it, is then one that the model never says. What is
// learnt must be measured as well.
void RequireStates(const MaskSamples& samples) {
  const auto train = CountStates(samples.train), validation = CountStates(samples.validation);
  Problems problems;
  std::string absent;
  for (size_t i = 0; i < kMaskStates; ++i) {
    const std::string name(MaskStateName(static_cast<MaskState>(i)));
    if (train[i] == 0) {
      absent += (absent.empty() ? "'" : ", '") + name + "'";
    } else {
      problems.Require(validation[i] > 0, "validation, '" + name + "'", "no face",
                       "at least one (another --validation-seed or a larger --validation-share)");
    }
  }
  const auto states = std::count_if(train.begin(), train.end(), [](int64_t count) { return count > 0; });
  problems.Require(states >= 2, "faces to learn from", "none of " + absent, "faces of two states or more");
  problems.ThrowIfAny(ErrorKind::kBadData, "faces for training");
  if (!absent.empty())
    Log(LogLevel::kWarning, "no face to learn from is {}: the model will not know that state", absent);
}

}  // namespace

void MaskSampleOptions::Validate() const {
  Problems problems;
  problems.Require(!data.empty(), "data", "nothing", "a folder with scenes/ and faces/");
  problems.Require(validation_share > 0 && validation_share < 1, "validation_share", std::to_string(validation_share),
                   "more than 0, below 1");
  problems.Require(least_face >= 1, "least_face", std::to_string(least_face), "1 pixel or more");
  problems.Require(limit >= 0, "limit", std::to_string(limit), "0 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "training data");
}

MaskSamples CollectMaskSamples(const MaskSampleOptions& options) {
  options.Validate();
  const ValidationRule rule{options.validation_share, options.validation_seed};
  const TrainingParts<LabelledImage> scenes = ReadTrainingScenes(options.data, rule);
  const TrainingParts<LabelledCrop> crops = ReadTrainingFaces(options.data, rule);
  std::set<std::string> known;
  AddSets(scenes, known);
  AddSets(crops, known);
  if (!options.exclude_absent) CheckExcluded(known, options.exclude_sets);
  MaskSamples result{FromScenes(scenes.train, options), FromScenes(scenes.validation, options)};
  for (MaskSample& sample : FromCrops(crops.train, options)) result.train.push_back(std::move(sample));
  for (MaskSample& sample : FromCrops(crops.validation, options)) {
    if (!sample.synthetic) result.validation.push_back(std::move(sample));
  }
  std::set<std::string> held_back;
  AddGroups(scenes.validation, held_back);
  AddGroups(crops.validation, held_back);
  for (const std::string& manifest : options.extra) {
    for (MaskSample& sample : ReadExtra(manifest, rule, held_back, options)) result.train.push_back(std::move(sample));
  }
  KeepSome(result, options.limit);
  RequireStates(result);
  return result;
}

nlohmann::json CountSamples(const std::vector<MaskSample>& samples) {
  nlohmann::json counts = nlohmann::json::object();
  for (const MaskSample& sample : samples) {
    nlohmann::json& count = counts[sample.set][std::string(MaskStateName(sample.state))];
    count = count.is_null() ? 1 : count.get<int>() + 1;
  }
  return counts;
}

Box SampleRegion(const MaskSample& sample, const CropRule& crop, const Image& picture) {
  if (!sample.whole_picture) return ClassifierRegion(crop, sample.face);
  return {0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height)};
}

void ForEachSample(const std::vector<MaskSample>& samples, int workers, const std::function<void()>& picture_done,
                   const std::function<void(size_t, const Image&)>& use) {
  std::map<std::filesystem::path, std::vector<size_t>> pictures;
  for (size_t i = 0; i < samples.size(); ++i) pictures[samples[i].path].push_back(i);
  const std::vector<std::pair<std::filesystem::path, std::vector<size_t>>> work(pictures.begin(), pictures.end());
  ParallelFor(work.size(), workers, [&](size_t k) {
    const Image picture = ReadImage(work[k].first).image;
    for (const size_t i : work[k].second) use(i, picture);
    if (picture_done) picture_done();
  });
}

std::vector<double> DrawRates(const std::vector<MaskSample>& samples, const DrawShares& shares, int64_t draws) {
  const auto group_of = [](const MaskSample& s) { return std::tuple(s.group, s.state, s.synthetic); };
  std::map<std::tuple<std::string, MaskState, bool>, int> group_sizes;
  for (const MaskSample& sample : samples) ++group_sizes[group_of(sample)];
  std::vector<double> rates;
  std::vector<std::array<double, 2>> sums(shares.states.size());  // [state][synthetic]
  for (const MaskSample& sample : samples) {
    rates.push_back(1 / std::sqrt(static_cast<double>(group_sizes[group_of(sample)])));
    sums[static_cast<size_t>(sample.state)][sample.synthetic ? 1 : 0] += rates.back();
  }
  // The share of a state that has no samples goes to the others.
  double present = 0;
  for (size_t state = 0; state < sums.size(); ++state) {
    if (sums[state][0] + sums[state][1] > 0) present += shares.states[state];
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto [photos, drawn] = sums[static_cast<size_t>(samples[i].state)];
    double synthetic = drawn / (photos + drawn);
    if (photos > 0) synthetic = std::min(synthetic, shares.synthetic_at_most);
    const double share = samples[i].synthetic ? synthetic / drawn : (1 - synthetic) / photos;
    rates[i] *= shares.states[static_cast<size_t>(samples[i].state)] / present * static_cast<double>(draws) * share;
  }
  return rates;
}

std::vector<int64_t> DrawEpoch(const std::vector<double>& rates, int64_t draws, uint64_t seed) {
  Random random(seed);
  // Systematic sampling: one random start, then steps of 1 along the running sum.
  std::vector<int64_t> order;
  double sum = random.Uniform(), next = 1;
  for (size_t i = 0; i < rates.size(); ++i) {
    for (sum += rates[i]; sum >= next; next += 1) order.push_back(static_cast<int64_t>(i));
  }
  // Rounding may leave the sum a hair off a whole number.
  while (static_cast<int64_t>(order.size()) < draws) order.push_back(static_cast<int64_t>(random.Below(rates.size())));
  random.Shuffle(order);
  order.resize(static_cast<size_t>(draws));
  return order;
}

}  // namespace maskscope
