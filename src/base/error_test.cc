#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace maskscope {
namespace {

constexpr ErrorKind kAllKinds[] = {ErrorKind::kUsage,    ErrorKind::kNotFound,    ErrorKind::kUnreadable,
                                   ErrorKind::kBadImage, ErrorKind::kTooLarge,    ErrorKind::kUnsupported,
                                   ErrorKind::kBadModel, ErrorKind::kBadData,     ErrorKind::kOutput,
                                   ErrorKind::kResource, ErrorKind::kInterrupted, ErrorKind::kInternal};

TEST(Error, EveryKindHasItsOwnNameAndExitCode) {
  std::set<std::string_view> names;
  std::set<int> codes;
  for (const ErrorKind kind : kAllKinds) {
    EXPECT_TRUE(names.insert(ErrorName(kind)).second) << ErrorName(kind);
    EXPECT_TRUE(codes.insert(ExitCode(kind)).second) << ErrorName(kind);
    EXPECT_GT(ExitCode(kind), 1) << "0 is success and 1 means that some pictures failed";
    EXPECT_GE(HttpStatus(kind), 400);
  }
}

// Scripts rely on these numbers.
TEST(Error, ExitCodesAreThePublishedOnes) {
  EXPECT_EQ(ExitCode(ErrorKind::kUsage), 2);
  EXPECT_EQ(ExitCode(ErrorKind::kNotFound), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kUnreadable), 4);
  EXPECT_EQ(ExitCode(ErrorKind::kBadImage), 5);
  EXPECT_EQ(ExitCode(ErrorKind::kTooLarge), 6);
  EXPECT_EQ(ExitCode(ErrorKind::kUnsupported), 7);
  EXPECT_EQ(ExitCode(ErrorKind::kBadModel), 8);
  EXPECT_EQ(ExitCode(ErrorKind::kBadData), 9);
  EXPECT_EQ(ExitCode(ErrorKind::kOutput), 10);
  EXPECT_EQ(ExitCode(ErrorKind::kResource), 11);
  EXPECT_EQ(ExitCode(ErrorKind::kInternal), 70);
  EXPECT_EQ(ExitCode(ErrorKind::kInterrupted), 130);
}

TEST(Error, ProblemsAreReportedTogether) {
  Problems problems;
  problems.Require(true, "fine", "1", "1");
  EXPECT_NO_THROW(problems.ThrowIfAny(ErrorKind::kUsage, "options"));
  problems.Require(false, "score", "2", "0 to 1");
  problems.Add("threads is odd");
  try {
    problems.ThrowIfAny(ErrorKind::kBadData, "options");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadData);
    EXPECT_STREQ(error.what(), "options: score: found 2, wanted 0 to 1; threads is odd");
  }
}

TEST(Error, TheNearestWordIsOfferedOnlyForASlip) {
  const std::vector<std::string> words = {"detect", "classify", "model"};
  EXPECT_EQ(NearestWord("detcet", words), "detect");
  EXPECT_EQ(NearestWord("clasify", words), "classify");
  EXPECT_EQ(NearestWord("model", words), "model");
  EXPECT_EQ(NearestWord("photograph", words), "");
  EXPECT_EQ(NearestWord("x", {}), "");
}

}  // namespace
}  // namespace maskscope
