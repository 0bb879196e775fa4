#include "report/chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/csv.h"
#include "base/expect_error.h"
#include "base/random.h"
#include "report/line_path.h"
#include "report/palette.h"
#include "report/svg_testing.h"

namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

size_t Count(const std::string& text, char wanted) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), wanted));
}

TEST(LineChartTest, HasTitleRoleNamesTicksAndLegend) {
  LineChart chart{.title = "Loss", .x = {.name = "epoch", .integer = true}, .y = {.name = "mean loss"}};
  chart.series.push_back({.name = "training", .x = {1, 2, 3}, .y = {0.9, 0.5, 0.4}});
  chart.lines.push_back({.kind = ReferenceLine::Kind::kHorizontal, .at = 0.45, .name = "target"});
  const ParsedSvg svg(ToSvg(chart));
  EXPECT_EQ(svg.title, "Loss");
  EXPECT_EQ(svg.role, "img");
  EXPECT_EQ(svg.width, 640);
  for (const char* text : {"Loss", "epoch", "mean loss", "training", "target", "1", "2", "3", "0.4", "0.9"}) {
    EXPECT_TRUE(svg.Says(text)) << text;
  }
  EXPECT_FALSE(svg.Says("1.5")) << "epochs are whole numbers";
  EXPECT_FALSE(svg.Says("no data"));
  svg.ExpectNothingClipped();
}

TEST(LineChartTest, UndefinedNumbersAreGapsAndEmptyCells) {
  LineChart chart{.title = "gaps", .x = {.name = "x"}, .y = {.name = "y"}};
  chart.series.push_back({.name = "a", .x = {1, 2, 3, 4, 5, 6}, .y = {1, 2, kNaN, 3, kInfinity, 4}});
  const ParsedSvg svg(ToSvg(chart));
  svg.ExpectNothingClipped();
  // A line of two points, and marks on all four: those that stand alone are seen.
  const auto line = std::find_if(svg.paths.begin(), svg.paths.end(), [](const std::string& d) {
    return d.find('L') != std::string::npos && Count(d, 'M') == 1;
  });
  ASSERT_NE(line, svg.paths.end());
  EXPECT_EQ(Count(*line, 'L'), 1u);
  EXPECT_TRUE(std::any_of(svg.paths.begin(), svg.paths.end(), [](const std::string& d) { return Count(d, 'M') == 4; }));
  EXPECT_EQ(ToCsv(chart), "series,x,y\na,1,1\na,2,2\na,3,\na,4,3\na,5,inf\na,6,4\n");
}

TEST(LineChartTest, LogarithmicAxisLeavesOutWhatHasNoLogarithm) {
  LineChart chart{.title = "rate", .x = {.name = "step"}, .y = {.name = "rate", .log = true}};
  chart.series.push_back({.name = "", .x = {1, 2, 3, 4}, .y = {1e-5, 0, -1, 1e-2}});
  const ParsedSvg svg(ToSvg(chart));
  svg.ExpectNothingClipped();
  EXPECT_TRUE(svg.Says("0.001"));
  EXPECT_TRUE(svg.Says("1e-5"));
}

TEST(LineChartTest, BandsAndErrorBarsAreInRangeAndTable) {
  LineChart chart{.title = "bands", .x = {.name = "x"}, .y = {.name = "y"}};
  chart.series.push_back({.name = "a", .x = {1, 2}, .y = {5, 5}, .low = {1, kNaN}, .high = {9, 6}});
  chart.series.push_back({.name = "b", .x = {1}, .y = {5}, .style = SeriesStyle::kPoints});
  const ParsedSvg svg(ToSvg(chart));
  EXPECT_TRUE(svg.Says("8"));  // the axis holds the interval
  svg.ExpectNothingClipped();
  EXPECT_EQ(ToCsv(chart), "series,x,y,low,high\na,1,5,1,9\na,2,5,,6\nb,1,5,,\n");
}

TEST(LineChartTest, FixedRangeCutsWhatGoesBeyond) {
  LineChart chart{.title = "", .y = {.name = "", .low = 0, .high = 1}};
  chart.series.push_back({.name = "", .x = {0, 1}, .y = {0.5, 100}});
  const std::string svg = ToSvg(chart);
  EXPECT_NE(svg.find("<svg x="), std::string::npos) << "a nested element cuts";
  ParsedSvg(svg).ExpectNothingClipped();
  chart.series[0].y[1] = 0.75;
  EXPECT_EQ(ToSvg(chart).find("<svg x="), std::string::npos);
  chart.y.low = 2;
  ExpectError(ErrorKind::kInternal, {"cannot be drawn"}, [&] { ToSvg(chart); });
}

