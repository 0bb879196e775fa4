#ifndef MASKSCOPE_WEIGHTS_CAFFEMODEL_H_
#define MASKSCOPE_WEIGHTS_CAFFEMODEL_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "graph/graph.h"

namespace maskscope {

// The weights in a .caffemodel, which is a NetParameter message (caffe.proto; both generations of its layers): blob k
// of layer NAME is tensor "NAME.k". Shapes are as stored: a bias may be [1, 1, 1, n] in old files. `source` names the
// bytes in errors. Errors: kBadModel (no such message, cut off, sizes that do not agree).
std::map<std::string, Tensor> ParseCaffemodel(std::span<const uint8_t> bytes, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_WEIGHTS_CAFFEMODEL_H_
