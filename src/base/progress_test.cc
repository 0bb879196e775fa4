#include "base/progress.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace maskscope {
namespace {

// A clock that stands until it is moved.
class HandClock : public Progress {
 public:
  HandClock() : HandClock(std::make_shared<double>(100.0)) {}
  void Wait(double seconds) { *now_ += seconds; }
  std::vector<std::pair<int, ProgressState>> shown;

 protected:
  void Show(const ProgressState& state, Event event) override { shown.emplace_back(static_cast<int>(event), state); }

 private:
  explicit HandClock(std::shared_ptr<double> now) : Progress([now] { return *now; }), now_(std::move(now)) {}
  std::shared_ptr<double> now_;
};

TEST(Progress, TellsRateAndTimeLeft) {
  HandClock progress;
  progress.Start("work", 100, "pictures");
  EXPECT_EQ(progress.State().rate, 0);
  EXPECT_EQ(progress.State().seconds_left, -1);
  for (int i = 0; i < 20; ++i) {
    progress.Wait(0.25);
    progress.Step();
  }
  const ProgressState state = progress.State();
  EXPECT_EQ(state.done, 20);
  EXPECT_DOUBLE_EQ(state.seconds, 5);
  EXPECT_DOUBLE_EQ(state.rate, 4);
  EXPECT_DOUBLE_EQ(state.seconds_left, 20);
}

TEST(Progress, TheRateFollowsAChangeOfPace) {
  HandClock progress;
  progress.Start("work", 0);
  for (int i = 0; i < 100; ++i) {
    progress.Wait(1);
    progress.Step(10);
  }
  EXPECT_DOUBLE_EQ(progress.State().rate, 10);
  for (int i = 0; i < 30; ++i) {
    progress.Wait(1);
    progress.Step(2);
  }
  EXPECT_DOUBLE_EQ(progress.State().rate, 2);
  EXPECT_EQ(progress.State().seconds_left, -1) << "the total is not known";
}

TEST(Progress, StallingShowsInTheRate) {
  HandClock progress;
  progress.Start("work", 10);
  progress.Wait(1);
  progress.Step();
  const double before = progress.State().rate;
  progress.Wait(9);
  EXPECT_LT(progress.State().rate, before / 5);
}

TEST(Progress, StartStepAndFinishAreShownInOrder) {
  HandClock progress;
  progress.Step();  // not begun: nothing
  progress.Start("a", 2);
  progress.Note("loss 1");
  progress.Wait(2);
  progress.Step(2);
  progress.Start("b", 5);  // ends a
  progress.Finish();
  progress.Finish();
  ASSERT_EQ(progress.shown.size(), 5u);
  const std::vector<int> events = {0, 1, 2, 0, 2};
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(progress.shown[i].first, events[i]) << i;
  EXPECT_EQ(progress.shown[1].second.note, "loss 1");
  EXPECT_DOUBLE_EQ(progress.shown[2].second.rate, 1);
  EXPECT_EQ(progress.shown[2].second.what, "a");
  EXPECT_EQ(progress.shown[4].second.what, "b");
}

}  // namespace
}  // namespace maskscope
