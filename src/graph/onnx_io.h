#ifndef MASKSCOPE_GRAPH_ONNX_IO_H_
#define MASKSCOPE_GRAPH_ONNX_IO_H_

#include <filesystem>
#include <string>
#include <string_view>

#include "graph/graph.h"

namespace maskscope {

// Bounds on what a file may ask for before anything is allocated for it.
struct OnnxLimits {
  int64_t max_file_bytes = int64_t{1} << 31;   // protobuf's own limit
  int64_t max_tensor_elements = int64_t{1} << 29;
  int64_t max_nodes = 100'000;
  void Validate() const;
};

// Reads an ONNX model (opset 9..17, default domain), rewritten to the canonical form of graph.h.
// Errors: kNotFound, kUnreadable, kTooLarge, kBadModel (broken or inconsistent), kUnsupported (an operator, data type or
// opset that is not handled: names operator, node and file).
Graph ReadOnnx(const std::filesystem::path& path, const OnnxLimits& limits = {});
// The same from memory; `source` names it in errors.
Graph ParseOnnx(std::string_view bytes, const std::string& source, const OnnxLimits& limits = {});

// Serialises at opset kCanonicalOpset (IR version 8). The same graph gives the same bytes.
std::string SerializeOnnx(const Graph& graph);
// Writes to a temporary name beside `path` and renames. Errors: kOutput.
void WriteOnnx(const Graph& graph, const std::filesystem::path& path);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_ONNX_IO_H_
