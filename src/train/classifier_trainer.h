#ifndef MASKSCOPE_TRAIN_CLASSIFIER_TRAINER_H_
#define MASKSCOPE_TRAIN_CLASSIFIER_TRAINER_H_

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/augment.h"
#include "train/classifier_loss.h"
#include "train/mask_samples.h"
#include "train/rate_finder.h"
#include "train/training_loop.h"

namespace maskscope {

// What a pixel 0..255 becomes before the network sees it: what the start weights were trained on.
// "half": x / 127.5 - 1 (TensorFlow's MobileNets); "unit": x / 255; "imagenet": x / 255 less torchvision's mean, by its
// standard deviation.
struct PixelScaling {
  std::array<float, 3> mean, std;  // of pixels 0..255, RGB
};
PixelScaling ParsePixelScaling(const std::string& name);  // Errors: kUsage

// Everything that decides what a training of the mask classifier gives.
struct ClassifierTrainingOptions {
  MaskSampleOptions samples;
  LoopOptions loop;
  AugmentOptions augment;
  ClassifierLossOptions loss;
  // Start weights: a .safetensors file for MobileNetV2 of width 1 (LoadMobileNetV2) or an .onnx classifier with
  // BatchNormalization; empty = random.
  std::filesystem::path init;
  std::string arch = "mobilenet_v2";  // a classifier of the zoo; ignored where init is an .onnx
  float width = 1.0f;                 // of its channels, where the family has that; ignored where init is an .onnx
  float dropout = 0.2f;               // before the last layer
  int hidden = 0;                     // values of a further dense layer with ReLU before the last; 0 = none
  std::string pixels = "half";        // ParsePixelScaling
  // Parameters that do not learn (nor do their BatchNormalization's statistics): those whose names begin so, or "body"
  // for all before the pooled features; for the first `freeze_epochs`, 0 = to the end.
  std::vector<std::string> freeze;
  int freeze_epochs = 0;
  std::vector<int> sizes{96, 128};  // input side in pixels, one part of the epochs each; the last is the model's
  // When not empty, in place of `sizes`: the sides the model takes (Preprocessing::sides). Every batch is made at one
  // of them, drawn by lot, so that small faces need not be enlarged to be judged.
  std::vector<int> crop_sides;
  int batch = 64;
  int64_t draws_per_epoch = 0;                   // pictures; 0 = as many as there are samples
  std::vector<double> shares{0.38, 0.24, 0.38};  // of correct, incorrect, none among the pictures drawn; add up to 1
  // Rare states are drawn more often than they occur (`shares`), and what learns so calls them too often. This share
  // of the difference is taken back in the finished model's last bias (logit adjustment, Menon et al. 2021): 0 leaves
  // it, 1 makes probabilities those of photos as they come. Between: fewer false alarms, few more rare ones missed.
  double prior_correction = 0;
  double synthetic_share = 0.4;  // of a state's draws, at most, by synthetic faces (DrawShares)
  float margin = 0.25f;          // CropRule of the model
  float canvas_extent = 1.4f;    // side of what is kept around a face for augmentation, in sides of its crop
  int canvas_side = 176;         // pixels
  int memory_mb = 1024;  // of faces kept in memory at most; the rest lies in a file without a name in the run's folder
  CropJitter scene_jitter{0.78, 1.3};
  CropJitter whole_jitter{0.7, 1.1};  // whole pictures have nothing around them: rather cut in
  void Validate() const;              // Errors: kUsage
};

// All settings in groups, as args.yaml holds them.
nlohmann::json ToJson(const ClassifierTrainingOptions& options);
// Sets what `json` names (a recipe, or a run's args.yaml). Errors: kBadData naming `source`.
void ReadClassifierSettings(const nlohmann::json& json, const std::string& source, ClassifierTrainingOptions& options);

// Largest input side of the model in pixels.
int LargestSide(const ClassifierTrainingOptions& options);
// Input side in pixels of a step's batch (epoch and step counted from 0).
int SizeOfStep(const ClassifierTrainingOptions& options, int epoch, int64_t step);

// Trains a mask classifier (states correct, incorrect, none) and leaves its files in `folder`. With `resume` it goes on
// where the folder's checkpoint stopped; `options` must then be those of the folder's config. Errors: kUsage, kBadData,
// kBadModel, kOutput and those of reading.
LoopResult TrainClassifier(const ClassifierTrainingOptions& options, const RunFolder& folder, bool resume,
                           const LoopHooks& hooks);

// The learning-rate range test with the options' data, network, batch and optimizer. Errors as above.
RateFinding FindClassifierRate(const ClassifierTrainingOptions& options, const RateFinderOptions& finder,
                               const LoopHooks& hooks);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_CLASSIFIER_TRAINER_H_
