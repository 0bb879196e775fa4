#include "train/schedule.h"

#include <gtest/gtest.h>

#include "data/test_folder.h"

namespace maskscope {
namespace {

// 101 steps, a quarter of them up: step 25 is the top; half-way along a cosine lies the mean of its ends.
TEST(OneCycle, PassesThroughItsKnownPoints) {
  const Schedule cycle{
      .kind = ScheduleKind::kOneCycle, .peak = 0.1, .warm_share = 0.25, .start_divisor = 10, .final_divisor = 100};
  EXPECT_NEAR(cycle.At(0, 101), 0.01, 1e-12);
  EXPECT_NEAR(cycle.At(25, 101), 0.1, 1e-12);
  EXPECT_NEAR(cycle.At(100, 101), 0.001, 1e-12);
  EXPECT_NEAR(cycle.At(50, 101), 0.001 + 0.099 * 0.75, 1e-12);  // a third down: (1 + cos 60 degrees) / 2
  EXPECT_NEAR(cycle.At(75, 101), 0.001 + 0.099 * 0.25, 1e-12);  // two thirds down
  const Schedule slow{
      .kind = ScheduleKind::kOneCycle, .peak = 0.1, .warm_share = 0.5, .start_divisor = 10, .final_divisor = 100};
  EXPECT_NEAR(slow.At(25, 101), (0.01 + 0.1) / 2, 1e-12);
}

TEST(OneCycle, RisesThenFallsAndStaysInRange) {
  const Schedule cycle{
      .kind = ScheduleKind::kOneCycle, .peak = 1, .warm_share = 0.3, .start_divisor = 25, .final_divisor = 1000};
  constexpr int64_t kTotal = 1000;
  int turns = 0;
  for (int64_t step = 1; step < kTotal; ++step) {
    const double before = cycle.At(step - 1, kTotal), now = cycle.At(step, kTotal);
    EXPECT_GE(now, 1.0 / 1000 - 1e-12);
    EXPECT_LE(now, 1.0);
    if (step >= 2 && (now > before) != (before > cycle.At(step - 2, kTotal))) ++turns;
  }
  EXPECT_EQ(turns, 1);
}

TEST(OneCycle, WithoutWarmingStartsAtThePeak) {
  const Schedule cycle{
      .kind = ScheduleKind::kOneCycle, .peak = 0.5, .warm_share = 0, .start_divisor = 25, .final_divisor = 10};
  EXPECT_NEAR(cycle.At(0, 10), 0.5, 1e-12);
  EXPECT_NEAR(cycle.At(9, 10), 0.05, 1e-12);
  EXPECT_NEAR(cycle.At(0, 1), 0.5, 1e-12);  // a training of one step
}

TEST(OneCycle, NamesEveryBadField) {
  const Schedule cycle{
      .kind = ScheduleKind::kOneCycle, .peak = 0, .warm_share = 1, .start_divisor = 0.5, .final_divisor = 0};
  ExpectError(ErrorKind::kUsage, {"learning rate", "warm_share", "start_divisor", "final_divisor"},
              [&] { cycle.Validate(); });
}

TEST(Schedule, StepFallsAtEveryThird) {
  const Schedule step{.kind = ScheduleKind::kStep, .peak = 1, .warm_share = 0, .step_share = 1.0 / 3.0, .gamma = 0.1};
  for (const auto& [at, rate] :
       std::vector<std::pair<int64_t, double>>{{0, 1}, {4, 1}, {5, 0.1}, {9, 0.1}, {10, 0.01}, {14, 0.01}}) {
    EXPECT_NEAR(step.At(at, 15), rate, 1e-12) << at;
  }
}

TEST(Schedule, ConstantAndCosineWarmUpLinearly) {
  const Schedule constant{
      .kind = ScheduleKind::kConstant, .peak = 0.2, .warm_share = 0.1, .start_divisor = 10, .final_divisor = 1};
  EXPECT_NEAR(constant.At(0, 101), 0.02, 1e-12);
  EXPECT_NEAR(constant.At(5, 101), 0.11, 1e-12);
  EXPECT_NEAR(constant.At(10, 101), 0.2, 1e-12);
  EXPECT_NEAR(constant.At(100, 101), 0.2, 1e-12);
  Schedule cosine = constant;
  cosine.kind = ScheduleKind::kCosine;
  cosine.final_divisor = 100;
  EXPECT_NEAR(cosine.At(5, 101), 0.11, 1e-12);
  EXPECT_NEAR(cosine.At(55, 101), (0.2 + 0.002) / 2, 1e-12);
  EXPECT_NEAR(cosine.At(100, 101), 0.002, 1e-12);
}

TEST(Schedule, LinearFallsAlongALine) {
  const Schedule linear{
      .kind = ScheduleKind::kLinear, .peak = 0.2, .warm_share = 0.1, .start_divisor = 10, .final_divisor = 100};
  EXPECT_NEAR(linear.At(5, 101), 0.11, 1e-12);
  EXPECT_NEAR(linear.At(10, 101), 0.2, 1e-12);
  EXPECT_NEAR(linear.At(40, 101), 0.2 - (0.2 - 0.002) / 3, 1e-12);
  EXPECT_NEAR(linear.At(100, 101), 0.002, 1e-12);
}

TEST(Schedule, NamesComeBack) {
  for (const ScheduleKind kind : {ScheduleKind::kConstant, ScheduleKind::kStep, ScheduleKind::kCosine,
                                  ScheduleKind::kOneCycle, ScheduleKind::kLinear}) {
    EXPECT_EQ(ParseSchedule(std::string(ScheduleName(kind))), kind);
  }
  ExpectError(ErrorKind::kUsage, {"'onecycle'", "one-cycle"}, [] { ParseSchedule("onecycle"); });
}

}  // namespace
}  // namespace maskscope