TEST(LineChartTest, DifferentLengthsAreOurMistake) {
  LineChart chart{.title = "c"};
  chart.series.push_back({.name = "s", .x = {1, 2}, .y = {1}});
  ExpectError(ErrorKind::kInternal, {"'c'", "'s'", "found 2", "wanted 1"}, [&] { ToSvg(chart); });
  ExpectError(ErrorKind::kInternal, {"'c'"}, [&] { ToCsv(chart); });
}

TEST(LinePathTest, ThinningKeepsWhatIsSeen) {
  Random random(3);
  PixelRun run;
  for (int i = 0; i < 50000; ++i) run.push_back({i / 100.0, random.Uniform(0, 300)});
  const PixelRun thin = ThinOut(run);
  EXPECT_LE(thin.size(), 4u * 501);
  EXPECT_EQ(thin.front().y, run.front().y);
  EXPECT_EQ(thin.back().y, run.back().y);
  const auto lower = [](const PixelPoint& a, const PixelPoint& b) { return a.y < b.y; };
  EXPECT_EQ(std::max_element(thin.begin(), thin.end(), lower)->y, std::max_element(run.begin(), run.end(), lower)->y);
  EXPECT_EQ(std::min_element(thin.begin(), thin.end(), lower)->y, std::min_element(run.begin(), run.end(), lower)->y);
  PixelRun back_and_forth = run;
  std::reverse(back_and_forth.begin(), back_and_forth.end());
  EXPECT_EQ(ThinOut(back_and_forth).size(), run.size());
}

TEST(BarChartTest, BarsErrorBarsAndGaps) {
  BarChart chart{.title = "F1", .category_name = "set", .categories = {"a", "b"}, .y = {.name = "F1"}};
  chart.series.push_back({.name = "correct", .values = {0.5, kNaN}, .low = {0.4, kNaN}, .high = {0.6, kNaN}});
  const std::string text = ToSvg(chart);
  const ParsedSvg svg(text);
  svg.ExpectNothingClipped();
  EXPECT_NE(text.find("<title>a, correct: 0.5</title>"), std::string::npos);
  EXPECT_EQ(text.find("<title>b"), std::string::npos);
  EXPECT_EQ(ToCsv(chart), "set,series,F1,low,high\na,correct,0.5,0.4,0.6\nb,correct,,,\n");
}

TEST(BarChartTest, StacksAddUp) {
  BarChart chart{.title = "faces", .categories = {"a"}, .y = {.name = "n"}, .stacked = true};
  chart.series = {{.name = "x", .values = {60}}, {.name = "y", .values = {60}}};
  EXPECT_TRUE(ParsedSvg(ToSvg(chart)).Says("120"));
  chart.series[0].values[0] = -1;
  ExpectError(ErrorKind::kInternal, {"negative"}, [&] { ToSvg(chart); });
}

