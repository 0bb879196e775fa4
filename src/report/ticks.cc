#include "report/ticks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace maskscope {
namespace {

// A step of `digit` times 10^exponent: exact where a double is not.
struct Step {
  int digit = 1, exponent = 0;
  // long double: the span of two doubles may exceed the largest double, and a step may fall below the least.
  long double value() const { return digit * std::pow(10.0L, exponent); }
  // 3 times 0.1 is not 0.3, but 3 / 10 is.
  double Multiple(long double i) const {
    return static_cast<double>(exponent < 0 ? i * digit / std::pow(10.0L, -exponent) : i * value());
  }
};

constexpr long double kSlack = 1e-6L;  // of a step: an end that misses a tick by rounding still has it

Step FindStep(long double span, int most, bool integer) {
  // A span below the least double comes of rounding; it must not make a step of 0.
  const long double least = std::max<long double>(span, std::numeric_limits<double>::denorm_min()) / std::max(most, 1);
  Step step{1, static_cast<int>(std::floor(std::log10(least)))};
  for (const int digit : {1, 2, 5, 10}) {
    step.digit = digit;
    if (step.value() >= least * (1 - kSlack)) break;
  }
  if (step.digit == 10) step = {1, step.exponent + 1};
  if (integer && step.exponent < 0) step = {1, 0};
  return step;
}

// Powers of ten as "2.5e-7": short, and read by people and programs alike.
std::string Scientific(double value, int digits) {
  if (value == 0) return "0";
  std::string text = fmt::format("{:.{}e}", value, digits);
  const size_t e = text.find('e');
  std::string exponent = text.substr(e + 1);
  const bool negative = exponent[0] == '-';
  exponent.erase(0, 1);
  exponent.erase(0, std::min(exponent.find_first_not_of('0'), exponent.size() - 1));
  return text.substr(0, e) + "e" + (negative ? "-" : "") + exponent;
}

// Labels of multiples of `step`.
std::string Label(double value, const Step& step, double greatest) {
  if (greatest < 1e7 && step.exponent >= -5) {
    return fmt::format("{:.{}f}", value == 0 ? 0.0 : value, std::max(0, -step.exponent));
  }
  const int magnitude = value == 0 ? 0 : static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
  return Scientific(value, std::clamp(magnitude - step.exponent, 0, 16));
}

std::vector<Tick> TicksOf(const Step& step, double low, double high) {
  const long double first = std::ceil(low / step.value() - kSlack), last = std::floor(high / step.value() + kSlack);
  std::vector<Tick> ticks;
  for (long double i = first; i <= last; i += 1) {
    const double at = step.Multiple(i);
    ticks.push_back({at, Label(at, step, std::max(std::abs(low), std::abs(high)))});
  }
  return ticks;
}

}  // namespace

double NiceStep(double span, int most, bool integer) {
  return static_cast<double>(FindStep(span, most, integer).value());
}

std::vector<Tick> LinearTicks(double low, double high, int most, bool integer) {
  return TicksOf(FindStep(static_cast<long double>(high) - low, most, integer), low, high);
}

std::vector<Tick> LogTicks(double low, double high, int most) {
  const long double first = std::ceil(std::log10(static_cast<long double>(low)) - kSlack);
  const long double last = std::floor(std::log10(static_cast<long double>(high)) + kSlack);
  const int every = std::max(1, static_cast<int>(std::ceil((last - first + 1) / std::max(most, 1))));
  const bool fine = std::log10(static_cast<long double>(high) / low) < 2;
  std::vector<Tick> ticks;
  for (int exponent = static_cast<int>(first) - 1; exponent <= static_cast<int>(last); ++exponent) {
    for (const int digit : {1, 2, 5}) {
      if (digit > 1 && !fine) break;
      if (!fine && (exponent - static_cast<int>(first)) % every != 0) continue;
      const Step step{digit, exponent};
      const double at = step.Multiple(1);
      if (!std::isfinite(at) || at < low * (1 - 1e-9) || at > high * (1 + 1e-9)) continue;
      const bool plain = exponent >= -4 && exponent <= 5;
      ticks.push_back({at, plain ? Label(at, step, 0) : Scientific(at, 0)});
    }
  }
  return ticks.size() >= 2 ? ticks : LinearTicks(low, high, most);
}

std::vector<Tick> ExtendToTicks(double& low, double& high, int most, bool integer) {
  const Step step = FindStep(static_cast<long double>(high) - low, most, integer);
  const double lower = step.Multiple(std::floor(low / step.value() + kSlack));
  const double upper = step.Multiple(std::ceil(high / step.value() - kSlack));
  // Beyond the largest double there is no tick.
  if (std::isfinite(lower)) low = lower;
  if (std::isfinite(upper)) high = upper;
  return TicksOf(step, low, high);
}

}  // namespace maskscope
