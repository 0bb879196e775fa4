#ifndef MASKSCOPE_REPORT_CHART_H_
#define MASKSCOPE_REPORT_CHART_H_

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "report/table.h"

// Charts as plain data, and functions that turn them into SVG text and into numbers:
//
//   LineChart chart{.title = "Loss", .x = {.name = "epoch", .integer = true}, .y = {.name = "loss"}};
//   chart.series.push_back({.name = "training", .x = epochs, .y = losses});
//   WriteFileAtomically("loss.svg", ToSvg(chart));
//   WriteFileAtomically("loss.csv", ToCsv(chart));
//
// A number that is undefined (NaN) is a gap in the picture and an empty cell of the table; so is, in the picture, an
// infinite one, or one that is not positive on a logarithmic axis. A chart without any number says "no data".
// SVG text is complete in itself, the same for the same data on every machine, follows the reader's choice of light or
// dark, and may stand in a page of HTML as it is. All functions are pure and may be called from many threads.
// Errors of all of them: kInternal where vectors that belong together differ in length or a fixed range is empty.
namespace maskscope {

// Colours that are told apart on light and dark ground, with red-green blindness too. kAuto: by the place of the
// series.
enum class Hue { kAuto, kBlue, kOrange, kGreen, kPink, kSky, kBrown, kPurple, kGrey };

struct ChartAxis {
  std::string name = {};           // with its unit: "face height, pixels"
  std::optional<double> low = {};  // fixed ends; without, the data decide
  std::optional<double> high = {};
  bool log = false;
  bool integer = false;  // marked at whole numbers only: epochs, counts
  // Out of line because GCC 12, where it sees into it, warns of charts that it believes to be used half-built.
  ~ChartAxis();
};

enum class SeriesStyle {
  kLine,   // points joined; marked each where they are few
  kSteps,  // y holds from its x to the next
  kPoints  // a scatter
};

struct Series {
  std::string name = {};               // in the legend; "" = none
  std::vector<double> x = {}, y = {};  // as long as each other
  // Interval of y: empty, or as long as y. Shaded round lines, bars at points.
  std::vector<double> low = {}, high = {};
  SeriesStyle style = SeriesStyle::kLine;
  Hue hue = Hue::kAuto;
  bool dashed = false;
};

struct ReferenceLine {
  enum class Kind { kHorizontal, kVertical, kDiagonal };  // diagonal: y = x
  Kind kind = Kind::kHorizontal;
  double at = 0;          // y or x
  std::string name = {};  // in the legend; "" = none
};

struct LineChart {
  std::string title = {};
  ChartAxis x = {}, y = {};
  std::vector<Series> series = {};
  std::vector<ReferenceLine> lines = {};
  int width = 640, height = 400;  // pixels; at least 200 by 160
};

// One number a category.
struct BarSeries {
  std::string name = {};
  std::vector<double> values = {};          // as many as there are categories
  std::vector<double> low = {}, high = {};  // error bars: empty, or as many
  Hue hue = Hue::kAuto;
};

struct BarChart {
  std::string title = {};
  std::string category_name = {};  // of the axis below
  std::vector<std::string> categories = {};
  ChartAxis y = {};  // begins at 0 unless it is logarithmic or fixed
  std::vector<BarSeries> series = {};
  bool stacked = false;  // on each other instead of side by side; negative values are then not allowed
  int width = 640, height = 400;
};

struct HistogramSeries {
  std::string name = {};
  std::vector<double> counts = {};  // one fewer than edges
  Hue hue = Hue::kAuto;
};

struct Histogram {
  std::string title = {};
  ChartAxis x = {};
  std::string y_name = "count";
  std::vector<double> edges = {};  // ascending; bin i is [edges[i], edges[i + 1])
  std::vector<HistogramSeries> series = {};
  int width = 640, height = 400;
};

// How many values fall into each bin; the last edge belongs to the last bin. Others (NaN, beyond the ends) are left
// out.
std::vector<double> CountInBins(const std::vector<double>& values, const std::vector<double>& edges);
// `bins` + 1 edges of equal distance, or of equal ratio (0 < low). Errors: kInternal.
std::vector<double> EvenEdges(double low, double high, int bins);
std::vector<double> EvenLogEdges(double low, double high, int bins);

// A table whose cells are coloured by their value, each with its number: a confusion matrix, say.
struct MatrixChart {
  std::string title = {};
  std::string row_name = {}, column_name = {};  // of the axes
  std::vector<std::string> rows = {}, columns = {};
  std::vector<std::vector<double>> values = {};      // [row][column]
  std::vector<std::vector<std::string>> texts = {};  // in place of the numbers; empty, or one a cell
  std::vector<std::vector<std::string>> notes = {};  // small, below them; empty, or one a cell
  bool numbers = true;                               // without: a scale of colours at the side
  std::optional<double> low = {}, high = {};         // values of the palest and the strongest colour; low: 0 or less
  std::string value_name = {};                       // what the values are, for the scale and the table
  int width = 480, height = 440;
};

using Chart = std::variant<LineChart, BarChart, Histogram, MatrixChart>;

// Several charts as one picture, row by row. Frames of charts in one column stand exactly below each other.
struct PanelGrid {
  std::string title = {};
  std::vector<Chart> panels = {};
  int columns = 0;             // 0 = about as many as rows, at most 4
  bool shared_legend = false;  // one above all in place of one each: for series of the same names in the same order
};

std::string ToSvg(const LineChart& chart);
std::string ToSvg(const BarChart& chart);
std::string ToSvg(const Histogram& chart);
std::string ToSvg(const MatrixChart& chart);
std::string ToSvg(const Chart& chart);
std::string ToSvg(const PanelGrid& grid);

// One row a point, bar, bin or cell:
//   LineChart    series, X, Y [, low, high]        X and Y are the axes' names
//   BarChart     CATEGORY, series, Y [, low, high]
//   Histogram    series, from, to, Y
//   MatrixChart  ROW, COLUMN, VALUE
//   PanelGrid    chart, series, x [, x_end], y [, low, high]; of a matrix: row, column and value as series, x and y
Table ToTable(const LineChart& chart);
Table ToTable(const BarChart& chart);
Table ToTable(const Histogram& chart);
Table ToTable(const MatrixChart& chart);
Table ToTable(const Chart& chart);
Table ToTable(const PanelGrid& grid);

// ToCsv(ToTable(chart)), for every chart.
template <typename AnyChart>
std::string ToCsv(const AnyChart& chart) {
  return ToCsv(ToTable(chart));
}

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_CHART_H_
