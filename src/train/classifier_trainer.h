#ifndef MASKSCOPE_TRAIN_CLASSIFIER_TRAINER_H_
#define MASKSCOPE_TRAIN_CLASSIFIER_TRAINER_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/augment.h"
#include "train/mask_samples.h"
#include "train/training_loop.h"

namespace maskscope {

// Everything that decides what a training of the mask classifier gives.
struct ClassifierTrainingOptions {
  MaskSampleOptions samples;
  LoopOptions loop;
  AugmentOptions augment;
  // Start weights: a .safetensors file for MobileNetV2 of width 1 (LoadMobileNetV2) or an .onnx classifier with
  // BatchNormalization; empty = random.
  std::filesystem::path init;
  float width = 1.0f;  // of MobileNetV2; ignored where init is an .onnx
  float dropout = 0.2f;
  std::vector<int> sizes{96, 128};  // input side in pixels, one part of the epochs each; the last is the model's
  // When not empty, in place of `sizes`: the sides the model takes (Preprocessing::sides). Every batch is made at one
  // of them, drawn by lot, so that small faces need not be enlarged to be judged.
  std::vector<int> crop_sides;
  int batch = 64;
  int64_t draws_per_epoch = 0;  // pictures; 0 = as many as there are samples
  double label_smoothing = 0.05;
  std::vector<double> shares{0.38, 0.24, 0.38};  // of correct, incorrect, none among the pictures drawn; add up to 1
  double synthetic_share = 0.4;                  // of a state's draws, at most, by synthetic faces (DrawShares)
  float margin = 0.25f;                          // CropRule of the model
  float canvas_extent = 1.4f;  // side of what is kept around a face for augmentation, in sides of its crop
  int canvas_side = 176;       // pixels
  CropJitter scene_jitter{0.78, 1.3};
  CropJitter whole_jitter{0.7, 1.1};  // whole pictures have nothing around them: rather cut in
  void Validate() const;              // Errors: kUsage
};

nlohmann::json ToJson(const ClassifierTrainingOptions& options);
ClassifierTrainingOptions ClassifierTrainingOptionsFromJson(const nlohmann::json& json, const std::string& source);

// Largest input side of the model in pixels.
int LargestSide(const ClassifierTrainingOptions& options);
// Input side in pixels of a step's batch (epoch and step counted from 0).
int SizeOfStep(const ClassifierTrainingOptions& options, int epoch, int64_t step);

// Trains a mask classifier (states correct, incorrect, none) and leaves its files in `folder`. With `resume` it goes on
// where the folder's checkpoint stopped; `options` must then be those of the folder's config. Errors: kUsage, kBadData,
// kBadModel, kOutput and those of reading.
LoopResult TrainClassifier(const ClassifierTrainingOptions& options, const RunFolder& folder, bool resume,
                           const LoopHooks& hooks);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_CLASSIFIER_TRAINER_H_
