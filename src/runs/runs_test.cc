#include <gtest/gtest.h>

#include <cmath>

#include "base/expect_error.h"
#include "base/files.h"
#include "base/random.h"
#include "base/test_folder.h"
#include "runs/compare_runs.h"

namespace maskscope {
namespace {

constexpr const char* kResults = "epoch,loss,f1,score\n1,0.9,0.5,0.4\n2,0.5,,0.7\n3,0.4,0.8,0.7\n";

class RunsTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) const {
    MakeFolder((folder_ / name).parent_path());
    WriteFileAtomically(folder_ / name, text);
  }
  RunRecord MakeRun(const std::string& name, const std::string& settings, const std::string& results) const {
    Write(name + "/args.yaml", settings);
    if (!results.empty()) Write(name + "/results.csv", results);
    return ReadRun(folder_ / name);
  }
  TestFolder folder_;
};

std::string ValueOf(const std::vector<RunSetting>& settings, const std::string& name) {
  const RunSetting* found = FindSetting(settings, name);
  return found == nullptr ? "absent" : found->value;
}

// The cell of the row that begins with `first`.
std::string Cell(const Table& table, const std::string& first, size_t column) {
  for (const auto& row : table.rows) {
    if (std::get<std::string>(row[0]) != first) continue;
    return std::holds_alternative<double>(row[column]) ? ToCsv(Table{"", {"x"}, {{row[column]}}}).substr(2)
                                                       : std::get<std::string>(row[column]);
  }
  return "no row " + first;
}

TEST_F(RunsTest, SettingsAreReadFromEitherFile) {
  Write("old/config.json", R"({"kind":"classifier","epochs":12,"dropout":0.20000000298023224,"sizes":[64,96],
    "limits":{},"init":"a \"b\" \/ ü","extra":[],"augment":{"blur":0.2,"grey":5e-2},"seed":12345678901})");
  Write("new/args.yaml",
        "kind: classifier\ntrain: {epochs: 12, seed: 12345678901}\nmodel:\n  dropout: 0.2\n  sizes: [64, 96]\n"
        "augment:\n  blur: 2e-1\n  grey: .05\n");
  const std::vector<RunSetting> old = ReadRunSettings(folder_ / "old"), fresh = ReadRunSettings(folder_ / "new");
  EXPECT_EQ(ValueOf(old, "init"), "a \"b\" / ü");
  EXPECT_EQ(ValueOf(old, "extra"), "[]");
  EXPECT_EQ(ValueOf(old, "augment.grey"), "0.05");
  EXPECT_EQ(old[0].path, "kind") << "the file's order stays";
  for (const char* name : {"kind", "epochs", "dropout", "sizes", "augment.blur", "augment.grey", "seed"}) {
    const std::string last = std::string(name).substr(std::string(name).rfind('.') + 1);
    EXPECT_EQ(ValueOf(old, name), ValueOf(fresh, last)) << name;
  }
  EXPECT_EQ(ValueOf(old, "seed"), "12345678901");
  Write("new/config.json", "{}");
  EXPECT_EQ(ValueOf(ReadRunSettings(folder_ / "new"), "dropout"), "0.2") << "args.yaml comes first";
}

TEST_F(RunsTest, BrokenSettingsAreNamedWithTheirLine) {
  ExpectError(ErrorKind::kNotFound, {"neither args.yaml nor config.json"}, [&] { ReadRunSettings(folder_.path()); });
  Write("a/args.yaml", "epochs: 3\naugment: {blur: 1\nseed: 2\n");
  ExpectError(ErrorKind::kBadData, {"a/args.yaml", "line"}, [&] { ReadRunSettings(folder_ / "a"); });
  Write("b/config.json", "[1, 2]");
  ExpectError(ErrorKind::kBadData, {"b/config.json", "found no settings"}, [&] { ReadRunSettings(folder_ / "b"); });
  Write("c/config.json", std::string(100000, '['));
  ExpectError(ErrorKind::kBadData, {"c/config.json"}, [&] { ReadRunSettings(folder_ / "c"); });
}

