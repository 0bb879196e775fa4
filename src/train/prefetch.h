#ifndef MASKSCOPE_TRAIN_PREFETCH_H_
#define MASKSCOPE_TRAIN_PREFETCH_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace maskscope {

// Makes items begin..end-1 on worker threads, at most `ahead` before they are asked for, and hands them out in order:
// pictures are decoded while the network learns. Which thread makes an item does not matter as long as `make(i)`
// depends on i alone. An exception of `make(i)` comes out of the Next() that asks for i. One consumer.
template <typename Item>
class Prefetcher {
 public:
  Prefetcher(int64_t begin, int64_t end, int workers, int64_t ahead, std::function<Item(int64_t)> make)
      : make_(std::move(make)), end_(end), ahead_(ahead < 1 ? 1 : ahead), next_made_(begin), next_taken_(begin) {
    for (int i = 0; i < (workers < 1 ? 1 : workers); ++i) threads_.emplace_back([this] { Work(); });
  }

  ~Prefetcher() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // The next item; not to be called more than end - begin times.
  Item Next() {
    const auto begin = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ready_.contains(next_taken_); });
    last_wait_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    Slot slot = std::move(ready_.extract(next_taken_++).mapped());
    lock.unlock();
    changed_.notify_all();
    if (slot.failure) std::rethrow_exception(slot.failure);
    return std::move(slot.item);
  }

  // Seconds that the last Next() had to wait.
  double last_wait() const { return last_wait_; }

 private:
  struct Slot {
    Item item{};
    std::exception_ptr failure;
  };

  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stopping_ || next_made_ >= end_ || next_made_ < next_taken_ + ahead_; });
      if (stopping_ || next_made_ >= end_) return;
      const int64_t index = next_made_++;
      lock.unlock();
      Slot slot;
      try {
        slot.item = make_(index);
      } catch (...) {
        slot.failure = std::current_exception();
      }
      lock.lock();
      ready_.emplace(index, std::move(slot));
      changed_.notify_all();
    }
  }

  std::function<Item(int64_t)> make_;
  const int64_t end_, ahead_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t next_made_, next_taken_;
  std::map<int64_t, Slot> ready_;
  double last_wait_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_PREFETCH_H_
