#include <algorithm>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "graph/canonicalize.h"
#include "graph/onnx_io.h"
#include "graph/onnx_tensor.h"
#include "graph/operator_schema.h"
#include "graph/operators.h"

namespace maskscope {
namespace {

constexpr int kOldestOpset = 9;

class Reader {
 public:
  Reader(const std::string& source, const OnnxLimits& limits) : source_(source), limits_(limits) {}

  Graph Read(const onnx::ModelProto& model) {
    const int opset = OpsetOf(model);
    if (!model.has_graph()) Fail("it holds no graph");
    const onnx::GraphProto& proto = model.graph();
    if (proto.node_size() > limits_.max_nodes) {
      throw Error{ErrorKind::kTooLarge, source_ + ": " + std::to_string(proto.node_size()) + " nodes, wanted at most " +
                                            std::to_string(limits_.max_nodes)};
    }
    RefuseUnsupported(model);
    Graph graph;
    graph.name = proto.name();
    for (const auto& entry : model.metadata_props()) graph.metadata[entry.key()] = entry.value();
    ReadInitializers(proto, graph);
    ReadInterface(proto, graph);
    for (const onnx::NodeProto& node : proto.node()) graph.nodes.push_back(ReadNode(node));
    SortAndCheck(graph, source_);
    try {
      Canonicalize(graph, opset);
    } catch (const Error& error) {
      throw Error{error.kind(), source_ + ": " + error.what()};
    }
    SortAndCheck(graph, source_);
    return graph;
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const { throw Error{ErrorKind::kBadModel, source_ + ": " + what}; }
  [[noreturn]] void Refuse(const std::string& what) const {
    throw Error{ErrorKind::kUnsupported, source_ + ": " + what};
  }

  static bool IsDefaultDomain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

  int OpsetOf(const onnx::ModelProto& model) const {
    for (const onnx::OperatorSetIdProto& opset : model.opset_import()) {
      if (!IsDefaultDomain(opset.domain())) continue;
      if (opset.version() >= kOldestOpset && opset.version() <= kCanonicalOpset)
        return static_cast<int>(opset.version());
      Refuse("opset " + std::to_string(opset.version()) + ", wanted " + std::to_string(kOldestOpset) + " to " +
             std::to_string(kCanonicalOpset));
    }
    Fail("it names no opset of the default domain, so it is not an ONNX model or a broken one");
  }

  // Unique, and what errors call the node: its own name, or its operator and place.
  static std::string Title(const onnx::NodeProto& node, size_t index) {
    return node.name().empty() ? node.op_type() + "_" + std::to_string(index) : node.name();
  }

  // Names all operators that stand in the way, not only the first one.
  void RefuseUnsupported(const onnx::ModelProto& model) const {
    std::set<std::string> operators;
    std::string first;
    const auto& nodes = model.graph().node();
    for (int i = 0; i < nodes.size(); ++i) {
      const onnx::NodeProto& node = nodes[i];
      if (IsDefaultDomain(node.domain()) && IsReadable(node.op_type())) continue;
      if (node.op_type().empty()) Fail("node '" + Title(node, static_cast<size_t>(i)) + "' names no operator");
      const std::string op = (IsDefaultDomain(node.domain()) ? "" : node.domain() + "::") + node.op_type();
      if (operators.empty())
        first = "operator '" + op + "' of node '" + Title(node, static_cast<size_t>(i)) + "' is not supported";
      operators.insert(op);
    }
    if (!operators.empty()) {
      std::string all;
      for (const std::string& op : operators) all += (all.empty() ? "" : ", ") + op;
      Refuse(first + (operators.size() > 1 ? " (all that are not: " + all + ")" : ""));
    }
    if (model.graph().sparse_initializer_size() > 0) Refuse("sparse initializers");
  }

  void ReadInitializers(const onnx::GraphProto& proto, Graph& graph) const {
    for (const onnx::TensorProto& tensor : proto.initializer()) {
      if (tensor.name().empty()) Fail("an initializer has no name");
      Tensor read = ReadTensor(tensor, limits_, source_ + ": initializer '" + tensor.name() + "'");
      if (!graph.initializers.emplace(tensor.name(), std::move(read)).second) {
        Fail("two initializers are named '" + tensor.name() + "'");
      }
    }
  }

  void ReadInterface(const onnx::GraphProto& proto, Graph& graph) const {
    for (const onnx::ValueInfoProto& input : proto.input()) {
      if (graph.initializers.contains(input.name())) continue;  // IR versions before 4 list them as inputs too
      if (!input.type().tensor_type().has_shape())
        Refuse("input '" + input.name() + "' does not say how many axes it has");
      graph.inputs.push_back(ReadValueInfo(input, "input"));
    }
    std::set<std::string> names;
    for (const onnx::ValueInfoProto& output : proto.output()) {
      if (!names.insert(output.name()).second) Fail("two outputs are named '" + output.name() + "'");
      graph.outputs.push_back(ReadValueInfo(output, "output"));
    }
    if (graph.outputs.empty()) Fail("it has no outputs");
  }

  ValueInfo ReadValueInfo(const onnx::ValueInfoProto& proto, const std::string& role) const {
    const std::string what = role + " '" + proto.name() + "'";
    if (proto.has_type() && !proto.type().has_tensor_type()) Refuse(what + " is not a tensor");
    const onnx::TypeProto::Tensor& type = proto.type().tensor_type();
    ValueInfo info{proto.name(), DataType::kFloat32, {}};
    // Exporters may leave an output's type open; it then is what the nodes make it.
    if (role == "input" || type.elem_type() != 0) info.type = TypeFromOnnx(type.elem_type(), source_ + ": " + what);
    for (const auto& dim : type.shape().dim()) info.shape.push_back(ReadDim(dim, what));
    return info;
  }

  Dim ReadDim(const onnx::TensorShapeProto::Dimension& dim, const std::string& what) const {
    if (!dim.has_dim_value()) return Dim::Symbol(dim.dim_param());
    const int64_t value = dim.dim_value();
    if (value == -1 || value == 0) return Dim::Symbol("");  // some exporters' way to say "any"
    if (value < 0 || value > limits_.max_tensor_elements) {
      Fail(what + " has an axis of " + std::to_string(value) + ", wanted 1 to " +
           std::to_string(limits_.max_tensor_elements));
    }
    return Dim::Fixed(value);
  }

  Node ReadNode(const onnx::NodeProto& proto) {
    Node node;
    node.name = Unused(Title(proto, node_names_.size()));
    node.op = proto.op_type();
    node.inputs.assign(proto.input().begin(), proto.input().end());
    node.outputs.assign(proto.output().begin(), proto.output().end());
    const bool makes_nothing = std::ranges::all_of(node.outputs, [](const std::string& o) { return o.empty(); });
    if (makes_nothing) Fail("node '" + node.name + "' (" + node.op + ") has no output");
    for (const onnx::AttributeProto& attribute : proto.attribute()) {
      const std::string what = "node '" + node.name + "' (" + node.op + "): attribute '" + attribute.name() + "'";
      if (!node.attributes.emplace(attribute.name(), ReadAttribute(attribute, what)).second)
        Fail(what + " is given twice");
    }
    return node;
  }

  // ONNX does not ask node names to be unique, a Graph does.
  std::string Unused(const std::string& wish) {
    std::string name = wish;
    int& suffix = last_suffix_[wish];
    while (!node_names_.insert(name).second) name = wish + "_" + std::to_string(++suffix);
    return name;
  }

  Attribute ReadAttribute(const onnx::AttributeProto& attribute, const std::string& what) const {
    switch (attribute.type()) {
      case onnx::AttributeProto::INT:
        return attribute.i();
      case onnx::AttributeProto::FLOAT:
        return attribute.f();
      case onnx::AttributeProto::STRING:
        return attribute.s();
      case onnx::AttributeProto::INTS:
        return std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end());
      case onnx::AttributeProto::FLOATS:
        return std::vector<float>(attribute.floats().begin(), attribute.floats().end());
      case onnx::AttributeProto::TENSOR:
        return ReadTensor(attribute.t(), limits_, source_ + ": " + what);
      case onnx::AttributeProto::UNDEFINED:
        Fail(what + " does not say its type");
      default:
        Refuse(what + " is of type " + onnx::AttributeProto_AttributeType_Name(attribute.type()));
    }
  }

