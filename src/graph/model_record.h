#ifndef MASKSCOPE_GRAPH_MODEL_RECORD_H_
#define MASKSCOPE_GRAPH_MODEL_RECORD_H_

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "graph/decoding.h"
#include "graph/graph.h"

// What must be known to use a model rightly, carried inside the ONNX file as JSON under one metadata key. Training,
// evaluation, command line and server all preprocess and decode by this record; nothing is configured twice.
namespace maskscope {

inline constexpr const char* kModelRecordKey = "maskscope.model";
inline constexpr const char* kModelRecordSchema = "maskscope.model/1";

enum class ModelTask { kFaceDetector, kMaskClassifier, kMaskDetector };
enum class ChannelOrder { kRgb, kBgr };
// kStretch: both sides to the input size, aspect not kept. kLetterbox: scaled to fit, placed top left, the
// rest filled with `pad_value`. kFitLongest: longest side to at most `longest_side`, each side then padded at the
// bottom/right up to a multiple of `size_multiple` (the network takes any such size).
enum class ResizeRule { kStretch, kLetterbox, kFitLongest };

struct Preprocessing {
  ResizeRule resize = ResizeRule::kStretch;
  int width = 0, height = 0;  // pixels; kStretch and kLetterbox
  // Classifiers with kStretch that take several square inputs: their sides in pixels, ascending, the last equal to
  // width and height. A crop is fed at the smallest side that holds all its pixels, a larger one at the last. Empty:
  // only width x height.
  std::vector<int> sides;
  int longest_side = 0;    // pixels; kFitLongest
  int size_multiple = 32;  // pixels; kFitLongest
  bool enlarge = true;     // kFitLongest: may a smaller picture be enlarged to longest_side?
  ChannelOrder channels = ChannelOrder::kRgb;
  std::array<float, 3> mean{0, 0, 0};  // in units of 0..255, in the model's channel order
  std::array<float, 3> std{1, 1, 1};   // value fed = (pixel - mean) / std
  float pad_value = 0;                 // pixel value (0..255) of padding; fed after normalisation like any other pixel
};

// Classifiers: which part of the picture around a face box is fed.
struct CropRule {
  float margin = 0;    // share of the box's side added on each side: 0.25 makes the crop 1.5 times as wide and high
  bool square = true;  // grow the shorter side to the longer one, about the centre, before the margin is added
};

struct Thresholds {
  float score = 0.5f;          // detector: least score of a face
  float nms_iou = 0.4f;        // detector
  float confidence = 0.0f;     // classifier: below this the state is `unsure` (low_confidence)
  float min_face = 0.0f;       // classifier: shorter side of the box in picture pixels; below: `unsure` (small)
  float min_sharpness = 0.0f;  // classifier: variance of the Laplacian of the grey crop; below: `unsure` (blurred)
};

struct ModelRecord {
  ModelTask task = ModelTask::kMaskClassifier;
  std::string name;          // "mask-classifier"
  std::string architecture;  // "mobilenet_v2"
  // Of the scores, in output order: correct, incorrect, none; background, face ...
  std::vector<std::string> classes;
  Preprocessing input;
  CropRule crop;
  Decoding decoding;
  Thresholds thresholds;
  float temperature = 1;  // logits are divided by it before the softmax (Guo et al. 2017)
  nlohmann::json provenance = nlohmann::json::object();  // how it was trained: data, recipe, command, seed, commit
  nlohmann::json measured = nlohmann::json::object();    // numbers with their protocol
  std::string licence;

  // Every bad field at once. Errors: kBadModel.
  void Validate() const;
};

nlohmann::json ToJson(const ModelRecord& record);
// Errors: kBadModel naming the field, what was found and what was wanted (with `source`); unknown schema versions are
// kUnsupported.
ModelRecord ModelRecordFromJson(const nlohmann::json& json, const std::string& source);

// The record in graph.metadata; nullopt where there is none.
std::optional<ModelRecord> ReadModelRecord(const Graph& graph, const std::string& source);
void StoreModelRecord(const ModelRecord& record, Graph& graph);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_MODEL_RECORD_H_
