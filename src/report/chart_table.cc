#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "report/chart.h"
#include "report/panel.h"

namespace maskscope {
namespace {

using Row = std::vector<TableCell>;

std::string Named(const std::string& name, const char* otherwise) { return name.empty() ? otherwise : name; }

// Adds low and high to a row where any series of the chart has them.
template <typename OneSeries>
void AddInterval(const OneSeries& series, size_t i, bool any, Row& row) {
  if (!any) return;
  const double undefined = std::numeric_limits<double>::quiet_NaN();
  row.emplace_back(series.low.empty() ? undefined : series.low[i]);
  row.emplace_back(series.high.empty() ? undefined : series.high[i]);
}

template <typename AnyChart>
bool HasIntervals(const AnyChart& chart) {
  return std::any_of(chart.series.begin(), chart.series.end(), [](const auto& series) { return !series.low.empty(); });
}

// The rows of one panel in the columns of a grid: chart, series, x, x_end, y, low, high.
std::vector<Row> GridRows(const Table& table, const Chart& chart) {
  const TableCell none = std::numeric_limits<double>::quiet_NaN();
  std::vector<Row> rows;
  for (const Row& row : table.rows) {
    Row out{table.title, row[0], row[1], none, row[2], none, none};
    if (std::holds_alternative<BarChart>(chart)) std::swap(out[1], out[2]);
    if (std::holds_alternative<Histogram>(chart)) {
      out[3] = row[2];
      out[4] = row[3];
    } else if (row.size() == 5) {
      out[5] = row[3];
      out[6] = row[4];
    }
    rows.push_back(std::move(out));
  }
  return rows;
}

bool IsUndefined(const TableCell& cell) {
  return std::holds_alternative<double>(cell) && std::isnan(std::get<double>(cell));
}

// Takes out a column that says nothing.
void DropIfEmpty(Table& table, size_t column) {
  const bool empty =
      std::all_of(table.rows.begin(), table.rows.end(), [&](const Row& row) { return IsUndefined(row[column]); });
  if (!empty) return;
  const auto at = static_cast<std::ptrdiff_t>(column);
  table.columns.erase(table.columns.begin() + at);
  for (Row& row : table.rows) row.erase(row.begin() + at);
}

}  // namespace

Table ToTable(const LineChart& chart) {
  const bool intervals = HasIntervals(chart);
  Table table{chart.title, {"series", Named(chart.x.name, "x"), Named(chart.y.name, "y")}, {}};
  if (intervals) table.columns.insert(table.columns.end(), {"low", "high"});
  for (const Series& series : chart.series) {
    RequireLength(chart.title, series.name, series.x.size(), series.y.size());
    for (size_t i = 0; i < series.x.size(); ++i) {
      Row row{series.name, series.x[i], series.y[i]};
      AddInterval(series, i, intervals, row);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table ToTable(const BarChart& chart) {
  const bool intervals = HasIntervals(chart);
  Table table{chart.title, {Named(chart.category_name, "category"), "series", Named(chart.y.name, "value")}, {}};
  if (intervals) table.columns.insert(table.columns.end(), {"low", "high"});
  for (const BarSeries& series : chart.series) {
    RequireLength(chart.title, series.name, series.values.size(), chart.categories.size());
    for (size_t i = 0; i < chart.categories.size(); ++i) {
      Row row{chart.categories[i], series.name, series.values[i]};
      AddInterval(series, i, intervals, row);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table ToTable(const Histogram& chart) {
  Table table{chart.title, {"series", "from", "to", Named(chart.y_name, "count")}, {}};
  for (const HistogramSeries& series : chart.series) {
    RequireLength(chart.title, series.name, series.counts.size() + 1, std::max<size_t>(1, chart.edges.size()));
    for (size_t i = 0; i < series.counts.size(); ++i) {
      table.rows.push_back({series.name, chart.edges[i], chart.edges[i + 1], series.counts[i]});
    }
  }
  return table;
}

Table ToTable(const MatrixChart& chart) {
  Table table{chart.title,
              {Named(chart.row_name, "row"), Named(chart.column_name, "column"), Named(chart.value_name, "value")},
              {}};
  RequireLength(chart.title, "values", chart.values.size(), chart.rows.size());
  for (size_t r = 0; r < chart.rows.size(); ++r) {
    RequireLength(chart.title, "values", chart.values[r].size(), chart.columns.size());
    for (size_t c = 0; c < chart.columns.size(); ++c) {
      table.rows.push_back({chart.rows[r], chart.columns[c], chart.values[r][c]});
    }
  }
  return table;
}

Table ToTable(const Chart& chart) {
  return std::visit([](const auto& one) { return ToTable(one); }, chart);
}

Table ToTable(const PanelGrid& grid) {
  Table table{grid.title, {"chart", "series", "x", "x_end", "y", "low", "high"}, {}};
  for (const Chart& panel : grid.panels) {
    for (Row& row : GridRows(ToTable(panel), panel)) table.rows.push_back(std::move(row));
  }
  for (const size_t column : {6, 5, 3}) DropIfEmpty(table, column);
  return table;
}

}  // namespace maskscope
