#ifndef MASKSCOPE_CLI_MODEL_SUMMARY_H_
#define MASKSCOPE_CLI_MODEL_SUMMARY_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "graph/graph.h"
#include "graph/model_record.h"
#include "graph/shape_inference.h"
#include "zoo/registry.h"

// What can be said of a model without running it.
namespace maskscope {

// A picture size to look at a network with, pixels.
struct NetworkSize {
  int width = 0, height = 0;
};

// "640x480" or "128" (square). Errors: kUsage.
NetworkSize ParseNetworkSize(const std::string& text);

// The size that belongs to a model: `asked`, else the record's (for a rule that fits the longest side a 4:3 picture),
// else the graph's own where it is fixed. nullopt where only the person can say.
std::optional<NetworkSize> ChooseNetworkSize(const Graph& graph, const std::optional<ModelRecord>& record,
                                             const std::optional<NetworkSize>& asked);

// Concrete shapes of all inputs: symbolic first dimensions become `batch`, those of [batch, channels, height, width]
// the size. Errors: kUsage where a fixed dimension contradicts, or another symbolic one remains.
InputShapes ConcreteInputs(const Graph& graph, const NetworkSize& size, int64_t batch);

std::map<std::string, int64_t> CountOperators(const Graph& graph);

// What `model info` and `model bench` look at: a file, or an architecture of the zoo that nothing was trained in.
struct ModelSource {
  std::string file, architecture;  // one of them
  std::optional<int> classes;      // of the architecture; absent: as published
  std::optional<float> width;      // channel multiplier of the architecture
  std::string size;                // "WxH" or "N"; empty: the model's own
};
void AddModelSource(CLI::App& app, ModelSource& source);

struct OpenedModel {
  std::string name;  // the file's or the architecture's
  Graph graph;
  std::optional<ModelRecord> record;
  std::optional<NetworkSize> size;  // asked for, or the model's own
};
// An architecture's weights are zeros unless `draw_weights`. Errors: kUsage, those of ReadOnnx.
OpenedModel OpenModel(const ModelSource& source, bool draw_weights);

struct ModelSummary {
  OpenedModel model;
  int64_t file_bytes = 0;
  const Architecture* architecture = nullptr;  // null for a file
  int64_t parameters = 0;                      // learned ones (graph/cost.h)
  std::optional<int64_t> multiply_adds;        // of one picture of model.size
};

// Errors: those of OpenModel; kBadModel where the shapes contradict.
ModelSummary SummarizeModel(const ModelSource& source);

// "25.56 M"
std::string LargeNumber(double value);
std::string ToText(const ModelSummary& summary);
nlohmann::ordered_json ToJson(const ModelSummary& summary);  // schema maskscope.model_info/1

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_MODEL_SUMMARY_H_
