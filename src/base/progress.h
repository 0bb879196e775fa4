#ifndef MASKSCOPE_BASE_PROGRESS_H_
#define MASKSCOPE_BASE_PROGRESS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace maskscope {

// How far a long piece of work is.
struct ProgressState {
  std::string what;  // "epoch 3/30"
  std::string unit;  // "pictures"
  std::string note;  // free text beside the numbers, "loss 0.31"
  int64_t done = 0;
  int64_t total = 0;         // 0 = not known
  double seconds = 0;        // since Start
  double rate = 0;           // units per second over the last seconds; 0 = not known yet
  double seconds_left = -1;  // -1 = not known
};

// The library reports through this; what becomes of it is up to the program. This class does the arithmetic and shows
// nothing; a program derives from it and renders. Thread-safe.
class Progress {
 public:
  using Clock = std::function<double()>;  // seconds, never going backwards
  // Tests bring their own clock; empty = the steady clock.
  explicit Progress(Clock clock = {});
  virtual ~Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Begins a piece of work (and ends the one before, if it was not finished).
  void Start(std::string what, int64_t total, std::string unit = "");
  void Step(int64_t count = 1);
  // Text to show beside the numbers from now on.
  void Note(std::string note);
  // The work is over, complete or not.
  void Finish();

  ProgressState State() const;

 protected:
  enum class Event { kStart, kStep, kFinish };
  // Called for every event, one call at a time; must be quick.
  virtual void Show(const ProgressState& state, Event event);

 private:
  struct Sample {
    double time;
    int64_t done;
  };
  ProgressState StateLocked() const;
  void FinishLocked();

  Clock clock_;
  mutable std::mutex mutex_;
  ProgressState state_;
  double started_ = 0;
  bool running_ = false;
  std::deque<Sample> samples_;  // of the last seconds, oldest first
};

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_PROGRESS_H_
