#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "analyze/analyzer.h"
#include "base/error.h"

namespace maskscope {
namespace {

// Results in the order of their numbers, made by several threads. A number is only given out while it is less than
// `window` ahead of what has been delivered, so that one slow picture does not let the others pile up.
class OrderedRun {
 public:
  OrderedRun(size_t count, size_t window, const std::function<Result(size_t)>& analyze)
      : count_(count), window_(window), analyze_(analyze) {}

  void Work() {
    for (;;) {
      size_t index = 0;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return stopped_ || next_ >= count_ || next_ < delivered_ + window_; });
        if (stopped_ || next_ >= count_) return;
        index = next_++;
      }
      Outcome outcome;
      try {
        outcome.result = analyze_(index);
      } catch (...) {
        outcome.failure = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      done_.emplace(index, std::move(outcome));
      ready_.notify_one();
    }
  }

  // Rethrows what analyze(index) threw.
  Result Take(size_t index) {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return done_.contains(index); });
    Outcome outcome = std::move(done_.extract(index).mapped());
    delivered_ = index + 1;
    room_.notify_all();
    lock.unlock();
    if (outcome.failure) std::rethrow_exception(outcome.failure);
    return std::move(outcome.result);
  }

  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    room_.notify_all();
  }

 private:
  struct Outcome {
    Result result;
    std::exception_ptr failure;
  };
  const size_t count_, window_;
  const std::function<Result(size_t)>& analyze_;
  std::mutex mutex_;
  std::condition_variable room_, ready_;
  std::map<size_t, Outcome> done_;
  size_t next_ = 0, delivered_ = 0;
  bool stopped_ = false;
};

// Stops and joins the workers on every way out.
class Workers {
 public:
  Workers(OrderedRun& run, size_t count) : run_(run) {
    try {
      for (size_t i = 0; i < count; ++i) threads_.emplace_back([this] { run_.Work(); });
    } catch (const std::system_error& error) {
      if (!threads_.empty()) return;  // fewer are slower, no more
      throw Error(ErrorKind::kResource, std::string("cannot start a worker thread: ") + error.what());
    }
  }
  ~Workers() {
    run_.Stop();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

 private:
  OrderedRun& run_;
  std::vector<std::thread> threads_;
};

}  // namespace

void AnalyzeInOrder(size_t count, int workers, const std::function<Result(size_t)>& analyze,
                    const std::function<bool(size_t, Result&&)>& sink) {
  if (workers < 1) throw Error(ErrorKind::kUsage, "workers: found " + std::to_string(workers) + ", wanted at least 1");
  const size_t threads = std::min(count, static_cast<size_t>(workers));
  if (threads <= 1) {
    for (size_t i = 0; i < count; ++i) {
      if (!sink(i, analyze(i))) return;
    }
    return;
  }
  OrderedRun run(count, 2 * threads + 2, analyze);
  const Workers joined(run, threads);
  for (size_t i = 0; i < count; ++i) {
    if (!sink(i, run.Take(i))) return;
  }
}

}  // namespace maskscope
