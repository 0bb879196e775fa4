#include "evaluate/site_differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "metrics/classification.h"
#include "metrics/distribution.h"

namespace maskscope {
namespace {

using Values = std::array<std::vector<double>, kSiteQuantities>;

struct Counted {
  Values values;
  std::map<std::string, int64_t> states;
  int64_t pictures = 0, failed = 0, faces = 0, without_face = 0;
};

Counted Count(const LookedSet& set) {
  Counted counted;
  const auto add = [&](SiteQuantity quantity, double value) {
    counted.values[static_cast<size_t>(quantity)].push_back(value);
  };
  for (const LookedPicture& picture : set.pictures) {
    if (picture.result.error) {
      ++counted.failed;
      continue;
    }
    int64_t faces = 0;
    for (size_t i = 0; i < picture.result.faces.size(); ++i) {
      const FaceResult& face = picture.result.faces[i];
      if (!set.IsFound(face)) continue;
      ++faces;
      add(SiteQuantity::kHeight, face.box.height());
      add(SiteQuantity::kBrightness, picture.looks[i].brightness);
      add(SiteQuantity::kSharpness, picture.looks[i].sharpness);
      add(SiteQuantity::kScore, face.score);
      if (face.probabilities.empty()) continue;
      add(SiteQuantity::kConfidence, face.confidence);
      ++counted.states[face.state];
    }
    add(SiteQuantity::kFaces, static_cast<double>(faces));
    ++counted.pictures;
    counted.faces += faces;
    if (faces == 0) ++counted.without_face;
  }
  return counted;
}

Sample ToSample(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  Sample sample;
  sample.median = Quantile(values, 0.5);
  sample.low_quartile = Quantile(values, 0.25);
  sample.high_quartile = Quantile(values, 0.75);
  sample.percent1 = Quantile(values, 0.01);
  sample.percent99 = Quantile(values, 0.99);
  sample.values = std::move(values);
  return sample;
}

// "half as", "1.4 times as": what follows is an adjective.
std::string TimesText(double ratio) {
  struct Range {
    double low, high;
    const char* text;
  };
  for (const Range& range : {Range{0.22, 0.28, "a quarter as"}, Range{0.3, 0.37, "a third as"},
                             Range{0.45, 0.55, "half as"}, Range{1.8, 2.2, "twice as"}}) {
    if (ratio >= range.low && ratio <= range.high) return range.text;
  }
  return fmt::format("{:.2g} times as", ratio);
}

struct Wording {
  const char *subject, *less, *more;  // "faces are", "smaller", "larger"
  const char* times;                  // "high": as a ratio; "" = medians alone
  const char* unit;
  int digits;
};

const Wording& WordingOf(SiteQuantity quantity) {
  static constexpr Wording kWordings[kSiteQuantities] = {
      {"faces are", "smaller", "larger", "high", " px", 0},
      {"faces are", "darker", "brighter", "", "", 0},
      {"faces are", "less sharp", "sharper", "sharp", "", 0},
      {"pictures hold", "fewer faces", "more faces", "", "", 0},
      {"the detector's scores are", "lower", "higher", "", "", 2},
      {"the classifier is", "less confident", "more confident", "", "", 2}};
  return kWordings[static_cast<size_t>(quantity)];
}

std::string DifferenceText(const SiteDistribution& one) {
  const Wording& wording = WordingOf(one.quantity);
  const auto number = [&](double value) { return fmt::format("{:.{}f}{}", value, wording.digits, wording.unit); };
  const std::string medians = fmt::format("median {} against {}", number(one.site.median), number(one.other.median));
  // Medians that read the same: it is the spread that differs.
  if (number(one.site.median) == number(one.other.median)) {
    return fmt::format("{}: spread differently: the middle half of them lies from {} to {} against {} to {}",
                       TextOf(one.quantity).name, number(one.site.low_quartile), number(one.site.high_quartile),
                       number(one.other.low_quartile), number(one.other.high_quartile));
  }
  const char* how = one.site.median < one.other.median ? wording.less : wording.more;
  const bool ratio = *wording.times != '\0' && one.other.median > 0 && one.site.median > 0;
  const std::string times =
      ratio ? fmt::format("{} {}, ", TimesText(one.site.median / one.other.median), wording.times) : "";
  return fmt::format("{} {} ({}{})", wording.subject, how, times, medians);
}

SiteDistribution Compare(SiteQuantity quantity, std::vector<double> site, std::vector<double> other) {
  SiteDistribution one{quantity, ToSample(std::move(site)), ToSample(std::move(other)),
                       std::numeric_limits<double>::quiet_NaN(), ""};
  const size_t n = one.site.values.size(), m = one.other.values.size();
  if (n < kLeastToCompare || m < kLeastToCompare) return one;
  one.distance = KolmogorovSmirnov(one.site.values, one.other.values);
  if (one.distance >= std::max(kMuchDifferent, KolmogorovSmirnovBound(n, m))) one.words = DifferenceText(one);
  return one;
}

std::vector<StateShare> CompareStates(const Counted& site, const Counted& other) {
  const auto total = [](const Counted& counted) {
    return static_cast<int64_t>(counted.values[static_cast<size_t>(SiteQuantity::kConfidence)].size());
  };
  const auto of = [](const Counted& counted, const std::string& state) {
    const auto found = counted.states.find(state);
    return found == counted.states.end() ? int64_t{0} : found->second;
  };
  const int64_t n = total(site), m = total(other);
  std::vector<StateShare> shares;
  if (n == 0 && m == 0) return shares;
  std::vector<std::string> states{"correct", "incorrect", "none", "unsure"};
  for (const Counted* counted : {&site, &other}) {
    for (const auto& [state, count] : counted->states) {
      if (std::find(states.begin(), states.end(), state) == states.end()) states.push_back(state);
    }
  }
  const int64_t least = static_cast<int64_t>(kLeastToCompare);
  for (const std::string& state : states) {
    StateShare share{state, of(site, state), of(other, state), ""};
    if (n >= least && m >= least) {
      const double a = static_cast<double>(share.site) / static_cast<double>(n);
      const double b = static_cast<double>(share.other) / static_cast<double>(m);
      const Interval in_site = WilsonInterval(share.site, n), in_other = WilsonInterval(share.other, m);
      const bool apart = in_site.low > in_other.high || in_other.low > in_site.high;
      if (apart && std::abs(a - b) >= kMuchDifferentShare) {
        share.words = fmt::format("{} faces are called {} ({:.0f} % against {:.0f} %)", a < b ? "fewer" : "more", state,
                                  100 * a, 100 * b);
      }
    }
    shares.push_back(std::move(share));
  }
  return shares;
}

}  // namespace

const SiteQuantityText& TextOf(SiteQuantity quantity) {
  static constexpr SiteQuantityText kTexts[kSiteQuantities] = {
      {"height", "face height", "face height, pixels"},
      {"brightness", "brightness", "mean luma of the face, 0 to 255"},
      {"sharpness", "sharpness", "variance of the Laplacian of the face at 64 px"},
      {"faces", "faces a picture", "faces found in the picture"},
      {"score", "detector score", "detector score"},
      {"confidence", "confidence", "probability of the likeliest state"}};
  return kTexts[static_cast<size_t>(quantity)];
}

SiteComparison CompareSite(const LookedSet& site, const LookedSet* other) {
  Counted here = Count(site);
  Counted there = other == nullptr ? Counted{} : Count(*other);
  SiteComparison comparison;
  comparison.compared = other != nullptr;
  comparison.site_pictures = here.pictures;
  comparison.site_failed = here.failed;
  comparison.site_faces = here.faces;
  comparison.site_without_face = here.without_face;
  comparison.other_pictures = there.pictures;
  comparison.other_faces = there.faces;
  comparison.states = CompareStates(here, there);
  for (size_t i = 0; i < comparison.distributions.size(); ++i) {
    comparison.distributions[i] =
        Compare(static_cast<SiteQuantity>(i), std::move(here.values[i]), std::move(there.values[i]));
  }
  return comparison;
}

}  // namespace maskscope
