#ifndef MASKSCOPE_CLI_EVAL_MODELS_H_
#define MASKSCOPE_CLI_EVAL_MODELS_H_

#include <filesystem>
#include <optional>

#include "analyze/detector.h"
#include "graph/graph.h"
#include "graph/model_record.h"

namespace maskscope {

// A model to be measured that need not be one of ours.
struct DescribedModel {
  Graph graph;
  ModelRecord record;
};

// An ONNX file with its own record, or with the one in the JSON file `record_file` ("" = its own). Published RetinaFace
// weights
// (.safetensors) are taken too: without `longest_side` they see pictures as upstream feeds them, at their own size;
// with it, fitted to it. Errors: kNotFound, kBadModel, kUnsupported.
DescribedModel LoadDescribedModel(const std::filesystem::path& file, const std::filesystem::path& record_file,
                                  std::optional<int> longest_side);

// The detector to be measured alone: as above, or the folder of a cascade.
Detector LoadDescribedDetector(const std::filesystem::path& file, const std::filesystem::path& record_file,
                               const DetectorOptions& options, Precision precision);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_EVAL_MODELS_H_
