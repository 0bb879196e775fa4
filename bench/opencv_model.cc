#include "bench/opencv_model.h"

#include <onnx/onnx_pb.h>

#include <cstring>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/files.h"

namespace maskscope::bench {
namespace {

float ScalarOf(const onnx::TensorProto& tensor) {
  if (tensor.float_data_size() == 1) return tensor.float_data(0);
  float value = 0;
  std::memcpy(&value, tensor.raw_data().data(), sizeof(value));
  return value;
}

}  // namespace

cv::dnn::Net ReadOpenCvNet(const std::string& onnx_file) {
  onnx::ModelProto model;
  if (!model.ParseFromString(ReadFileText(onnx_file, int64_t{1} << 31))) {
    throw Error(ErrorKind::kBadModel, onnx_file + " is not an ONNX file");
  }
  std::map<std::string, float> scalars;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.data_type() == onnx::TensorProto::FLOAT && tensor.dims_size() == 0)
      scalars[tensor.name()] = ScalarOf(tensor);
  }
  for (onnx::NodeProto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Clip" || node.input_size() != 3) continue;
    const char* const names[] = {"min", "max"};
    for (int i = 0; i < 2; ++i) {
      onnx::AttributeProto* attribute = node.add_attribute();
      attribute->set_name(names[i]);
      attribute->set_type(onnx::AttributeProto::FLOAT);
      attribute->set_f(scalars.at(node.input(i + 1)));
    }
    while (node.input_size() > 1) node.mutable_input()->RemoveLast();
  }
  const std::string bytes = model.SerializeAsString();
  cv::dnn::Net net = cv::dnn::readNetFromONNX(bytes.data(), bytes.size());
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
  return net;
}

}  // namespace maskscope::bench
