#ifndef MASKSCOPE_EXPLAIN_FEATURE_MAPS_H_
#define MASKSCOPE_EXPLAIN_FEATURE_MAPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "explain/layers.h"
#include "explain/probe.h"
#include "image/image.h"
#include "report/table.h"

// What goes on inside a network: channels of a layer, the filters it begins with, numbers of every layer.
namespace maskscope {

struct GridOptions {
  int most = 64;  // channels or filters drawn
  int columns = 8;
  int tile = 72;          // pixels a side
  void Validate() const;  // Errors: kUsage
};

// The first channels of `activation` [1, channels, height, width] in a grid, row by row, each stretched from its own
// least (dark) to its own greatest value (light); one that is the same everywhere is flat grey. Numbered.
Image DrawFeatureMaps(const Tensor& activation, const GridOptions& options = {});

// The first convolution's kernels [out, in, height, width]: in colour where it reads three channels (in the order that
// `bgr` says), else the mean over the channels in grey; all by one scale, 0 being middle grey. Errors: kUnsupported
// where the network has no convolution that reads its input.
Image DrawFirstFilters(const Graph& graph, bool bgr, const GridOptions& options = {});

// Gathered over any number of inputs.
struct ActivationStats {
  Layer layer;
  int64_t count = 0;  // values seen
  double least = 0, mean = 0, deviation = 0, greatest = 0;
  double zeros = 0;  // share of values that are exactly 0
  int64_t dead = 0;  // channels that were 0 everywhere in all inputs
  int64_t channels = 0;
};

class ActivationCounter {
 public:
  explicit ActivationCounter(const Probe& probe);
  void Add(const float* input);  // Errors: those of Probe::Run
  std::vector<ActivationStats> Result() const;

 private:
  const Probe& probe_;
  std::vector<ActivationStats> stats_;       // mean holds the sum, deviation the sum of squares
  std::vector<std::vector<bool>> is_alive_;  // [layer][channel]
};

// One row a layer: number among the spatial layers (NaN for others), node, operator, shape and the numbers.
Table ActivationTable(const std::vector<ActivationStats>& stats);
// The same columns without activations, for a list of what there is.
Table LayerTable(const std::vector<Layer>& layers);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_FEATURE_MAPS_H_
