#include "cli/run_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "cli/command.h"
#include "cli/terminal.h"

namespace maskscope {
namespace {

constexpr size_t kFirstFailures = 3;  // messages shown of each kind

std::string Count(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string Stage(std::string_view name, std::vector<float> milliseconds) {
  if (milliseconds.empty()) return "";
  const auto middle = milliseconds.begin() + static_cast<ptrdiff_t>(milliseconds.size() / 2);
  std::nth_element(milliseconds.begin(), middle, milliseconds.end());
  const double mean =
      std::accumulate(milliseconds.begin(), milliseconds.end(), 0.0) / static_cast<double>(milliseconds.size());
  return fmt::format("  {:<10} {:>8.2f} {:>8.2f}\n", name, *middle, mean);
}

}  // namespace

void RunSummary::Add(const Result& result) {
  ++pictures_;
  for (const FaceResult& face : result.faces) {
    ++faces_;
    ++faces_by_state_[face.state];
    if (!face.unsure_reason.empty()) ++unsure_by_reason_[face.unsure_reason];
  }
  if (result.error) {
    Failures& failures = failures_[result.error->kind];
    ++failures.count;
    if (failures.first.size() < kFirstFailures) failures.first.push_back(result.error->message);
    return;
  }
  decode_.push_back(static_cast<float>(result.timing_ms.decode));
  detect_.push_back(static_cast<float>(result.timing_ms.detect));
  classify_.push_back(static_cast<float>(result.timing_ms.classify));
  total_.push_back(static_cast<float>(result.timing_ms.total));
}

std::string RunSummary::Text(double seconds) const {
  std::string text =
      fmt::format("{}, {} in {}", Count(pictures_, "picture"), Count(faces_, "face"), FormatDuration(seconds));
  if (pictures_ > 1 && seconds > 0)
    text += fmt::format(" ({:.1f} pictures/s)", static_cast<double>(pictures_) / seconds);
  return text + "\n" + FacesText() + FailuresText() + StagesText();
}

std::string RunSummary::FacesText() const {
  if (faces_ == 0) return "";
  std::vector<std::string> states = states_;
  for (const auto& [state, count] : faces_by_state_) {
    if (std::find(states.begin(), states.end(), state) == states.end()) states.push_back(state);
  }
  std::string text;
  for (const std::string& state : states) {
    const auto found = faces_by_state_.find(state);
    const int64_t count = found == faces_by_state_.end() ? 0 : found->second;
    text += fmt::format("  {:<10} {:>8}", state, count);
    if (state == "unsure" && !unsure_by_reason_.empty()) {
      std::string reasons;
      for (const auto& [reason, number] : unsure_by_reason_) {
        reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", number, reason);
      }
      text += "  (" + reasons + ")";
    }
    text += "\n";
  }
  return text;
}

std::string RunSummary::FailuresText() const {
  int64_t failed = 0;
  for (const auto& [kind, failures] : failures_) failed += failures.count;
  if (failed == 0) return "";
  std::string text = Count(failed, "failure") + "\n";
  for (const auto& [kind, failures] : failures_) {
    text += fmt::format("  {:<10} {:>8}\n", ErrorName(kind), failures.count);
    for (const std::string& message : failures.first) text += "    " + message + "\n";
    const auto shown = static_cast<int64_t>(failures.first.size());
    if (failures.count > shown) text += fmt::format("    and {} more\n", failures.count - shown);
  }
  return text;
}

std::string RunSummary::StagesText() const {
  if (total_.empty()) return "";
  return "ms a picture   median     mean\n" + Stage("decode", decode_) + Stage("detect", detect_) +
         Stage("classify", classify_) + Stage("total", total_);
}

int RunSummary::ExitCode() const {
  if (failures_.empty()) return 0;
  const auto& [kind, failures] = *failures_.begin();
  return failures.count == pictures_ ? maskscope::ExitCode(kind) : kSomeFailedExitCode;
}

}  // namespace maskscope
