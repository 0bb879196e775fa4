#ifndef MASKSCOPE_GRAPH_GRAPH_H_
#define MASKSCOPE_GRAPH_GRAPH_H_

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

// A neural network as plain data: what an ONNX file says, in one canonical form, with no tie to any framework.
//
// Canonical form: whatever opset (9..17) a file was written in, a Graph speaks opset kCanonicalOpset. The reader rewrites older
// forms (Clip with attributes, Upsample, Squeeze with an axes attribute, Softmax before opset 13, ...), so that the readers of a Graph
// (engine, reference interpreter, trainer, explainer, writer) know one form of every operator.
namespace maskscope {

inline constexpr int kCanonicalOpset = 17;

using Shape = std::vector<int64_t>;

// Number of elements; 1 for a scalar (rank 0). Every dimension must be >= 0.
int64_t ElementCount(const Shape& shape);
std::string ToString(const Shape& shape);  // "[1, 3, 224, 224]"

enum class DataType { kFloat32, kInt64, kInt32, kBool, kUint8 };
std::string_view DataTypeName(DataType type);

// A dense constant. Float data (half and double are converted on reading) live in `floats`; every integer and
// boolean type lives in `ints`. Exactly ElementCount(shape) values are in the one that `type` names; the other is empty.
struct Tensor {
  DataType type = DataType::kFloat32;
  Shape shape;
  std::vector<float> floats;
  std::vector<int64_t> ints;

  static Tensor Floats(Shape shape, std::vector<float> values);
  static Tensor Ints(Shape shape, std::vector<int64_t> values);
  static Tensor Filled(Shape shape, float value);
  bool is_float() const { return type == DataType::kFloat32; }
  bool operator==(const Tensor&) const = default;
};

using Attribute = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>, Tensor>;

struct Node {
  std::string name;  // unique in the graph, never empty
  std::string op;    // ONNX operator, default domain
  std::vector<std::string> inputs;  // value names; "" = an optional input that is absent
  std::vector<std::string> outputs;
  std::map<std::string, Attribute> attributes;

  bool has(const std::string& key) const { return attributes.contains(key); }
  // The attribute, or the fallback where it is absent. Throws Error{kBadModel} naming node, operator and attribute
  // when it has another type.
  int64_t Int(const std::string& key, int64_t fallback) const;
  float Float(const std::string& key, float fallback) const;
  std::string String(const std::string& key, const std::string& fallback) const;
  std::vector<int64_t> Ints(const std::string& key, const std::vector<int64_t>& fallback) const;
  // True where input i is given (in range and not "").
  bool HasInput(size_t i) const { return i < inputs.size() && !inputs[i].empty(); }
};

// A dimension is a number, or a symbol ("batch", "height") whose value comes with the input.
struct Dim {
  int64_t value = -1;  // -1: symbolic
  std::string symbol;
  static Dim Fixed(int64_t value) { return {value, ""}; }
  static Dim Symbol(std::string name) { return {-1, std::move(name)}; }
  bool operator==(const Dim&) const = default;
};

struct ValueInfo {
  std::string name;
  DataType type = DataType::kFloat32;
  std::vector<Dim> shape;
};

struct Graph {
  std::string name;
  std::vector<ValueInfo> inputs;   // without the initializers
  std::vector<ValueInfo> outputs;
  std::vector<Node> nodes;         // topologically sorted: a value is made before it is used
  std::map<std::string, Tensor> initializers;
  std::map<std::string, std::string> metadata;  // ONNX metadata_props

  const Tensor* FindInitializer(const std::string& value) const;  // nullptr when absent
  const Node* FindProducer(const std::string& value) const;       // nullptr for inputs and initializers
  const Node* FindNode(const std::string& node_name) const;
  // Total number of float values in the initializers.
  int64_t ParameterCount() const;
};

// Checks that names are unique, every value is made before use, there is no cycle and every output exists, and sorts
// the nodes topologically. Throws Error{kBadModel} naming `source` (a file name or "graph"), node and value.
void SortAndCheck(Graph& graph, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_GRAPH_H_
