#ifndef MASKSCOPE_WEIGHTS_TEST_CAFFEMODEL_H_
#define MASKSCOPE_WEIGHTS_TEST_CAFFEMODEL_H_

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

// Writes .caffemodel bytes field by field, as Caffe's protocol buffers do.
namespace maskscope::test {

inline std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

inline std::string LengthField(uint64_t number, const std::string& content) {
  return Varint(number << 3 | 2) + Varint(content.size()) + content;
}

inline std::string CaffeBlob(const Tensor& tensor) {
  std::string dims;
  for (const int64_t side : tensor.shape) dims += Varint(static_cast<uint64_t>(side));
  const std::string data(reinterpret_cast<const char*>(tensor.floats.data()), tensor.floats.size() * sizeof(float));
  return LengthField(7, LengthField(1, dims)) + LengthField(5, data);
}

inline std::string CaffeLayer(const std::string& name, const std::string& type, const std::vector<Tensor>& blobs) {
  std::string layer = LengthField(1, name) + LengthField(2, type);
  for (const Tensor& blob : blobs) layer += LengthField(7, CaffeBlob(blob));
  return LengthField(100, layer);
}

}  // namespace maskscope::test

#endif  // MASKSCOPE_WEIGHTS_TEST_CAFFEMODEL_H_
