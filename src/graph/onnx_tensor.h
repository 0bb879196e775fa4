#ifndef MASKSCOPE_GRAPH_ONNX_TENSOR_H_
#define MASKSCOPE_GRAPH_ONNX_TENSOR_H_

#include <onnx/onnx_pb.h>

#include <string>

#include "graph/graph.h"
#include "graph/onnx_io.h"

// Tensors between protobuf and Graph. Internal to the ONNX reader and writer, the only places that see protobuf.
namespace maskscope {

// Errors: kUnsupported naming `what` (strings, complex numbers, 8 and 16 bit integers but uint8, unsigned 32 and 64
// bit).
DataType TypeFromOnnx(int32_t onnx_type, const std::string& what);

// `what` names the tensor in errors: "model.onnx: initializer 'w'". The stated shape is compared with the bytes that
// are there before anything is allocated. Errors: kBadModel, kTooLarge, kUnsupported (external data).
Tensor ReadTensor(const onnx::TensorProto& proto, const OnnxLimits& limits, const std::string& what);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_ONNX_TENSOR_H_
