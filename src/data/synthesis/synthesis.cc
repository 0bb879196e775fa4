#include "data/synthesis/synthesis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "image/transform.h"

namespace maskscope {
namespace {

// How often each is met among worn masks, fits among badly worn ones, things before bare faces. Guesses from looking at
// photos; what matters is that every kind occurs.
constexpr std::array<double, kMaskCuts> kCutShares{0.42, 0.16, 0.04, 0.03, 0.17, 0.13, 0.02, 0.03};
constexpr std::array<double, kMaskFits> kFitShares{0, 0.37, 0.15, 0.29, 0.05, 0.05, 0.04, 0.025, 0.025};
constexpr std::array<double, kOccluders> kOccluderShares{0.26, 0.1, 0.06, 0.11, 0.11, 0.08, 0.08, 0.06, 0.08, 0.06};

double ShareOf(const std::map<std::string, double>& given, std::string_view name, double usual) {
  const auto found = given.find(std::string(name));
  return found == given.end() ? usual : found->second;
}

// An index with these weights by lot; their sum is positive.
size_t Pick(const std::vector<double>& weights, Random& random) {
  double total = 0;
  for (const double w : weights) total += w;
  double left = random.Uniform(0, total);
  size_t last = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    if ((left -= weights[i]) < 0) break;
  }
  return last;
}

template <typename Kind, size_t N>
std::vector<double> Weights(const std::array<double, N>& usual, const std::map<std::string, double>& given,
                            std::string_view (*name)(Kind)) {
  std::vector<double> weights;
  for (size_t i = 0; i < N; ++i) weights.push_back(ShareOf(given, name(static_cast<Kind>(i)), usual[i]));
  return weights;
}

template <typename Kind, size_t N>
void CheckShares(const char* field, const std::array<double, N>& usual, const std::map<std::string, double>& given,
                 std::string_view (*name)(Kind), size_t first, Problems& problems) {
  std::vector<std::string> names;
  for (size_t i = first; i < N; ++i) names.emplace_back(name(static_cast<Kind>(i)));
  for (const auto& [key, share] : given) {
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      const std::string near = NearestWord(key, names);
      std::string known;
      for (const std::string& n : names) known += (known.empty() ? "" : ", ") + n;
      problems.Add(std::string(field) + ": there is no '" + key + "'" +
                   (near.empty() ? "" : "; did you mean '" + near + "'?") + " (known: " + known + ")");
    }
    problems.Require(share >= 0 && share < 1e9, std::string(field) + " " + key, std::to_string(share), "0 or more");
  }
  double sum = 0;
  const std::vector<double> weights = Weights(usual, given, name);
  for (size_t i = first; i < N; ++i) sum += weights[i];
  problems.Require(sum > 0, field, "nothing with a share above 0", "at least one");
}

bool CanBeWorn(MaskCut cut, MaskFit fit) {
  const bool wrapped = cut == MaskCut::kBandana || cut == MaskCut::kGaiter;
  if (wrapped)
    return fit == MaskFit::kCorrect || fit == MaskFit::kNoseOut || fit == MaskFit::kNoseTipOut ||
           fit == MaskFit::kUnderChin;
  const bool stiff = cut == MaskCut::kConeRespirator || cut == MaskCut::kDuckbill;
  return !(stiff && (fit == MaskFit::kMouthOnly || fit == MaskFit::kOnEyes));
}

// What of the picture drawing may touch: the head, its neck and what comes from below.
Box Area(const FaceFit& head, const Image& image) {
  const Vec3 middle = head.Project({0, 0.9f, 0});
  const float reach = 3.2f * head.scale;
  Box box{std::floor(middle.x - reach), std::floor(middle.y - reach), std::ceil(middle.x + reach),
          std::ceil(middle.y + reach)};
  return Clamp(box, image.width, image.height);
}

std::string_view Unsuitable(const FaceFit& head, const Box& box, const SynthesisOptions& options, const Image& image) {
  constexpr float kDegrees = 180 / std::numbers::pi_v<float>;
  if (std::min(box.width(), box.height()) < options.min_face) return "too_small";
  if (std::abs(head.yaw) * kDegrees > options.max_yaw) return "profile";
  if (std::abs(head.pitch) * kDegrees > options.max_pitch) return "pitched";
  if (Clamp(box, image.width, image.height).area() < 0.6f * box.area()) return "outside";
  const Vec3 mouth = head.Project({0, kMouth, 0.3f});
  if (mouth.x < 0 || mouth.y < 0 || mouth.x >= image.width || mouth.y >= image.height) return "outside";
  return "";
}

}  // namespace

