#ifndef MASKSCOPE_TRAIN_DETECTOR_TRAINER_H_
#define MASKSCOPE_TRAIN_DETECTOR_TRAINER_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/model_record.h"
#include "train/detector_data.h"
#include "train/detector_task.h"
#include "train/run_folder.h"
#include "train/training_loop.h"
#include "train/yolo_anchors.h"
#include "zoo/zoo.h"

namespace maskscope {

// How BatchNormalization is treated. kLearn: statistics of the batch, scale and shift learn. kFrozen: the start's
// statistics stay. kFold: folded into the convolutions before training, which is fastest.
enum class BatchNormMode { kLearn, kFrozen, kFold };
BatchNormMode ParseBatchNormMode(const std::string& text);  // "learn", "frozen", "fold". Errors: kUsage
std::string_view EnumText(BatchNormMode mode);
void ParseEnum(const std::string& text, BatchNormMode& mode);

// Names of the zoo's detectors that can be trained: "retinaface", "yolov5n" ... "yolov5x", "aizoo_ssd".
const std::vector<std::string>& TrainableDetectors();

struct DetectorTrainingOptions {
  std::filesystem::path data;       // collection folder (data/dataset.h)
  std::string arch = "retinaface";  // one of TrainableDetectors()
  // RetinaFace: .safetensors with its weights or those of MobileNetV1 x0.25, or a detector's .onnx. The others: "", a
  // detector's .onnx or published weights (zoo/import.h); what does not fit, the heads for other classes, is drawn.
  std::filesystem::path init;
  RetinaFaceOptions network;  // not read when init is an .onnx, nor by other architectures, but for its seed
  // What YOLOv5 and SSD tell apart: mask states, of which `incorrect` may be left out, or "face" alone. A face of a
  // state that is not among them teaches where faces are and nothing of their class.
  std::vector<std::string> classes{"correct", "incorrect", "none"};
  AnchorChoice anchors = AnchorChoice::kAuto;  // of YOLOv5
  BatchNormMode batch_norm = BatchNormMode::kLearn;
  double validation_share = 0.12;  // of the groups of the train rows
  uint64_t validation_seed = 1;    // apart from the seed of the training, so that runs can be compared
  // Detector that completes the labels. "": RetinaFace's start does it, for other architectures none.
  std::filesystem::path teacher_model;
  TeacherOptions teacher;
  DetectorTaskOptions task;
  LoopOptions loop;
  bool states = false;  // RetinaFace: tell mask states too, a one-stage detector (AddStateHead)
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

// Records of networks that tell `classes` apart, trained at `longest_side`.
ModelRecord YoloV5Record(const std::string& arch, int longest_side, const std::vector<std::string>& classes);
ModelRecord AizooSsdRecord(int longest_side, const std::vector<std::string>& classes);

// The graph a training starts from, its record put in. RetinaFace: a .safetensors file made for 64 neck channels is cut
// down when options.network asks for fewer. Errors: those of the readers; kBadModel (an .onnx without a detector's
// record, weights of another network).
Graph ReadDetectorStart(const DetectorTrainingOptions& options);

// What completes the labels: the detector that the options name, else the start. Errors: those of reading; kBadModel.
Graph ReadDetectorTeacher(const DetectorTrainingOptions& options);

// The whole training: labels completed, anchors chosen, then the loop, which leaves its files in `folder`. With
// `resume` it goes on where the folder's checkpoint stopped; `options` must then be those of the folder's config.
// Errors: kUsage, kBadData, kBadModel, kOutput and those of reading.
LoopResult TrainDetector(const DetectorTrainingOptions& options, const RunFolder& folder, bool resume,
                         const LoopHooks& hooks);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_TRAINER_H_
