#include "cli/analysis_options.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace maskscope {
namespace {

TEST(ParseCount, TakesSuffixes) {
  EXPECT_EQ(ParseCount("123", "--n"), 123);
  EXPECT_EQ(ParseCount("5k", "--n"), 5'000);
  EXPECT_EQ(ParseCount("50M", "--n"), 50'000'000);
  EXPECT_EQ(ParseCount("2G", "--n"), 2'000'000'000);
}

TEST(ParseCount, RefusesEverythingElse) {
  for (const char* bad : {"", "M", "-1", "0", "1.5M", "1 M", "1MB", "99999999999999999999", "9999999999999G"}) {
    EXPECT_THROW(ParseCount(bad, "--n"), Error) << bad;
  }
}

TEST(ToAnalyzerOptions, ASinglePictureGetsAllThreads) {
  AnalysisOptions options;
  options.threads = 4;
  EXPECT_EQ(ToAnalyzerOptions(options, 1).images_in_flight, 1);
  EXPECT_EQ(ToAnalyzerOptions(options, 100).images_in_flight, 4);
  options.in_flight = 2;
  EXPECT_EQ(ToAnalyzerOptions(options, 100).images_in_flight, 2);
  EXPECT_EQ(ToAnalyzerOptions(options, 100).threads, 4);
}

TEST(ToAnalyzerOptions, BadValuesAreUsageErrors) {
  AnalysisOptions options;
  options.score = 1.5f;
  EXPECT_THROW(ToAnalyzerOptions(options, 1), Error);
  options = {};
  options.precision = "f64";
  EXPECT_THROW(ToAnalyzerOptions(options, 1), Error);
  options = {};
  options.threads = -1;
  EXPECT_THROW(ToAnalyzerOptions(options, 1), Error);
}

}  // namespace
}  // namespace maskscope