void SynthesisOptions::Validate() const {
  Problems problems;
  const auto share = [&](const char* field, double value) {
    problems.Require(value >= 0 && value < 1e9, field, std::to_string(value), "0 or more");
  };
  share("correct", correct);
  share("incorrect", incorrect);
  share("none", none);
  problems.Require(correct + incorrect + none > 0, "correct, incorrect, none", "0 each", "one above 0");
  CheckShares("cuts", kCutShares, cuts, &MaskCutName, 0, problems);
  CheckShares("fits", kFitShares, fits, &MaskFitName, 1, problems);
  CheckShares("occluders", kOccluderShares, occluders, &OccluderName, 0, problems);
  problems.Require(min_face >= 16 && min_face <= 4096, "min_face", std::to_string(min_face), "16..4096 pixels");
  problems.Require(max_yaw > 0 && max_yaw <= 70, "max_yaw", std::to_string(max_yaw), "0..70 degrees");
  problems.Require(max_pitch > 0 && max_pitch <= 60, "max_pitch", std::to_string(max_pitch), "0..60 degrees");
  problems.ThrowIfAny(ErrorKind::kUsage, "synthesis options");
}

SynthesisPlan DrawPlan(const SynthesisOptions& options, Random& random) {
  SynthesisPlan plan;
  const size_t state = Pick({options.correct, options.incorrect, options.none}, random);
  if (state == 2) {
    plan.occluder = static_cast<Occluder>(Pick(Weights(kOccluderShares, options.occluders, &OccluderName), random));
    return plan;
  }
  const std::vector<double> fits = Weights(kFitShares, options.fits, &MaskFitName);
  // The cut first, in the same way for both states: then it says nothing about the state. A cut that cannot be worn in
  // any of the fits asked for is left out, for both.
  std::vector<double> cuts = Weights(kCutShares, options.cuts, &MaskCutName);
  const auto possible = [&](size_t cut) {
    std::vector<double> weights = fits;
    weights[0] = 0;
    double sum = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (!CanBeWorn(static_cast<MaskCut>(cut), static_cast<MaskFit>(i))) weights[i] = 0;
      sum += weights[i];
    }
    return sum > 0 ? weights : std::vector<double>();
  };
  double left = 0;
  for (size_t i = 0; i < cuts.size(); ++i) {
    if (options.incorrect > 0 && possible(i).empty()) cuts[i] = 0;
    left += cuts[i];
  }
  if (!(left > 0))
    throw Error(ErrorKind::kUsage,
                "synthesis options: none of the cuts asked for can be worn in any of the fits asked for");
  const size_t cut = Pick(cuts, random);
  plan.cut = static_cast<MaskCut>(cut);
  plan.fit = state == 0 ? MaskFit::kCorrect : static_cast<MaskFit>(Pick(possible(cut), random));
  return plan;
}

std::optional<DrawnCover> DrawCover(const SynthesisPlan& plan, const LabelledFace& face,
                                    const SynthesisOptions& options, uint64_t seed, Image& image, std::string* reason,
                                    const std::optional<Box>& frame) {
  const std::optional<FaceFit> head = FitFace(face.landmarks, face.box, reason);
  if (!head) return std::nullopt;
  const std::string_view unsuitable = Unsuitable(*head, face.box, options, image);
  if (!unsuitable.empty()) {
    if (reason) *reason = unsuitable;
    return std::nullopt;
  }
  Random random(seed);
  const auto uniform = [&](double low, double high) { return static_cast<float>(random.Uniform(low, high)); };
  const PhotoLook look = MeasurePhoto(image, *head);
  const Vec3 light = Unit({0.6f * look.light_x + uniform(-0.15, 0.15), uniform(-0.65, -0.25), 0.8f});
  PaintLayer layer(Area(*head, image), std::clamp(static_cast<int>(std::ceil(90 / head->scale)), 1, 6));
  DrawnCover drawn;
  drawn.state = plan.state();
  BlendOptions blend;
  if (plan.fit) {
    const MaskDesign design = DrawDesign(plan.cut, random);
    MaskEdges edges = DrawEdges(*plan.fit, design, random);
    // On the ear that is seen.
    if (*plan.fit == MaskFit::kOneEar && std::abs(head->yaw) > 0.12f) edges.side = head->yaw > 0 ? -1.0f : 1.0f;
    DrapeMask(design, *plan.fit, edges, *head, light, random, layer);
    drawn.attributes = {{"synthesis.cut", std::string(MaskCutName(plan.cut))},
                        {"synthesis.fit", std::string(MaskFitName(*plan.fit))},
                        {"synthesis.colour", design.colour}};
  } else {
    const Occluder occluder = plan.occluder.value_or(Occluder::kHand);
    const std::string colour = PaintOccluder(occluder, *head, look, light, random, layer);
    drawn.attributes = {{"synthesis.occluder", std::string(OccluderName(occluder))}, {"synthesis.colour", colour}};
    blend.hidden_by_hair = false;
  }
  blend.shadow = uniform(0.15, 0.5);
  blend.shadow_offset = {-light.x * 0.08f * head->scale, -light.y * 0.1f * head->scale};
  blend.shadow_spread = uniform(0.03, 0.08) * head->scale;
  blend.frame = frame.value_or(Box{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)});
  // A mask of which less than a corner shows would be a wrong label.
  constexpr double kLeastVisible = 0.16;
  blend.least_visible = kLeastVisible * static_cast<double>(head->scale) * static_cast<double>(head->scale);
  if (Blend(layer, look, *head, blend, random, image) < blend.least_visible) {
    if (reason) *reason = "hidden";
    return std::nullopt;
  }
  return drawn;
}

}  // namespace maskscope
