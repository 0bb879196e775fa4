#ifndef MASKSCOPE_BASE_THREADS_H_
#define MASKSCOPE_BASE_THREADS_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace maskscope {

// Cores this process may really use: the least of the machine's, the affinity mask's and the cgroup's CPU quota
// (rounded up; v1 and v2). At least 1. Read anew at each call.
int CoreCount();

// `requested`, or CoreCount() where it is 0. Errors: kUsage naming `field` when negative or above 1024.
int ResolveThreads(int requested, const char* field);

// A fixed number of threads and a queue with a bound: a fast producer waits instead of filling the memory. Thread-safe.
class WorkerPool {
 public:
  // `threads` >= 1; `max_queued` >= 1 tasks wait at most (0 = twice the threads). Errors: kResource.
  explicit WorkerPool(int threads, size_t max_queued = 0);
  // Runs what is queued, then ends; an exception that nobody waited for is lost.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Blocks while the queue is full. Not to be called from a task of the same pool.
  void Submit(std::function<void()> task);
  // Until every task has run. Rethrows the first exception a task threw since the last Wait; tasks that were still
  // queued when it was thrown are dropped.
  void Wait();

 private:
  void Work();
  void Stop();

  const size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable work_, room_, idle_;
  std::deque<std::function<void()>> queue_;
  size_t running_ = 0;
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

// body(i) for every i in [0, count), on up to `workers` threads (0 = CoreCount()), the calling one included. After an
// exception no further i is begun; the exception of the least i that threw is rethrown here when all threads are done.
void ParallelFor(size_t count, int workers, const std::function<void(size_t)>& body);

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_THREADS_H_
