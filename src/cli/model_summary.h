#ifndef MASKSCOPE_CLI_MODEL_SUMMARY_H_
#define MASKSCOPE_CLI_MODEL_SUMMARY_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "graph/graph.h"
#include "graph/model_record.h"
#include "graph/shape_inference.h"

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

struct ModelSummary {
  std::string file;
  int64_t file_bytes = 0;
  Graph graph;
  std::optional<ModelRecord> record;
  std::optional<NetworkSize> size;       // what multiply_adds is for
  std::optional<int64_t> multiply_adds;  // of one picture
};

// Errors: those of ReadOnnx; kBadModel where the shapes contradict.
ModelSummary SummarizeModel(const std::filesystem::path& path, const std::optional<NetworkSize>& asked);

std::string ToText(const ModelSummary& summary);
nlohmann::ordered_json ToJson(const ModelSummary& summary);  // schema maskscope.model_info/1

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_MODEL_SUMMARY_H_
