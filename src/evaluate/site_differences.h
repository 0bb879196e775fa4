#ifndef MASKSCOPE_EVALUATE_SITE_DIFFERENCES_H_
#define MASKSCOPE_EVALUATE_SITE_DIFFERENCES_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/looked_set.h"

// How the pictures of one place differ from those a model was trained or measured on, as far as this can be told
// without labels.
namespace maskscope {

enum class SiteQuantity { kHeight, kBrightness, kSharpness, kFaces, kScore, kConfidence };
inline constexpr int kSiteQuantities = 6;
struct SiteQuantityText {
  const char *key, *name, *axis;  // "height", "face height", "face height, pixels"
};
const SiteQuantityText& TextOf(SiteQuantity quantity);

// Fewer faces (pictures, for faces a picture) than this say nothing of a difference.
inline constexpr size_t kLeastToCompare = 30;
// Kolmogorov-Smirnov statistic from which a difference is worth a word, if chance does not explain it.
inline constexpr double kMuchDifferent = 0.2;
// The same for a difference of shares.
inline constexpr double kMuchDifferentShare = 0.1;

// Values of one quantity, ascending, and where they lie; NaN without any.
struct Sample {
  std::vector<double> values;
  double median = 0, low_quartile = 0, high_quartile = 0;
  double percent1 = 0, percent99 = 0;
};

struct SiteDistribution {
  SiteQuantity quantity = SiteQuantity::kHeight;
  Sample site, other;
  double distance = 0;  // Kolmogorov-Smirnov; NaN where either has fewer than kLeastToCompare
  std::string words;    // how the site differs, where it does so much: "faces are half as high ..."; else ""
};

// How often found faces are called something.
struct StateShare {
  std::string state;  // "correct", "incorrect", "none", "unsure"
  int64_t site = 0, other = 0;
  std::string words;  // as above
};

struct SiteComparison {
  bool compared = false;  // with other pictures; else everything about them is empty
  int64_t site_pictures = 0, site_failed = 0, site_faces = 0, site_without_face = 0;
  int64_t other_pictures = 0, other_faces = 0;
  std::array<SiteDistribution, kSiteQuantities> distributions;  // in the order of SiteQuantity
  std::vector<StateShare> states;                               // empty where no states are said

  const SiteDistribution& of(SiteQuantity quantity) const { return distributions[static_cast<size_t>(quantity)]; }
};

// Faces from their set's score threshold on. `other`: null = nothing to compare with.
SiteComparison CompareSite(const LookedSet& site, const LookedSet* other);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_SITE_DIFFERENCES_H_
