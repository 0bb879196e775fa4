#include "base/progress.h"

#include <chrono>

namespace maskscope {
namespace {

// The rate is that of the last kWindow seconds, so that it follows a change of pace without jumping about.
constexpr double kWindow = 10.0;
constexpr double kSampleSpacing = 0.5;

double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Progress::Progress(Clock clock) : clock_(clock ? std::move(clock) : Clock(SteadySeconds)) {}

void Progress::Start(std::string what, int64_t total, std::string unit) {
  const std::lock_guard lock(mutex_);
  FinishLocked();
  state_ = {};
  state_.what = std::move(what);
  state_.unit = std::move(unit);
  state_.total = total;
  started_ = clock_();
  samples_.assign(1, {started_, 0});
  running_ = true;
  Show(StateLocked(), Event::kStart);
}

void Progress::Step(int64_t count) {
  const std::lock_guard lock(mutex_);
  if (!running_) return;
  state_.done += count;
  const double now = clock_();
  // Between samples only the newest moves; the oldest that lies wholly outside the window goes.
  if (samples_.size() >= 2 && now - samples_[samples_.size() - 2].time < kSampleSpacing) samples_.pop_back();
  samples_.push_back({now, state_.done});
  while (samples_.size() > 2 && now - samples_[1].time >= kWindow) samples_.pop_front();
  Show(StateLocked(), Event::kStep);
}

void Progress::Note(std::string note) {
  const std::lock_guard lock(mutex_);
  state_.note = std::move(note);
}

void Progress::Finish() {
  const std::lock_guard lock(mutex_);
  FinishLocked();
}

ProgressState Progress::State() const {
  const std::lock_guard lock(mutex_);
  return StateLocked();
}

void Progress::Show(const ProgressState&, Event) {}

ProgressState Progress::StateLocked() const {
  ProgressState state = state_;
  if (!running_) return state;
  const double now = clock_();
  state.seconds = now - started_;
  const Sample& oldest = samples_.front();
  if (now > oldest.time && state.done > oldest.done) {
    state.rate = static_cast<double>(state.done - oldest.done) / (now - oldest.time);
  }
  if (state.rate > 0 && state.total >= state.done) {
    state.seconds_left = static_cast<double>(state.total - state.done) / state.rate;
  }
  return state;
}

void Progress::FinishLocked() {
  if (!running_) return;
  ProgressState last = StateLocked();
  // Of finished work the rate over the whole is what tells.
  last.rate = last.seconds > 0 ? static_cast<double>(last.done) / last.seconds : 0;
  last.seconds_left = -1;
  running_ = false;
  state_ = last;
  Show(last, Event::kFinish);
}

}  // namespace maskscope
