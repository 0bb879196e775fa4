#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace maskscope {
namespace {

ProgressState HalfWay() {
  ProgressState state;
  state.what = "analyse";
  state.unit = "pictures";
  state.done = 50;
  state.total = 100;
  state.rate = 12.5;
  state.seconds_left = 4;
  return state;
}

TEST(FormatProgress, FitsTheWidth) {
  for (int columns = 1; columns < 200; ++columns) {
    EXPECT_LE(FormatProgress(HalfWay(), columns).size(), static_cast<size_t>(columns));
  }
  EXPECT_EQ(FormatProgress(HalfWay(), 0), "analyse  50/100 pictures  12.5/s  4.0 s left");
}

TEST(FormatProgress, TheBarShowsTheShare) {
  const std::string line = FormatProgress(HalfWay(), 120);
  EXPECT_NE(line.find("[" + std::string(20, '=') + std::string(20, ' ') + "]"), std::string::npos) << line;
  ProgressState over = HalfWay();
  over.done = 150;  // a total that was too small must not break the bar
  EXPECT_NE(FormatProgress(over, 120).find("[" + std::string(40, '=') + "]"), std::string::npos);
}

TEST(FormatProgress, WithoutATotalThereIsNoBar) {
  ProgressState state = HalfWay();
  state.total = 0;
  state.seconds_left = -1;
  state.note = "loss 0.3";
  EXPECT_EQ(FormatProgress(state, 120), "analyse  50 pictures  12.5/s  loss 0.3");
}

TEST(FormatDuration, UsesTheUnitsOfPeople) {
  EXPECT_EQ(FormatDuration(0.41), "0.4 s");
  EXPECT_EQ(FormatDuration(59.4), "59 s");
  EXPECT_EQ(FormatDuration(59.6), "1 min 0 s");
  EXPECT_EQ(FormatDuration(200), "3 min 20 s");
  EXPECT_EQ(FormatDuration(7500), "2 h 5 min");
}

}  // namespace
}  // namespace maskscope
