#ifndef MASKSCOPE_ZOO_IMPORT_H_
#define MASKSCOPE_ZOO_IMPORT_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/model_record.h"
#include "weights/weight_file.h"

// Models that others trained become models of ours: a graph with their weights and a record that says how to use it.
namespace maskscope {

struct ModelImportOptions {
  std::string architecture = {};  // of zoo/registry.h; "": the graph of an ONNX file as it is
  std::string decoding = {};      // without architecture, a detector: its family of heads (DecodingKinds())
  // Names of the classes in the order of the outputs; empty: the file's own, else those the architecture was published
  // with, else "class 0", "class 1" ...
  std::vector<std::string> classes = {};
  bool new_head = false;               // a classifier's last layer is drawn anew for `classes`: a start for fine-tuning
  std::string key = {};                // which entry of a checkpoint (WeightFileOptions)
  std::optional<float> width = {};     // of a MobileNet classifier
  std::optional<int> input_size = {};  // classifiers: height = width, pixels; absent: as published
  std::string activation = {};         // RetinaFace on MobileNetV1: "relu" or "leaky_relu"; "": the latter
  nlohmann::json record_patch = nlohmann::json::object();  // JSON merge patch (RFC 7396) of the record that results
};

struct ImportedModel {
  Graph graph;                        // with its record, where it has one
  std::optional<ModelRecord> record;  // absent: networks that are of no use alone, MTCNN's second and third
  std::vector<std::string> notes;     // what a person should know
};

// Errors: those of ReadWeightFile and ReadOnnx; kBadModel listing every missing, extra and misshapen tensor; kUsage
// (options; an unknown architecture).
ImportedModel ImportModel(const std::filesystem::path& file, const ModelImportOptions& options);

// Names of decodings that ImportModel can write a record for from an ONNX graph alone.
const std::vector<std::string>& ImportableDecodings();

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_IMPORT_H_
