#include <algorithm>
#include <cmath>
#include <deque>

#include "data/suspects/logistic.h"

namespace maskscope {
namespace {

constexpr size_t kMemory = 8;  // pairs kept
constexpr int kMostHalvings = 30;

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void AddScaled(std::vector<double>& to, const std::vector<double>& what, double factor) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += factor * what[i];
}

double GreatestMagnitude(const std::vector<double>& values) {
  double greatest = 0;
  for (const double value : values) greatest = std::max(greatest, std::abs(value));
  return greatest;
}

struct Pair {
  std::vector<double> step, change;  // of x, of the gradient
  double product;                    // of both
};

// The two-loop recursion: an approximation of minus the inverse Hessian times the gradient.
std::vector<double> Direction(const std::vector<double>& gradient, const std::deque<Pair>& pairs) {
  std::vector<double> direction = gradient;
  std::vector<double> alphas(pairs.size());
  for (size_t i = pairs.size(); i-- > 0;) {
    alphas[i] = Dot(pairs[i].step, direction) / pairs[i].product;
    AddScaled(direction, pairs[i].change, -alphas[i]);
  }
  if (!pairs.empty()) {
    const double scale = pairs.back().product / Dot(pairs.back().change, pairs.back().change);
    for (double& value : direction) value *= scale;
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    AddScaled(direction, pairs[i].step, alphas[i] - Dot(pairs[i].change, direction) / pairs[i].product);
  }
  for (double& value : direction) value = -value;
  return direction;
}

}  // namespace

int MinimiseLbfgs(const std::function<double(const std::vector<double>&, std::vector<double>&)>& function,
                  std::vector<double>& x, int max_steps, double tolerance, const std::function<bool()>& stop) {
  std::vector<double> gradient(x.size()), next_gradient(x.size()), next;
  double value = function(x, gradient);
  std::deque<Pair> pairs;
  int steps = 0;
  for (; steps < max_steps && GreatestMagnitude(gradient) > tolerance && !(stop && stop()); ++steps) {
    const std::vector<double> direction = Direction(gradient, pairs);
    const double slope = Dot(gradient, direction);
    if (!(slope < 0)) break;  // no way down is left at this precision
    double length = pairs.empty() ? std::min(1.0, 1.0 / std::sqrt(Dot(gradient, gradient))) : 1.0;
    double next_value = value;
    int halvings = 0;
    for (; halvings < kMostHalvings; ++halvings, length /= 2) {
      next = x;
      AddScaled(next, direction, length);
      next_value = function(next, next_gradient);
      if (next_value <= value + 1e-4 * length * slope) break;
    }
    if (halvings == kMostHalvings) break;
    Pair pair{next, next_gradient, 0};
    AddScaled(pair.step, x, -1);
    AddScaled(pair.change, gradient, -1);
    pair.product = Dot(pair.step, pair.change);
    if (pair.product > 1e-12) pairs.push_back(std::move(pair));
    if (pairs.size() > kMemory) pairs.pop_front();
    x.swap(next);
    gradient.swap(next_gradient);
    value = next_value;
  }
  return steps;
}

}  // namespace maskscope