TEST_F(RunsTest, ResultsAreReadWithGaps) {
  const RunRecord run = MakeRun("a", "epochs: 5\n", kResults);
  EXPECT_EQ(run.name, "a");
  EXPECT_EQ(run.rows.size(), 3u);
  EXPECT_EQ(run.epochs_planned, 5);
  EXPECT_FALSE(run.Finished());
  EXPECT_EQ(run.BestRow(), 1) << "the first of equal scores";
  EXPECT_TRUE(std::isnan(run.At(1, "f1")));
  EXPECT_EQ(run.At(2, "loss"), 0.4);
  EXPECT_TRUE(std::isnan(run.At(2, "absent")));
  EXPECT_EQ(ReadRun(folder_.path().string() + "/a/").name, "a");
  EXPECT_EQ(MakeRun("begun", "epochs: 5\n", "").rows.size(), 0u);
  ExpectError(ErrorKind::kNotFound, {"none", "not a folder"}, [&] { ReadRun(folder_ / "none"); });
}

TEST_F(RunsTest, BrokenResultsAreNamedWithLineAndColumn) {
  const auto expect = [&](const std::string& results, std::initializer_list<std::string> parts) {
    ExpectError(ErrorKind::kBadData, parts, [&] { MakeRun("a", "epochs: 5\n", results); });
  };
  expect("epoch,loss\n1,0.5\n2\n", {"a/results.csv", "line 3", "found 1 fields"});
  expect("epoch,loss\n1,0.5\n2,high\n", {"results.csv", "line 3", "column 'loss'", "found 'high'", "a number"});
  expect("epoch,loss\n,0.5\n", {"line 2", "column 'epoch'"});
  expect("loss,epoch\n1,2\n", {"line 1", "first column"});
  expect("epoch,loss,loss\n1,2,3\n", {"twice"});
  expect("", {"results.csv", "line 1"});
}

