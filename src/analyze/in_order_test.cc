#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "analyze/analyzer.h"
#include "base/error.h"
#include "base/random.h"

namespace maskscope {
namespace {

Result Named(size_t i) {
  Result result;
  result.source = std::to_string(i);
  return result;
}

class InOrder : public testing::TestWithParam<int> {};

TEST_P(InOrder, EveryResultComesOnceInOrder) {
  std::vector<std::string> seen;
  AnalyzeInOrder(
      200, GetParam(),
      [](size_t i) {
        Random random(i);
        std::this_thread::sleep_for(
            std::chrono::microseconds(random.Below(300)));  // so that threads overtake each other
        return Named(i);
      },
      [&](size_t i, Result&& result) {
        EXPECT_EQ(seen.size(), i);
        seen.push_back(result.source);
        return true;
      });
  ASSERT_EQ(200u, seen.size());
  for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(std::to_string(i), seen[i]);
}

TEST_P(InOrder, NothingToDo) {
  AnalyzeInOrder(0, GetParam(), Named, [](size_t, Result&&) { return ADD_FAILURE(), true; });
}

TEST_P(InOrder, StopsWhenTheSinkHasEnough) {
  std::atomic<size_t> analysed = 0;
  size_t delivered = 0;
  AnalyzeInOrder(
      100000, GetParam(),
      [&](size_t i) {
        ++analysed;
        return Named(i);
      },
      [&](size_t i, Result&&) {
        ++delivered;
        return i < 9;
      });
  EXPECT_EQ(10u, delivered);
  EXPECT_LE(analysed, 10u + 2 * static_cast<size_t>(GetParam()) + 2);
}

TEST_P(InOrder, AWaitingResultHoldsTheOthersBack) {
  // While the sink is busy with the first result no more than a window may be analysed ahead.
  std::atomic<size_t> analysed = 0;
  AnalyzeInOrder(
      1000, GetParam(),
      [&](size_t i) {
        ++analysed;
        return Named(i);
      },
      [&](size_t i, Result&&) {
        if (i == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        EXPECT_LE(analysed, i + 1 + 2 * static_cast<size_t>(GetParam()) + 2);
        return true;
      });
}

TEST_P(InOrder, WhatAnalyzeThrowsComesOut) {
  size_t delivered = 0;
  EXPECT_THROW(AnalyzeInOrder(
                   50, GetParam(),
                   [](size_t i) {
                     if (i == 7) throw Error(ErrorKind::kInternal, "seven");
                     return Named(i);
                   },
                   [&](size_t, Result&&) {
                     ++delivered;
                     return true;
                   }),
               Error);
  EXPECT_EQ(7u, delivered);
}

TEST_P(InOrder, WhatTheSinkThrowsComesOut) {
  EXPECT_THROW(AnalyzeInOrder(50, GetParam(), Named,
                              [](size_t, Result&&) -> bool { throw Error(ErrorKind::kOutput, "disk full"); }),
               Error);
}

INSTANTIATE_TEST_SUITE_P(Workers, InOrder, testing::Values(1, 2, 5));

TEST(InOrderOptions, NeedsAWorker) {
  EXPECT_THROW(AnalyzeInOrder(1, 0, Named, [](size_t, Result&&) { return true; }), Error);
}

}  // namespace
}  // namespace maskscope
