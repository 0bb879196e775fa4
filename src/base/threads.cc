#include "base/threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace maskscope {
namespace {

int AffinityCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  // More CPUs than cpu_set_t holds: the standard library's count does.
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// "max 100000" or "200000 100000" (quota and period in microseconds).
std::optional<double> QuotaV2(const std::string& path) {
  std::ifstream file(path);
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return std::nullopt;
  const double value = std::strtod(quota.c_str(), nullptr);
  return value > 0 ? std::optional(value / period) : std::nullopt;
}

std::optional<double> QuotaV1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
  double quota = 0, period = 0;
  if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

// The tightest quota from this process's group up to the root, both as the host names the group and as a container sees
// it (its own group mounted as the root).
double CgroupCores() {
  double least = std::numeric_limits<double>::infinity();
  const auto take = [&least](std::optional<double> quota) {
    if (quota) least = std::min(least, *quota);
  };
  take(QuotaV2("/sys/fs/cgroup/cpu.max"));
  take(QuotaV1("/sys/fs/cgroup/cpu"));
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/user.slice/x" or "4:cpu,cpuacct:/x"
    std::istringstream fields(line);
    std::string id, controllers, path;
    std::getline(fields, id, ':');
    std::getline(fields, controllers, ':');
    std::getline(fields, path);
    for (; path.size() > 1 && path[0] == '/'; path.resize(path.rfind("/"))) {
      if (controllers.empty()) take(QuotaV2("/sys/fs/cgroup" + path + "/cpu.max"));
      if (("," + controllers + ",").find(",cpu,") != std::string::npos) take(QuotaV1("/sys/fs/cgroup/cpu" + path));
    }
  }
  return least;
}

}  // namespace

int CoreCount() {
  const int affinity = AffinityCores();
  const double quota = CgroupCores();
  if (quota >= affinity) return affinity;
  return std::max(1, static_cast<int>(std::ceil(quota)));
}

int ResolveThreads(int requested, const char* field) {
  if (requested < 0 || requested > 1024) {
    throw Error(ErrorKind::kUsage,
                std::string(field) + ": found " + std::to_string(requested) + ", wanted 0 (all cores) to 1024");
  }
  return requested == 0 ? CoreCount() : requested;
}

WorkerPool::WorkerPool(int threads, size_t max_queued)
    : max_queued_(max_queued > 0 ? max_queued : 2 * static_cast<size_t>(std::max(1, threads))) {
  try {
    for (int i = 0; i < std::max(1, threads); ++i) threads_.emplace_back([this] { Work(); });
  } catch (const std::system_error& error) {
    Stop();
    throw Error(ErrorKind::kResource, std::string("cannot start a thread: ") + error.what());
  }
}

WorkerPool::~WorkerPool() { Stop(); }

void WorkerPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerPool::Submit(std::function<void()> task) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return queue_.size() < max_queued_ || failure_; });
  if (failure_) return;  // dropped, as Wait says
  queue_.push_back(std::move(task));
  lock.unlock();
  work_.notify_one();
}

void WorkerPool::Wait() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return queue_.empty() && running_ == 0; });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::function<void()> task = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    lock.unlock();
    room_.notify_one();
    std::exception_ptr failure;
    try {
      task();
    } catch (...) {
      failure = std::current_exception();
    }
    task = nullptr;  // what it holds is released before Wait returns
    lock.lock();
    --running_;
    if (failure && !failure_) {
      failure_ = failure;
      queue_.clear();
      room_.notify_all();
    }
    if (queue_.empty() && running_ == 0) idle_.notify_all();
  }
}

void ParallelFor(size_t count, int workers, const std::function<void(size_t)>& body) {
  const size_t wanted = static_cast<size_t>(workers > 0 ? workers : CoreCount());
  std::atomic<size_t> next{0};
  std::mutex mutex;
  size_t failed_at = count;
  std::exception_ptr failure;
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      try {
        body(i);
      } catch (...) {
        next = count;
        const std::lock_guard lock(mutex);
        if (i < failed_at) {
          failed_at = i;
          failure = std::current_exception();
        }
      }
    }
  };
  std::vector<std::thread> threads;
  try {
    for (size_t i = 1; i < std::min(wanted, count); ++i) threads.emplace_back(work);
  } catch (const std::system_error&) {
    // Fewer threads than hoped for: those that started and this one do the work.
  }
  work();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace maskscope
