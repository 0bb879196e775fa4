#ifndef MASKSCOPE_EXPLAIN_EXPLAIN_REPORT_H_
#define MASKSCOPE_EXPLAIN_EXPLAIN_REPORT_H_

#include <string>
#include <vector>

#include "explain/explainer.h"
#include "image/image.h"
#include "report/chart.h"
#include "report/html_page.h"
#include "report/table.h"

// Explanations to look at: pictures, tables and pages.
namespace maskscope {

// One map of a face and what it is called on the page: "gradcam", "why none".
struct NamedMap {
  std::string name;
  Explanation explanation;
};

struct ExplainedFace {
  std::string source;          // picture
  int number = 1;              // of the face in its picture, from 1
  std::string given;           // label; "" where there is none
  Image crop;                  // what the maps lie over
  std::vector<NamedMap> maps;  // at least one; the first one counts in tables
  const Explanation& first() const { return maps.front().explanation; }
  bool is_wrong() const { return !given.empty() && first().predicted != given; }
};

// The picture alone and under each map, side by side, each `side` pixels high.
Image DrawMaps(const ExplainedFace& face, int side = 224);
// "none 0.93, heat: nose 31 %, mouth 40 % …"
std::string DescribeFace(const ExplainedFace& face);

// One row a face and map: what was predicted, where the heat lies, what deletion and insertion say. Numbers are NaN
// where they are not known.
Table FaceTable(const std::vector<ExplainedFace>& faces);

// Mean shares of heat by region: all faces, or those given a class and predicted right and wrong where there are
// labels. The last row is the mean share of the area.
Table HeatSummary(const std::vector<ExplainedFace>& faces);
// The same as bars.
BarChart HeatChart(const std::vector<ExplainedFace>& faces);

// In words, from the numbers alone: where the heat lies, and how wrong and right predictions differ.
std::vector<std::string> HeatWords(const std::vector<ExplainedFace>& faces);

// Mean deletion and insertion curves against random maps. No series where nothing was measured.
LineChart TrustChart(const std::vector<ExplainedFace>& faces);
// "The maps of 9 of 12 faces may be trusted, …"; "" where nothing was measured.
std::string TrustWords(const std::vector<ExplainedFace>& faces);

// The whole as a page. `shown` faces at most are pictured, in the order given.
Page ExplainPage(const std::string& title, const std::string& subtitle, const std::vector<ExplainedFace>& faces,
                 size_t shown);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_EXPLAIN_REPORT_H_