TEST_F(RunsTest, ComparesRunsOfDifferentColumnsAndLength) {
  const RunRecord a = MakeRun("a", "epochs: 3\nlr: 0.001\naugment: {blur: 0.2}\n", kResults);
  const RunRecord b = MakeRun("b", "epochs: 4\ntrain: {lr: 1e-3}\nblur: 0.3\nnew: x\n",
                              "epoch,loss,ap50,score\n1,0.8,0.3,0.3\n2,0.6,0.35,0.35\n");
  const RunComparison comparison = CompareRuns({a, b}, {});
  EXPECT_EQ(comparison.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Cell(comparison.metrics, "epochs", 1), "3 of 3");
  EXPECT_EQ(Cell(comparison.metrics, "epochs", 2), "2 of 4 (unfinished)");
  EXPECT_EQ(Cell(comparison.metrics, "best epoch", 1), "2\n");
  EXPECT_EQ(Cell(comparison.metrics, "loss", 1), "0.5\n");
  EXPECT_EQ(Cell(comparison.metrics, "f1", 1), "\n");
  EXPECT_EQ(Cell(comparison.metrics, "ap50", 1), "\n");
  EXPECT_EQ(Cell(comparison.metrics, "ap50", 2), "0.35\n");
  ASSERT_EQ(comparison.settings.rows.size(), 3u) << ToCsv(comparison.settings);  // epochs, blur, new; not lr
  EXPECT_EQ(Cell(comparison.settings, "augment.blur", 2), "0.3");
  EXPECT_EQ(Cell(comparison.settings, "new", 1), "–");
  EXPECT_TRUE(comparison.intervals.columns.empty());
  const std::string markdown = ComparisonMarkdown(comparison);
  EXPECT_NE(markdown.find("No intervals: the runs have no validation.csv"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("(unfinished)"), std::string::npos);
  EXPECT_EQ(comparison.curves.panels.size(), 4u);  // loss, f1, score, ap50
  const std::string csv = ToCsv(comparison.curves);
  EXPECT_NE(csv.find("f1,a,2,\n"), std::string::npos) << csv;
  EXPECT_EQ(csv.find("f1,b"), std::string::npos);
  EXPECT_NE(ToHtml(ComparisonPage(comparison)).find("augment.blur"), std::string::npos);
}

TEST_F(RunsTest, SaysWhatIsMissing) {
  const RunRecord a = MakeRun("a", "epochs: 3\n", ""), b = MakeRun("b", "epochs: 3\n", "epoch,loss\n1,2\n");
  const RunComparison comparison = CompareRuns({a, b}, {});
  const std::string markdown = ComparisonMarkdown(comparison);
  EXPECT_NE(markdown.find("a has finished no epoch yet."), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("b has no score"), std::string::npos);
  EXPECT_NE(markdown.find("All settings are the same."), std::string::npos);
  EXPECT_NE(ToHtml(ComparisonPage(comparison)).find("all settings are the same"), std::string::npos);
}

TEST_F(RunsTest, NamesStaySeparate) {
  const RunRecord a = MakeRun("x/run", "epochs: 3\n", kResults), b = MakeRun("y/run", "epochs: 3\n", kResults);
  const RunComparison comparison = CompareRuns({a, b}, {});
  EXPECT_NE(comparison.names[0], comparison.names[1]);
  ExpectError(ErrorKind::kUsage, {"x/run", "twice"}, [&] { CompareRuns({a, a}, {}); });
  ExpectError(ErrorKind::kUsage, {"no run"}, [] { CompareRuns({}, {}); });
  ExpectError(ErrorKind::kUsage, {"resamples"}, [&] { CompareRuns({a}, {.resamples = 1}); });
}

// Faces that are right with this probability.
std::string MakeValidation(double right, uint64_t seed, int faces, uint64_t labels_seed = 1) {
  Random random(seed), labels(labels_seed);
  std::string text = "picture,label,p_correct,p_none\n";
  for (int i = 0; i < faces; ++i) {
    const bool correct = labels.Chance(0.4), says_correct = random.Chance(right) ? correct : !correct;
    text +=
        std::to_string(i) + ".jpg," + (correct ? "correct" : "none") + (says_correct ? ",0.75,0.25\n" : ",0.25,0.75\n");
  }
  return text;
}

const ScoreEstimate& Find(const std::vector<ScoreEstimate>& estimates, const std::string& name) {
  for (const ScoreEstimate& estimate : estimates) {
    if (estimate.name == name) return estimate;
  }
  throw std::runtime_error("no " + name);
}

TEST_F(RunsTest, IntervalsAgreeWithWilson) {
  Write("v.csv", MakeValidation(0.9, 5, 1000));
  const ValidationSet set = ReadValidation(folder_ / "v.csv");
  EXPECT_EQ(set.classes, (std::vector<std::string>{"correct", "none"}));
  EXPECT_EQ(set.groups, 1000);
  const std::vector<ScoreEstimate> estimates = EstimateScores(set, 1000, 1);
  const ScoreEstimate& accuracy = Find(estimates, "accuracy");
  const Interval wilson = WilsonInterval(std::lround(accuracy.value * 1000), 1000);
  EXPECT_NEAR(accuracy.value, 0.9, 0.03);
  EXPECT_NEAR(accuracy.interval.low, wilson.low, 0.006);
  EXPECT_NEAR(accuracy.interval.high, wilson.high, 0.006);
  EXPECT_EQ(Find(EstimateScores(set, 1000, 1), "macro F1").interval.low, Find(estimates, "macro F1").interval.low);
}

TEST_F(RunsTest, FacesOfOneGroupAreDrawnTogether) {
  // Ten copies of each face say nothing new: the interval is as wide as without them.
  std::string once = "label,p_correct,p_none,group\n", copies = once;
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    const std::string row =
        std::string("correct,") + (random.Chance(0.8) ? "0.9,0.1," : "0.1,0.9,") + std::to_string(i) + "\n";
    once += row;
    for (int k = 0; k < 10; ++k) copies += row;
  }
  Write("once.csv", once);
  Write("copies.csv", copies);
  const ScoreEstimate a = Find(EstimateScores(ReadValidation(folder_ / "once.csv"), 500, 1), "accuracy");
  const ScoreEstimate b = Find(EstimateScores(ReadValidation(folder_ / "copies.csv"), 500, 1), "accuracy");
  EXPECT_DOUBLE_EQ(a.interval.low, b.interval.low);
  EXPECT_DOUBLE_EQ(a.interval.high, b.interval.high);
}

