#include "explain/faithfulness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace maskscope {
namespace {

constexpr double kTrusted = 0.1, kHalfTrusted = 0.3;  // greatest p

// Places (pixels) by falling heat. Those of equal heat are taken in an order drawn by lot, or rows would favour the
// top.
std::vector<size_t> HottestFirst(const CamMap& heat, Random& random) {
  std::vector<size_t> order(heat.values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  random.Shuffle(order);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return heat.values[a] > heat.values[b]; });
  return order;
}

// Takes pixels of `to` over into `from` step by step.
ScoreCurve Walk(std::vector<float> from, const std::vector<float>& to, const std::vector<size_t>& order, int steps,
                const std::function<double(const float*)>& score) {
  ScoreCurve curve;
  const size_t area = order.size();
  size_t done = 0;
  for (int step = 0; step <= steps; ++step) {
    const size_t until = area * static_cast<size_t>(step) / static_cast<size_t>(steps);
    for (; done < until; ++done) {
      for (size_t at = order[done]; at < from.size(); at += area) from[at] = to[at];
    }
    curve.share.push_back(static_cast<double>(step) / steps);
    curve.score.push_back(score(from.data()));
  }
  return curve;
}

// One pass of a mean over 2 * radius + 1 values along lines of `length` values `step` apart; edges are repeated.
void BlurLines(int lines, int line_step, int length, int step, int radius, float* plane) {
  std::vector<float> line(static_cast<size_t>(length));
  for (int l = 0; l < lines; ++l) {
    float* first = plane + static_cast<std::ptrdiff_t>(l) * line_step;
    for (int i = 0; i < length; ++i) line[static_cast<size_t>(i)] = first[static_cast<std::ptrdiff_t>(i) * step];
    const auto at = [&](int i) { return double{line[static_cast<size_t>(std::clamp(i, 0, length - 1))]}; };
    double sum = 0;
    for (int i = -radius; i <= radius; ++i) sum += at(i);
    for (int i = 0; i < length; ++i) {
      first[static_cast<std::ptrdiff_t>(i) * step] = static_cast<float>(sum / (2 * radius + 1));
      sum += at(i + radius + 1) - at(i - radius);
    }
  }
}

// So blurred that no part of a face is left: three means over a quarter of the picture, nearly a Gaussian.
std::vector<float> Blurred(std::vector<float> input, int width, int height) {
  const size_t area = static_cast<size_t>(width) * static_cast<size_t>(height);
  for (size_t plane = 0; plane + area <= input.size(); plane += area) {
    for (int pass = 0; pass < 3; ++pass) {
      BlurLines(height, width, width, 1, std::max(1, width / 8), input.data() + plane);
      BlurLines(width, 1, height, width, std::max(1, height / 8), input.data() + plane);
    }
  }
  return input;
}

struct Curves {
  ScoreCurve deletion, insertion;
};

void AddTo(ScoreCurve& sum, const ScoreCurve& curve, double weight) {
  if (sum.score.empty()) sum = {curve.share, std::vector<double>(curve.score.size(), 0.0)};
  for (size_t i = 0; i < curve.score.size(); ++i) sum.score[i] += weight * curve.score[i];
}

}  // namespace

void FaithfulnessOptions::Validate() const {
  Problems problems;
  problems.Require(steps >= 2 && steps <= 1000, "steps", std::to_string(steps), "2 to 1000");
  problems.Require(random_maps >= 1 && random_maps <= 10000, "random_maps", std::to_string(random_maps), "1 to 10000");
  problems.ThrowIfAny(ErrorKind::kUsage, "faithfulness options");
}

double ScoreCurve::Area() const {
  double area = 0;
  for (size_t i = 1; i < share.size(); ++i) area += (share[i] - share[i - 1]) * (score[i] + score[i - 1]) / 2;
  return area;
}

Faithfulness::Verdict Faithfulness::verdict() const {
  return p <= kTrusted ? Verdict::kTrust : p <= kHalfTrusted ? Verdict::kHalf : Verdict::kDoNotTrust;
}

std::string Faithfulness::Words() const {
  const std::string numbers = fmt::format(
      "better than {:.0f} % of random maps; area under deletion {:.2f} (random {:.2f}), under insertion {:.2f} (random "
      "{:.2f})",
      100 * (1 - p), deletion.Area(), random_deletion.Area(), insertion.Area(), random_insertion.Area());
  switch (verdict()) {
    case Verdict::kTrust:
      return "The map may be trusted: hiding what is hot and showing what is hot change the score as they should (" +
             numbers + ").";
    case Verdict::kHalf:
      return "Take the map with care: what it calls hot matters somewhat more than random places (" + numbers + ").";
    case Verdict::kDoNotTrust:
      break;
  }
  return "Do not trust the map: what it calls hot matters hardly more to the score than random places (" + numbers +
         ").";
}

Faithfulness MeasureFaithfulness(const CamMap& map, const std::vector<float>& input, int width, int height,
                                 const std::function<double(const float*)>& score, const FaithfulnessOptions& options) {
  options.Validate();
  const std::vector<float> blurred = Blurred(input, width, height);
  const std::vector<float> hidden(input.size(), 0.0f);
  Random random(options.seed);
  const auto walk = [&](const CamMap& any) {
    const std::vector<size_t> order = HottestFirst(ResizeCam(any, width, height), random);
    return Curves{Walk(input, hidden, order, options.steps, score), Walk(blurred, input, order, options.steps, score)};
  };
  Faithfulness result;
  const Curves own = walk(map);
  result.deletion = own.deletion;
  result.insertion = own.insertion;
  int as_good_deleting = 0, as_good_inserting = 0, as_good = 0;
  const double own_difference = own.insertion.Area() - own.deletion.Area();
  for (int i = 0; i < options.random_maps; ++i) {
    CamMap drawn = map;
    for (float& value : drawn.values) value = static_cast<float>(random.Uniform(0, 1));
    const Curves curves = walk(drawn);
    result.random_deletion_areas.push_back(curves.deletion.Area());
    result.random_insertion_areas.push_back(curves.insertion.Area());
    as_good_deleting += result.random_deletion_areas.back() <= own.deletion.Area();
    as_good_inserting += result.random_insertion_areas.back() >= own.insertion.Area();
    as_good += result.random_insertion_areas.back() - result.random_deletion_areas.back() >= own_difference;
    AddTo(result.random_deletion, curves.deletion, 1.0 / options.random_maps);
    AddTo(result.random_insertion, curves.insertion, 1.0 / options.random_maps);
  }
  result.p = (as_good + 1.0) / (options.random_maps + 1.0);
  result.deletion_p = (as_good_deleting + 1.0) / (options.random_maps + 1.0);
  result.insertion_p = (as_good_inserting + 1.0) / (options.random_maps + 1.0);
  return result;
}

}  // namespace maskscope
