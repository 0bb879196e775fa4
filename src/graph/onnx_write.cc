#include <onnx/onnx_pb.h>

#include <bit>
#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "graph/onnx_io.h"

namespace maskscope {
namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

// IR version 8 is what ONNX 1.12 writes for opset 17.
constexpr int kIrVersion = 8;

onnx::TensorProto::DataType OnnxType(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return onnx::TensorProto::FLOAT;
    case DataType::kInt64:
      return onnx::TensorProto::INT64;
    case DataType::kInt32:
      return onnx::TensorProto::INT32;
    case DataType::kBool:
      return onnx::TensorProto::BOOL;
    case DataType::kUint8:
      return onnx::TensorProto::UINT8;
  }
  throw Error(ErrorKind::kInternal, "unknown data type");
}

template <typename T>
std::string PackInts(const std::vector<int64_t>& values) {
  std::string raw(values.size() * sizeof(T), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    const T value = static_cast<T>(values[i]);
    std::memcpy(raw.data() + i * sizeof(T), &value, sizeof(T));
  }
  return raw;
}

void WriteTensor(const Tensor& tensor, onnx::TensorProto& proto) {
  proto.set_data_type(OnnxType(tensor.type));
  for (const int64_t side : tensor.shape) proto.add_dims(side);
  switch (tensor.type) {
    case DataType::kFloat32:
      proto.set_raw_data(tensor.floats.data(), tensor.floats.size() * sizeof(float));
      break;
    case DataType::kInt64:
      proto.set_raw_data(PackInts<int64_t>(tensor.ints));
      break;
    case DataType::kInt32:
      proto.set_raw_data(PackInts<int32_t>(tensor.ints));
      break;
    case DataType::kBool:
    case DataType::kUint8:
      proto.set_raw_data(PackInts<uint8_t>(tensor.ints));
      break;
  }
}

struct AttributeWriter {
  onnx::AttributeProto& proto;
  void operator()(int64_t value) const {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(value);
  }
  void operator()(float value) const {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(value);
  }
  void operator()(const std::string& value) const {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    proto.set_type(onnx::AttributeProto::INTS);
    for (const int64_t value : values) proto.add_ints(value);
  }
  void operator()(const std::vector<float>& values) const {
    proto.set_type(onnx::AttributeProto::FLOATS);
    for (const float value : values) proto.add_floats(value);
  }
  void operator()(const Tensor& value) const {
    proto.set_type(onnx::AttributeProto::TENSOR);
    WriteTensor(value, *proto.mutable_t());
  }
};

void WriteNode(const Node& node, onnx::NodeProto& proto) {
  proto.set_name(node.name);
  proto.set_op_type(node.op);
  for (const std::string& input : node.inputs) proto.add_input(input);
  for (const std::string& output : node.outputs) proto.add_output(output);
  for (const auto& [name, value] : node.attributes) {
    onnx::AttributeProto& attribute = *proto.add_attribute();
    attribute.set_name(name);
    std::visit(AttributeWriter{attribute}, value);
  }
}

void WriteValueInfo(const ValueInfo& value, bool is_input, onnx::ValueInfoProto& proto) {
  proto.set_name(value.name);
  onnx::TypeProto::Tensor& type = *proto.mutable_type()->mutable_tensor_type();
  type.set_elem_type(OnnxType(value.type));
  // An output without axes says nothing about its shape: readers work it out, and would take "a scalar" for a contradiction.
  if (is_input || !value.shape.empty()) type.mutable_shape();
  for (const Dim& dim : value.shape) {
    onnx::TensorShapeProto::Dimension& out = *type.mutable_shape()->add_dim();
    if (dim.value >= 0) {
      out.set_dim_value(dim.value);
    } else if (!dim.symbol.empty()) {
      out.set_dim_param(dim.symbol);
    }
  }
}

}  // namespace

std::string SerializeOnnx(const Graph& graph) {
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("maskscope");
  onnx::OperatorSetIdProto& opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(kCanonicalOpset);
  onnx::GraphProto& out = *model.mutable_graph();
  out.set_name(graph.name.empty() ? "maskscope" : graph.name);
  for (const Node& node : graph.nodes) WriteNode(node, *out.add_node());
  for (const auto& [name, tensor] : graph.initializers) {
    onnx::TensorProto& proto = *out.add_initializer();
    proto.set_name(name);
    WriteTensor(tensor, proto);
  }
  for (const ValueInfo& input : graph.inputs) WriteValueInfo(input, true, *out.add_input());
  for (const ValueInfo& output : graph.outputs) WriteValueInfo(output, false, *out.add_output());
  for (const auto& [key, value] : graph.metadata) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  std::string bytes;
  if (!model.SerializeToString(&bytes)) {
    throw Error(ErrorKind::kTooLarge, "model '" + graph.name + "' is beyond the 2 GiB that one ONNX file can hold");
  }
  return bytes;
}

void WriteOnnx(const Graph& graph, const std::filesystem::path& path) {
  WriteFileAtomically(path, SerializeOnnx(graph));
}

}  // namespace maskscope
