#ifndef MASKSCOPE_GRAPH_GRAPH_TESTING_H_
#define MASKSCOPE_GRAPH_GRAPH_TESTING_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "graph/graph.h"

// Small helpers of graph's tests.
namespace maskscope::testing {

inline ValueInfo Value(std::string name, const std::vector<int64_t>& shape, DataType type = DataType::kFloat32) {
  ValueInfo info{std::move(name), type, {}};
  for (const int64_t side : shape) info.shape.push_back(side >= 0 ? Dim::Fixed(side) : Dim::Symbol("n"));
  return info;
}

inline Node MakeNode(std::string op, std::vector<std::string> inputs, std::vector<std::string> outputs,
                     std::map<std::string, Attribute> attributes = {}) {
  std::string name = op + "_" + outputs.at(0);
  return {std::move(name), std::move(op), std::move(inputs), std::move(outputs), std::move(attributes)};
}

// Input "x", output "y".
inline Graph SmallGraph(const std::vector<int64_t>& input, std::vector<Node> nodes,
                        std::map<std::string, Tensor> initializers = {}) {
  Graph graph;
  graph.name = "small";
  graph.inputs = {Value("x", input)};
  graph.outputs = {Value("y", {})};
  graph.nodes = std::move(nodes);
  graph.initializers = std::move(initializers);
  return graph;
}

inline Tensor Ints(std::vector<int64_t> values) {
  const auto count = static_cast<int64_t>(values.size());
  return Tensor::Ints({count}, std::move(values));
}

// `what` must throw an Error of this kind whose message holds every one of `parts`.
inline void ExpectError(ErrorKind kind, const std::vector<std::string>& parts, const std::function<void()>& what) {
  try {
    what();
    ADD_FAILURE() << "nothing was thrown, wanted " << ErrorName(kind) << " about " << ::testing::PrintToString(parts);
  } catch (const Error& error) {
    EXPECT_EQ(ErrorName(error.kind()), ErrorName(kind)) << error.what();
    for (const std::string& part : parts) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what() << "\nlacks: " << part;
    }
  }
}

// Folder of given material that is not part of the repository.
inline std::filesystem::path SharedFolder() {
  const char* given = std::getenv("MASKSCOPE_SHARED");
  return given != nullptr ? given : "../shared";
}

}  // namespace maskscope::testing

#endif  // MASKSCOPE_GRAPH_GRAPH_TESTING_H_
