#include "cli/run_summary.h"

#include <gtest/gtest.h>

#include "cli/command.h"

namespace maskscope {
namespace {

Result WithStates(const std::vector<std::string>& states) {
  Result result;
  for (const std::string& state : states) {
    FaceResult face;
    face.state = state;
    if (state == "unsure") face.unsure_reason = "small";
    result.faces.push_back(face);
  }
  return result;
}

Result Failed(ErrorKind kind, const std::string& message) {
  Result result;
  result.error = Result::Failure{kind, message};
  return result;
}

TEST(RunSummary, CountsFacesByState) {
  RunSummary summary({"correct", "incorrect", "none", "unsure"});
  summary.Add(WithStates({"correct", "correct", "unsure"}));
  summary.Add(WithStates({"none", "odd"}));
  const std::string text = summary.Text(4);
  EXPECT_NE(text.find("2 pictures, 5 faces in 4.0 s (0.5 pictures/s)"), std::string::npos) << text;
  EXPECT_NE(text.find("correct           2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("incorrect         0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("unsure            1  (1 small)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("odd               1\n"), std::string::npos) << text;
  EXPECT_EQ(summary.ExitCode(), 0);
}

TEST(RunSummary, TellsMedianAndMeanOfEachStage) {
  RunSummary summary({});
  for (const double milliseconds : {1.0, 2.0, 9.0}) {
    Result result;
    result.timing_ms.decode = milliseconds;
    summary.Add(result);
  }
  const std::string text = summary.Text(1);
  EXPECT_NE(text.find("decode         2.00     4.00\n"), std::string::npos) << text;
}

TEST(RunSummary, FirstFailuresOfEachKindAreNamed) {
  RunSummary summary({});
  for (int i = 0; i < 5; ++i) summary.Add(Failed(ErrorKind::kBadImage, "broken" + std::to_string(i)));
  summary.Add(Failed(ErrorKind::kNotFound, "absent"));
  const std::string text = summary.Text(1);
  for (const char* word : {"6 failures", "broken0", "broken2", "and 2 more", "absent"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << " is missing in\n" << text;
  }
  EXPECT_EQ(text.find("broken3"), std::string::npos) << text;
}

TEST(RunSummary, TheExitCodeIsThatOfTheKindOnlyWhereAllFailAlike) {
  RunSummary alike({}), mixed({}), some({});
  alike.Add(Failed(ErrorKind::kBadImage, "a"));
  alike.Add(Failed(ErrorKind::kBadImage, "b"));
  EXPECT_EQ(alike.ExitCode(), ExitCode(ErrorKind::kBadImage));
  mixed.Add(Failed(ErrorKind::kBadImage, "a"));
  mixed.Add(Failed(ErrorKind::kNotFound, "b"));
  EXPECT_EQ(mixed.ExitCode(), kSomeFailedExitCode);
  some.Add(Failed(ErrorKind::kBadImage, "a"));
  some.Add(WithStates({"none"}));
  EXPECT_EQ(some.ExitCode(), kSomeFailedExitCode);
}

}  // namespace
}  // namespace maskscope
