#include "graph/graph.h"

#include <algorithm>
#include <queue>
#include <set>
#include <unordered_map>

#include "base/error.h"

namespace maskscope {
namespace {

[[noreturn]] void WrongAttribute(const Node& node, const std::string& key, const char* wanted) {
  throw Error(ErrorKind::kBadModel,
              "node '" + node.name + "' (" + node.op + "): attribute '" + key + "' has another type than " + wanted);
}

template <typename T>
T Get(const Node& node, const std::string& key, const T& fallback, const char* wanted) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return fallback;
  const T* const value = std::get_if<T>(&found->second);
  if (value == nullptr) WrongAttribute(node, key, wanted);
  return *value;
}

}  // namespace

int64_t ElementCount(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t side : shape) count *= side;
  return count;
}

std::string ToString(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

std::string_view DataTypeName(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "float32";
    case DataType::kInt64:
      return "int64";
    case DataType::kInt32:
      return "int32";
    case DataType::kBool:
      return "bool";
    case DataType::kUint8:
      return "uint8";
  }
  return "?";
}

Tensor Tensor::Floats(Shape shape, std::vector<float> values) {
  return {DataType::kFloat32, std::move(shape), std::move(values), {}};
}

Tensor Tensor::Ints(Shape shape, std::vector<int64_t> values) {
  return {DataType::kInt64, std::move(shape), {}, std::move(values)};
}

Tensor Tensor::Filled(Shape shape, float value) {
  const auto count = static_cast<size_t>(ElementCount(shape));
  return Floats(std::move(shape), std::vector<float>(count, value));
}

int64_t Node::Int(const std::string& key, int64_t fallback) const { return Get(*this, key, fallback, "an integer"); }
float Node::Float(const std::string& key, float fallback) const { return Get(*this, key, fallback, "a float"); }
std::string Node::String(const std::string& key, const std::string& fallback) const {
  return Get(*this, key, fallback, "a string");
}
std::vector<int64_t> Node::Ints(const std::string& key, const std::vector<int64_t>& fallback) const {
  return Get(*this, key, fallback, "a list of integers");
}

const Tensor* Graph::FindInitializer(const std::string& value) const {
  const auto found = initializers.find(value);
  return found == initializers.end() ? nullptr : &found->second;
}

const Node* Graph::FindProducer(const std::string& value) const {
  if (value.empty()) return nullptr;
  for (const Node& node : nodes) {
    if (std::find(node.outputs.begin(), node.outputs.end(), value) != node.outputs.end()) return &node;
  }
  return nullptr;
}

const Node* Graph::FindNode(const std::string& node_name) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const Node& n) { return n.name == node_name; });
  return found == nodes.end() ? nullptr : &*found;
}

int64_t Graph::ParameterCount() const {
  int64_t count = 0;
  for (const auto& [name, tensor] : initializers) count += static_cast<int64_t>(tensor.floats.size());
  return count;
}

void SortAndCheck(Graph& graph, const std::string& source) {
  const auto fail = [&](const std::string& what) { throw Error(ErrorKind::kBadModel, source + ": " + what); };
  std::unordered_map<std::string, int> producer;  // value -> node index, -1 for inputs and initializers
  for (const ValueInfo& input : graph.inputs) {
    if (input.name.empty()) fail("an input has no name");
    if (!producer.emplace(input.name, -1).second) fail("two inputs are named '" + input.name + "'");
  }
  for (const auto& [name, tensor] : graph.initializers) {
    if (!producer.emplace(name, -1).second) fail("'" + name + "' is both an input and an initializer");
  }
  std::set<std::string> names;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.name.empty()) fail("a " + node.op + " node has no name");
    if (!names.insert(node.name).second) fail("two nodes are named '" + node.name + "'");
    for (const std::string& output : node.outputs) {
      if (output.empty()) continue;
      if (!producer.emplace(output, static_cast<int>(i)).second) {
        fail("value '" + output + "' is made twice, the second time by node '" + node.name + "'");
      }
    }
  }
  // Kahn's algorithm; among nodes that are ready the one that stood first goes first, so that sorting a sorted graph
  // changes nothing.
  std::vector<int> waiting(graph.nodes.size(), 0);
  std::vector<std::vector<int>> readers(graph.nodes.size());
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const std::string& input : graph.nodes[i].inputs) {
      if (input.empty()) continue;
      const auto found = producer.find(input);
      if (found == producer.end()) {
        fail("node '" + graph.nodes[i].name + "' (" + graph.nodes[i].op + ") reads '" + input +
             "', which nothing makes");
      }
      if (found->second < 0) continue;
      ++waiting[i];
      readers[static_cast<size_t>(found->second)].push_back(static_cast<int>(i));
    }
    if (waiting[i] == 0) ready.push(static_cast<int>(i));
  }
  std::vector<Node> sorted;
  sorted.reserve(graph.nodes.size());
  while (!ready.empty()) {
    const auto index = static_cast<size_t>(ready.top());
    ready.pop();
    for (const int reader : readers[index]) {
      if (--waiting[static_cast<size_t>(reader)] == 0) ready.push(reader);
    }
    sorted.push_back(graph.nodes[index]);
  }
  if (sorted.size() != graph.nodes.size()) {
    for (size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i] > 0) fail("node '" + graph.nodes[i].name + "' (" + graph.nodes[i].op + ") is part of a cycle");
    }
  }
  graph.nodes = std::move(sorted);
  for (const ValueInfo& output : graph.outputs) {
    if (!producer.contains(output.name)) fail("output '" + output.name + "' is made by nothing");
  }
}

}  // namespace maskscope
