#ifndef MASKSCOPE_TRAIN_MASK_SAMPLES_H_
#define MASKSCOPE_TRAIN_MASK_SAMPLES_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/dataset.h"
#include "graph/model_record.h"

// Faces with a known state, as a classifier learns them: from boxes in scenes and from pictures that are one face.
namespace maskscope {

struct MaskSampleOptions {
  std::filesystem::path data;             // a collection (scenes/ and faces/ with their splits.csv) or a manifest
  std::vector<std::string> extra;         // further manifests, for training only: faces drawn from those of `data`
  std::vector<std::string> exclude_sets;  // set names to leave out
  bool exclude_absent = false;            // may exclude_sets name sets that `data` has not?
  double validation_share = 0.1;          // of the groups
  uint64_t validation_seed = 1;           // fixes which groups
  float least_face = 12;                  // pixels, shorter side of the box; smaller faces are left out
  std::map<std::string, float> least_face_of_set{{"wider", 16}};
  int limit = 0;          // keep about this many samples in all, whole groups; 0 = all (for trying things out)
  void Validate() const;  // Errors: kUsage
};

struct MaskSample {
  std::filesystem::path path;
  std::string set, group;
  MaskState state = MaskState::kNone;
  bool synthetic = false;      // drawn or pasted by a program
  bool whole_picture = false;  // the picture is the face; else `face` is its box
  Box face;                    // picture pixels
};

struct MaskSamples {
  std::vector<MaskSample> train, validation;
};

// Rows of the train split only; a manifest's own validation part is honoured. Validation holds no synthetic faces: it
// stands for the photos that the model will meet. Of `extra`, pictures of a group that is held back are left out: what
// was drawn on a face belongs with the face. Errors: those of ReadTrainingScenes; kBadData when a state has no sample;
// kUsage when an excluded set does not exist.
MaskSamples CollectMaskSamples(const MaskSampleOptions& options);

// {"kaggle853": {"correct": 1200, ...}, ...}
nlohmann::json CountSamples(const std::vector<MaskSample>& samples);

// The part of the picture that the program itself would feed: ClassifierRegion of the box, or all of it.
Box SampleRegion(const MaskSample& sample, const CropRule& crop, const Image& picture);

// Calls use(i, picture) for every sample, each picture decoded once, on `workers` threads (0 = all cores); calls for
// different i may run at once. `picture_done` (may be empty) is called after every picture. Errors: those of ReadImage
// and of both functions.
void ForEachSample(const std::vector<MaskSample>& samples, int workers, const std::function<void()>& picture_done,
                   const std::function<void(size_t, const Image&)>& use);

struct DrawShares {
  std::vector<double> states;  // of the pictures drawn, order of MaskState; they add up to 1
  // Of a state's draws, what synthetic samples take at most: drawn masks teach what photos are short of, but photos are
  // what the model is for.
  double synthetic_at_most = 0.4;
};
// How often each sample is drawn in an epoch of `draws` on average: every state gets its share; within a state, a
// sample weighs less in proportion to the root of its group's size (thirty pictures of one man are not thirty men).
std::vector<double> DrawRates(const std::vector<MaskSample>& samples, const DrawShares& shares, int64_t draws);

// One epoch's order: sample i occurs floor(rate) or ceil(rate) times, by chance so that the mean is the rate; shuffled;
// exactly `draws` long.
std::vector<int64_t> DrawEpoch(const std::vector<double>& rates, int64_t draws, uint64_t seed);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_MASK_SAMPLES_H_