  const std::string& source_;
  const OnnxLimits& limits_;
  std::set<std::string> node_names_;
  std::map<std::string, int> last_suffix_;
};

std::string Megabytes(int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

void OnnxLimits::Validate() const {
  Problems problems;
  const auto positive = [&](int64_t value, const char* field) {
    problems.Require(value >= 1, field, std::to_string(value), "at least 1");
  };
  positive(max_file_bytes, "max_file_bytes");
  positive(max_tensor_elements, "max_tensor_elements");
  positive(max_nodes, "max_nodes");
  problems.ThrowIfAny(ErrorKind::kUsage, "limits for ONNX files");
}

Graph ParseOnnx(std::string_view bytes, const std::string& source, const OnnxLimits& limits) {
  limits.Validate();
  const int64_t most = std::min<int64_t>(limits.max_file_bytes, std::numeric_limits<int>::max());
  if (static_cast<int64_t>(bytes.size()) > most) {
    throw Error{ErrorKind::kTooLarge,
                source + ": " + Megabytes(static_cast<int64_t>(bytes.size())) + ", wanted at most " + Megabytes(most)};
  }
  if (bytes.empty()) throw Error{ErrorKind::kBadModel, source + ": the file is empty, wanted an ONNX model"};
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw Error{ErrorKind::kBadModel, source + ": not an ONNX model, or one that is cut off or damaged"};
  }
  return Reader(source, limits).Read(model);
}

Graph ReadOnnx(const std::filesystem::path& path, const OnnxLimits& limits) {
  limits.Validate();
  const std::vector<uint8_t> bytes = ReadFileBytes(path, limits.max_file_bytes);
  return ParseOnnx({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string(), limits);
}

}  // namespace maskscope