TEST_F(RunsTest, DifferencesAreMeasuredOnTheSameFaces) {
  Write("a/validation.csv", MakeValidation(0.80, 5, 800));
  Write("b/validation.csv", MakeValidation(0.95, 6, 800));
  Write("c/validation.csv", MakeValidation(0.95, 6, 700));
  const RunRecord a = MakeRun("a", "epochs: 3\n", kResults), b = MakeRun("b", "epochs: 3\n", kResults);
  const RunRecord c = MakeRun("c", "epochs: 3\n", kResults), d = MakeRun("d", "epochs: 3\n", kResults);
  const ScoreEstimate difference = Find(EstimateDifferences(*a.validation, *b.validation, 500, 1), "accuracy");
  const double of_a = Find(EstimateScores(*a.validation, 100, 1), "accuracy").value;
  const double of_b = Find(EstimateScores(*b.validation, 100, 1), "accuracy").value;
  EXPECT_DOUBLE_EQ(difference.value, of_b - of_a);
  // They err independently of each other here: the variances add up.
  const double half = 1.96 * std::sqrt((of_a * (1 - of_a) + of_b * (1 - of_b)) / 800);
  EXPECT_NEAR(difference.interval.low, difference.value - half, 0.01);
  EXPECT_NEAR(difference.interval.high, difference.value + half, 0.01);
  const ScoreEstimate none = Find(EstimateDifferences(*a.validation, *a.validation, 500, 1), "accuracy");
  EXPECT_EQ(none.interval.low, 0);
  EXPECT_EQ(none.interval.high, 0);
  const RunComparison comparison = CompareRuns({a, b, c, d}, {.resamples = 200});
  EXPECT_EQ(comparison.intervals.columns, (std::vector<std::string>{"score", "a", "b", "c"}));
  EXPECT_EQ(comparison.differences.columns, (std::vector<std::string>{"score", "b"}));
  const std::string markdown = ComparisonMarkdown(comparison);
  EXPECT_NE(markdown.find("c was not validated on the same faces as a"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("No intervals for d: no validation.csv."), std::string::npos);
  EXPECT_NE(markdown.find("+0.1"), std::string::npos);
}

TEST_F(RunsTest, BrokenValidationIsNamed) {
  const auto expect = [&](const std::string& text, std::initializer_list<std::string> parts) {
    Write("v.csv", text);
    ExpectError(ErrorKind::kBadData, parts, [&] { ReadValidation(folder_ / "v.csv"); });
  };
  expect("label,score\n", {"v.csv", "line 1", "p_CLASS"});
  expect("label,p_a,p_b\nc,0.5,0.5\n", {"line 2", "'c' has no column p_c"});
  expect("label,p_correct,p_none\ncorect,0.5,0.5\n", {"did you mean 'correct'"});
  expect("label,p_a,p_b\na,0.5,x\n", {"line 2", "column 'p_b'", "'x'"});
  expect("label,p_a,p_b\na,0.5,1.5\n", {"a probability"});
  expect("label,p_a,p_b\na,,0.5\n", {"a probability"});
}

}  // namespace
}  // namespace maskscope
