#ifndef MASKSCOPE_DATA_SUSPECTS_FEATURES_H_
#define MASKSCOPE_DATA_SUSPECTS_FEATURES_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/manifest.h"
#include "data/suspects/logistic.h"
#include "graph/graph.h"
#include "graph/model_record.h"

namespace maskscope {

// A network that turns a face into numbers, and how it wants to see it.
struct FeatureModel {
  std::string source;  // the file
  Graph graph;         // input as published, the only output is "features" [batch, columns]
  Preprocessing input;
  CropRule crop;
};

// A mask classifier of ours (.onnx: its value "features", fed by its record), or the published ImageNet weights of
// MobileNetV2 (.safetensors: fed at `imagenet_side` pixels, multiples of 32, which nobody's mask labels have touched).
// Errors: kNotFound, kBadModel, kUnsupported (no record, no such value), kUsage (imagenet_side).
FeatureModel LoadFeatureModel(const std::filesystem::path& file, int imagenet_side = 128);

// A face of a dataset. A face crop is looked at as a whole, a face in a scene through the model's crop rule.
struct FaceRef {
  size_t picture = 0, face = 0;
  Box box;  // pixels of the upright picture; not used for a face crop
};

struct FeatureOptions {
  bool mirrored = true;   // the mean of the crop's features and its mirror image's
  int threads = 0;        // 0 = all cores
  void Validate() const;  // Errors: kUsage
};

struct FaceFeatures {
  FeatureMatrix matrix;               // a row a face; zeros where the picture could not be read
  std::vector<bool> read;             // [faces]
  std::vector<DataProblem> problems;  // pictures that could not be read
};

// `faces` by picture. In f32 whatever the CPU can do, so that machines agree. Errors: kUsage, kBadModel, kInterrupted
// when `stop` says so.
FaceFeatures ExtractFeatures(const FeatureModel& model, const Dataset& dataset, const std::vector<FaceRef>& faces,
                             const FeatureOptions& options, Progress* progress = nullptr,
                             const std::function<bool()>& stop = {});

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SUSPECTS_FEATURES_H_
