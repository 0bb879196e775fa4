#include "cli/eval_models.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "graph/onnx_io.h"
#include "zoo/weights.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

// biubug6/Pytorch_Retinaface: BGR minus the mean of its training pictures, sizes untouched.
ModelRecord PublishedRetinaFaceRecord(std::optional<int> longest_side) {
  ModelRecord record;
  record.task = ModelTask::kFaceDetector;
  record.name = "retinaface-mobilenet0.25";
  record.architecture = "retinaface";
  record.classes = {"background", "face"};
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = longest_side.value_or(8192);
  record.input.enlarge = longest_side.has_value();
  record.input.size_multiple = longest_side ? 32 : 1;
  record.input.channels = ChannelOrder::kBgr;
  record.input.mean = {104, 117, 123};
  record.decoding.kind = "retinaface";
  record.decoding.strides = {8, 16, 32};
  record.decoding.min_sizes = {{16, 32}, {64, 128}, {256, 512}};
  record.decoding.boxes_output = "boxes";
  record.decoding.scores_output = "scores";
  record.decoding.landmarks_output = "landmarks";
  record.licence = "MIT";
  return record;
}

ModelRecord ReadRecordFile(const fs::path& file) {
  const nlohmann::json json = nlohmann::json::parse(ReadFileText(file, 1 << 20), nullptr, false);
  if (json.is_discarded()) throw Error(ErrorKind::kBadData, "'" + file.string() + "' is not JSON");
  return ModelRecordFromJson(json, file.string());
}

}  // namespace

DescribedModel LoadDescribedModel(const fs::path& file, const fs::path& record_file, std::optional<int> longest_side) {
  DescribedModel model;
  if (file.extension() == ".safetensors") {
    model.graph = BuildRetinaFace({});
    LoadRetinaFace(ReadSafetensors(file), model.graph);
    model.record = record_file.empty() ? PublishedRetinaFaceRecord(longest_side) : ReadRecordFile(record_file);
    return model;
  }
  model.graph = ReadOnnx(file);
  if (!record_file.empty()) {
    model.record = ReadRecordFile(record_file);
    return model;
  }
  const std::optional<ModelRecord> own = ReadModelRecord(model.graph, file.string());
  if (!own) {
    throw Error(ErrorKind::kBadModel,
                "'" + file.string() + "' carries no model record: say with --record FILE how it is fed and read");
  }
  model.record = *own;
  return model;
}

Detector LoadDescribedDetector(const fs::path& file, const fs::path& record_file, const DetectorOptions& options,
                               Precision precision) {
  EngineOptions engine_options;
  engine_options.precision = precision;
  if (fs::is_directory(file)) return LoadDetector(file, engine_options, options);
  DescribedModel model = LoadDescribedModel(file, record_file, options.longest_side);
  return Detector(std::make_shared<Engine>(std::move(model.graph), engine_options), std::move(model.record), options);
}

}  // namespace maskscope
