#ifndef MASKSCOPE_TRAIN_DETECTOR_DATA_H_
#define MASKSCOPE_TRAIN_DETECTOR_DATA_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "analyze/detector.h"
#include "data/dataset.h"

// Labelled scenes for face detector training: the train rows of a collection, in two parts.
namespace maskscope {

struct DetectorData {
  std::vector<LabelledImage> train, validation;
};

// The train rows of `collection`, a collection folder or a manifest; whole groups are held back for validation, unless
// a manifest names its own validation part. Errors: those of ReadTrainingScenes; kBadData when a part is empty.
DetectorData ReadDetectorData(const std::filesystem::path& collection, double validation_share, uint64_t seed);

struct TeacherOptions {
  float ignore_score = 0.7f;  // a face it is this sure of, that no label touches, is ignored; above 1 = never
  float landmark_score =
      0.9f;                // its landmarks are taken for labelled faces found with at least this score; above 1 = never
  int longest_side = 800;  // pixels: input of the teacher
  void Validate() const;   // Errors: kUsage
};

// Lets a trained detector complete the labels: people who drew boxes left out small faces, which must not be learnt as
// background; and they marked no landmarks, which the network would otherwise forget. `workers` 0 = all cores.
// `picture_done` (may be empty) is called after every picture. Errors: those of ReadImage and of `picture_done`.
void CompleteLabels(const Detector& teacher, const TeacherOptions& options, int workers,
                    const std::function<void()>& picture_done, std::vector<LabelledImage>& pictures);

// What one picture gains from detections (in its pixels).
void CompleteLabels(const std::vector<Detection>& found, const TeacherOptions& options, LabelledImage& picture);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_DATA_H_
