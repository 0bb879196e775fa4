#include "base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace maskscope {
namespace {

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { SetLogSink({}); }
  LogSink Collect() {
    return [this](LogLevel level, std::string_view text) {
      lines_.push_back(std::string(LogLevelName(level)) + " " + std::string(text));
    };
  }
  std::vector<std::string> lines_;
};

TEST_F(LogTest, IsSilentUntilASinkIsSet) {
  EXPECT_FALSE(LogEnabled(LogLevel::kError));
  Log(LogLevel::kError, "lost {}", 1);
  SetLogSink(Collect(), LogLevel::kDebug);
  Log(LogLevel::kDebug, "seen {}", 2);
  SetLogSink({});
  EXPECT_FALSE(LogEnabled(LogLevel::kError));
  Log(LogLevel::kError, "lost again");
  EXPECT_EQ(lines_, std::vector<std::string>{"debug seen 2"});
}

TEST_F(LogTest, LevelsBelowTheLeastAreDropped) {
  SetLogSink(Collect(), LogLevel::kWarning);
  Log(LogLevel::kDebug, "a");
  Log(LogLevel::kInfo, "b");
  Log(LogLevel::kWarning, "c");
  Log(LogLevel::kError, "d");
  EXPECT_EQ(lines_, (std::vector<std::string>{"warning c", "error d"}));
  EXPECT_FALSE(LogEnabled(LogLevel::kOff)) << "kOff is a threshold, not a level to log at";
}

TEST_F(LogTest, TheSinkIsCalledOnceAtATime) {
  SetLogSink(Collect(), LogLevel::kInfo);  // the vector would break under concurrent calls
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 500; ++i) Log(LogLevel::kInfo, "line {}", i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lines_.size(), 2000u);
}

}  // namespace
}  // namespace maskscope
