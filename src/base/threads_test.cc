#include "base/threads.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <string>

#include "base/error.h"

namespace maskscope {
namespace {

TEST(Threads, TheAffinityMaskIsHeeded) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(before), &before), 0);
  EXPECT_GE(CoreCount(), 1);
  EXPECT_LE(CoreCount(), CPU_COUNT(&before));
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(CoreCount(), 1);
  ASSERT_EQ(::sched_setaffinity(0, sizeof(before), &before), 0);
}

TEST(Threads, ZeroMeansAll) {
  EXPECT_EQ(ResolveThreads(0, "--threads"), CoreCount());
  EXPECT_EQ(ResolveThreads(3, "--threads"), 3);
  for (const int bad : {-1, 1025}) {
    try {
      ResolveThreads(bad, "--threads");
      FAIL() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_NE(std::string(error.what()).find("--threads"), std::string::npos);
    }
  }
}

TEST(ParallelFor, DoesEveryIndexOnce) {
  for (const int workers : {0, 1, 3, 8}) {
    for (const size_t count : {0, 1, 2, 1000}) {
      std::vector<std::atomic<int>> hits(count);
      ParallelFor(count, workers, [&](size_t i) { ++hits[i]; });
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(hits[i], 1) << workers << " workers, index " << i;
    }
  }
}

TEST(ParallelFor, RethrowsAndStops) {
  std::atomic<size_t> done{0};
  try {
    ParallelFor(100'000, 4, [&](size_t i) {
      if (i == 17) throw std::runtime_error("at 17");
      ++done;
    });
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "at 17");
  }
  EXPECT_LT(done, 100'000u - 1) << "the rest was done all the same";
}

TEST(ParallelFor, TheLeastFailingIndexIsTold) {
  for (int round = 0; round < 50; ++round) {
    // Both of the first two indices throw; whichever thread is first, 0 was begun before 1 and is told.
    try {
      ParallelFor(2, 2, [](size_t i) { throw std::runtime_error(std::to_string(i)); });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      ASSERT_STREQ(error.what(), "0");
    }
  }
}

TEST(WorkerPool, RunsEverythingWithABoundedQueue) {
  std::atomic<int> sum{0};
  WorkerPool pool(3, 1);
  for (int i = 1; i <= 1000; ++i) pool.Submit([&sum, i] { sum += i; });
  pool.Wait();
  EXPECT_EQ(sum, 500500);
  pool.Submit([&sum] { sum = -1; });
  pool.Wait();
  EXPECT_EQ(sum, -1) << "a pool can be used again after Wait";
}

TEST(WorkerPool, ItsDestructorRunsWhatIsQueued) {
  std::atomic<int> count{0};
  {
    WorkerPool pool(2, 100);
    for (int i = 0; i < 100; ++i) pool.Submit([&count] { ++count; });
  }
  EXPECT_EQ(count, 100);
}

TEST(WorkerPool, CarriesTheFirstExceptionOverAndGoesOn) {
  WorkerPool pool(1, 4);
  std::atomic<int> later{0};
  pool.Submit([] { throw Error(ErrorKind::kOutput, "disk full"); });
  for (int i = 0; i < 50; ++i) pool.Submit([&later] { ++later; });  // must not block for ever
  try {
    pool.Wait();
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kOutput);
  }
  EXPECT_NO_THROW(pool.Wait()) << "an exception is told once";
  later = 0;
  pool.Submit([&later] { ++later; });
  pool.Wait();
  EXPECT_EQ(later, 1);
}

}  // namespace
}  // namespace maskscope