TEST(HistogramTest, CountsInBins) {
  EXPECT_EQ(CountInBins({0, 0.5, 1, 1.5, 2, -1, 3, kNaN}, {0, 1, 2}), (std::vector<double>{2, 3}));
  EXPECT_EQ(EvenEdges(0, 1, 4), (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  const std::vector<double> edges = EvenLogEdges(1, 100, 2);
  EXPECT_NEAR(edges[1], 10, 1e-9);
  EXPECT_EQ(edges[2], 100);
  ExpectError(ErrorKind::kInternal, {"begin at 0"}, [] { EvenLogEdges(0, 1, 3); });
}

TEST(HistogramTest, DrawsAndTells) {
  Histogram chart{.title = "heights", .x = {.name = "pixels"}, .y_name = "faces", .edges = {0, 10, 30}};
  chart.series.push_back({.name = "all", .counts = {4, 7}});
  const std::string text = ToSvg(chart);
  ParsedSvg(text).ExpectNothingClipped();
  EXPECT_NE(text.find("all, 10 to 30: 7"), std::string::npos);
  EXPECT_EQ(ToCsv(chart), "series,from,to,faces\nall,0,10,4\nall,10,30,7\n");
  chart.edges = {0, 30, 10};
  ExpectError(ErrorKind::kInternal, {"ascend"}, [&] { ToSvg(chart); });
}

TEST(MatrixChartTest, NumbersAreThereAndTableIsLong) {
  MatrixChart chart{
      .title = "m", .row_name = "actual", .column_name = "predicted", .rows = {"r1", "r2"}, .columns = {"c1", "c2"}};
  chart.values = {{12, 3}, {kNaN, 40}};
  const ParsedSvg svg(ToSvg(chart));
  for (const char* text : {"12", "3", "–", "40", "r1", "c2", "actual", "predicted"})
    EXPECT_TRUE(svg.Says(text)) << text;
  svg.ExpectNothingClipped();
  EXPECT_EQ(ToCsv(chart), "actual,predicted,value\nr1,c1,12\nr1,c2,3\nr2,c1,\nr2,c2,40\n");
  chart.numbers = false;
  EXPECT_FALSE(ParsedSvg(ToSvg(chart)).Says("12"));
  chart.values.pop_back();
  ExpectError(ErrorKind::kInternal, {"values"}, [&] { ToSvg(chart); });
}

TEST(PanelGridTest, PanelsShareOneLegendAndOneTable) {
  PanelGrid grid{.title = "runs", .columns = 2, .shared_legend = true};
  for (const char* name : {"loss", "accuracy", "f1"}) {
    LineChart chart{.title = name, .x = {.name = "epoch"}, .y = {.name = name}, .width = 300, .height = 200};
    chart.series = {{.name = "run a", .x = {1, 2}, .y = {1, 2}}, {.name = "run b", .x = {1}, .y = {3}}};
    grid.panels.push_back(chart);
  }
  const ParsedSvg svg(ToSvg(grid));
  svg.ExpectNothingClipped();
  EXPECT_EQ(svg.width, 600);
  EXPECT_EQ(std::count_if(svg.texts.begin(), svg.texts.end(), [](const SvgText& t) { return t.text == "run a"; }), 1);
}

TEST(PanelGridTest, TableHoldsEveryKind) {
  LineChart line{.title = "l"};
  line.series.push_back({.name = "s", .x = {1}, .y = {2}});
  BarChart bar{.title = "b", .categories = {"c"}};
  bar.series.push_back({.name = "t", .values = {3}});
  Histogram histogram{.title = "h", .edges = {0, 1}};
  histogram.series.push_back({.name = "u", .counts = {4}});
  EXPECT_EQ(ToCsv(PanelGrid{.title = "", .panels = {line, bar}}), "chart,series,x,y\nl,s,1,2\nb,t,c,3\n");
  EXPECT_EQ(ToCsv(PanelGrid{.title = "", .panels = {line, histogram}}),
            "chart,series,x,x_end,y\nl,s,1,,2\nh,u,0,1,4\n");
}

// Everything at once, with names that hurt.
std::vector<Chart> Zoo(Random& random) {
  const auto word = [&random] {
    const std::vector<std::string> words{"",
                                         "a",
                                         "<b>&\"'",
                                         "a rather long name that goes on and on without an end",
                                         "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
                                         "顔マスク検出器",
                                         "\xff\xfe",
                                         "x]]>y"};
    return words[random.Below(words.size())];
  };
  const auto number = [&random] {
    const int kind = random.Int(0, 9);
    if (kind == 0) return kNaN;
    if (kind == 1) return 0.0;
    return random.Normal() * std::pow(10, random.Int(-12, 12));
  };
  const auto numbers = [&](size_t count) {
    std::vector<double> list(count);
    for (double& one : list) one = number();
    return list;
  };
  const auto axis = [&] { return ChartAxis{.name = word(), .log = random.Chance(0.3), .integer = random.Chance(0.3)}; };
  const int width = random.Int(100, 900), height = random.Int(100, 600);
  const auto count = static_cast<size_t>(random.Int(0, 5)), length = static_cast<size_t>(random.Int(0, 60));
  LineChart line{.title = word(), .x = axis(), .y = axis(), .width = width, .height = height};
  BarChart bar{.title = word(), .category_name = word(), .y = axis(), .width = width, .height = height};
  Histogram histogram{.title = word(), .x = axis(), .y_name = word(), .width = width, .height = height};
  MatrixChart matrix{.title = word(),
                     .row_name = word(),
                     .column_name = word(),
                     .numbers = random.Chance(0.5),
                     .value_name = word(),
                     .width = width,
                     .height = height};
  for (size_t i = 0; i < length; ++i) bar.categories.push_back(word());
  histogram.edges = EvenEdges(0, 1 + std::abs(random.Normal()), static_cast<int>(length) + 1);
  for (size_t i = 0; i < count; ++i) {
    const bool band = random.Chance(0.5);
    line.series.push_back({.name = word(),
                           .x = numbers(length),
                           .y = numbers(length),
                           .low = numbers(band ? length : 0),
                           .high = numbers(band ? length : 0),
                           .style = static_cast<SeriesStyle>(random.Int(0, 2))});
    bar.series.push_back({.name = word(), .values = numbers(length)});
    histogram.series.push_back({.name = word(), .counts = numbers(length + 1)});
    matrix.rows.push_back(word());
    matrix.values.push_back(numbers(length));
  }
  for (size_t i = 0; i < length; ++i) matrix.columns.push_back(word());
  return {line, bar, histogram, matrix};
}

TEST(ChartTest, RandomChartsAreWellFormedAndNothingIsClipped) {
  Random random(11);
  for (int i = 0; i < 150; ++i) {
    const std::vector<Chart> zoo = Zoo(random);
    for (const Chart& chart : zoo) {
      const std::string svg = ToSvg(chart);
      EXPECT_EQ(svg, ToSvg(chart));
      ParsedSvg(svg).ExpectNothingClipped();
      ParseCsv(ToCsv(chart), "chart");
      if (HasFailure()) FAIL() << "round " << i << ", kind " << chart.index() << "\n" << svg;
    }
    ParsedSvg(ToSvg(PanelGrid{.title = "grid", .panels = zoo, .shared_legend = i % 2 == 0})).ExpectNothingClipped();
  }
}

TEST(ChartTest, EmptyChartsSaySo) {
  const std::vector<Chart> empty{LineChart{.title = "l"}, BarChart{.title = "b"}, Histogram{.title = "h"},
                                 MatrixChart{.title = "m"}};
  for (const Chart& chart : empty) {
    const ParsedSvg svg(ToSvg(chart));
    EXPECT_TRUE(svg.Says("no data")) << chart.index();
    svg.ExpectNothingClipped();
    EXPECT_EQ(ToTable(chart).rows.size(), 0u);
  }
  EXPECT_TRUE(ParsedSvg(ToSvg(PanelGrid{.title = "g"})).Says("no data"));
  LineChart undefined{.title = "undefined"};
  undefined.series.push_back({.name = "s", .x = {1, 2}, .y = {kNaN, kNaN}});
  EXPECT_TRUE(ParsedSvg(ToSvg(undefined)).Says("no data"));
}

TEST(ChartTest, LinesBeyondTheColoursAreDashed) {
  LineChart chart{.title = "many"};
  for (size_t i = 0; i < kHues + 2; ++i) {
    chart.series.push_back({.name = "s" + std::to_string(i), .x = {1, 2}, .y = {1.0 * static_cast<double>(i), 2}});
  }
  const std::string svg = ToSvg(chart);
  EXPECT_NE(svg.find("line s0\""), std::string::npos);
  EXPECT_NE(svg.find("line s0 dash\""), std::string::npos) << "the ninth";
  EXPECT_NE(svg.find("line s1 dash\""), std::string::npos);
  EXPECT_EQ(svg.find("line s2 dash\""), std::string::npos);
}

TEST(ChartTest, ExtremeNumbersAreDrawn) {
  const double greatest = std::numeric_limits<double>::max(), least = std::numeric_limits<double>::denorm_min();
  const std::vector<std::vector<double>> ranges{
      {-greatest, greatest}, {0, greatest}, {greatest, greatest}, {0, least}, {least, least},
      {1e15, 1e15 + 1},      {0, 0},        {-1e-300, 1e300}};
  for (const std::vector<double>& range : ranges) {
    for (const bool log : {false, true}) {
      LineChart chart{.title = "extreme", .x = {.name = "x", .log = log}, .y = {.name = "y", .log = log}};
      chart.series.push_back({.name = "s", .x = range, .y = range});
      ParsedSvg(ToSvg(chart)).ExpectNothingClipped();
    }
    BarChart bars{.title = "bars", .categories = {"a", "b"}};
    bars.series.push_back({.name = "s", .values = range});
    ParsedSvg(ToSvg(bars)).ExpectNothingClipped();
  }
}

}  // namespace
}  // namespace maskscope
