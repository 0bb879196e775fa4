#ifndef MASKSCOPE_TRAIN_DETECTOR_TRAINER_H_
#define MASKSCOPE_TRAIN_DETECTOR_TRAINER_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "graph/graph.h"
#include "graph/model_record.h"
#include "train/detector_data.h"
#include "train/detector_task.h"
#include "train/run_folder.h"
#include "train/training_loop.h"
#include "zoo/zoo.h"

namespace maskscope {

// How BatchNormalization is treated. kLearn: statistics of the batch, scale and shift learn. kFrozen: the start's
// statistics stay. kFold: folded into the convolutions before training, which is fastest.
enum class BatchNormMode { kLearn, kFrozen, kFold };
BatchNormMode ParseBatchNormMode(const std::string& text);  // "learn", "frozen", "fold". Errors: kUsage
std::string_view EnumText(BatchNormMode mode);
void ParseEnum(const std::string& text, BatchNormMode& mode);

struct DetectorTrainingOptions {
  std::filesystem::path data;  // collection folder (data/dataset.h)
  std::filesystem::path init;  // .safetensors with RetinaFace or MobileNetV1 x0.25 weights, or a detector's .onnx
  RetinaFaceOptions network;   // not read when init is an .onnx
  BatchNormMode batch_norm = BatchNormMode::kLearn;
  double validation_share = 0.12;  // of the groups of the train rows
  uint64_t validation_seed = 1;    // apart from the seed of the training, so that runs can be compared
  TeacherOptions teacher;          // the start itself completes the labels
  DetectorTaskOptions task;
  LoopOptions loop;
  bool states = false;  // tell mask states too: a one-stage detector (AddStateHead)
  std::string licence;  // put into the model's record

  DetectorTrainingOptions();  // defaults that fit this training
  void Validate() const;      // Errors: kUsage
};

// All settings in groups, as args.yaml holds them.
nlohmann::json ToJson(const DetectorTrainingOptions& options);
// Sets what `json` names (a recipe, or a run's args.yaml). Errors: kBadData naming `source`.
void ReadDetectorSettings(const nlohmann::json& json, const std::string& source, DetectorTrainingOptions& options);

// The record of a RetinaFace as the zoo builds it, fed at `longest_side`.
ModelRecord RetinaFaceRecord(int longest_side, bool landmarks = true);

// The graph a training starts from, its record put in. A .safetensors file made for 64 neck channels is cut down when
// options.network asks for fewer. Errors: those of the readers; kBadModel (an .onnx without a detector's record).
Graph ReadDetectorStart(const DetectorTrainingOptions& options);

// The whole training: labels completed by the start, then the loop, which leaves its files in `folder`. With `resume`
// it goes on where the folder's checkpoint stopped; `options` must then be those of the folder's config. Errors:
// kUsage, kBadData, kBadModel, kOutput and those of reading.
LoopResult TrainDetector(const DetectorTrainingOptions& options, const RunFolder& folder, bool resume,
                         const LoopHooks& hooks);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_TRAINER_H_
