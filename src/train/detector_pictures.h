#ifndef MASKSCOPE_TRAIN_DETECTOR_PICTURES_H_
#define MASKSCOPE_TRAIN_DETECTOR_PICTURES_H_

#include <filesystem>
#include <vector>

#include "analyze/detector.h"
#include "train/detector_sample.h"
#include "train/run_folder.h"

// What a detector's training shows of itself in the run's folder. Boxes have the colour and line of their state
// (analyze/draw_result.h); ignored regions are thin and grey.
namespace maskscope {

// labels.svg and labels.csv: faces of each state in `pictures`, and those without one. Errors: kOutput.
void WriteLabels(const std::vector<LabelledImage>& pictures, const RunFolder& folder);

// The first sixteen samples with what is to be learnt of them, on one sheet. Errors: kOutput.
void WriteSamples(const std::vector<DetectorSample>& samples, const std::filesystem::path& path);

// val_batch0_labels.jpg and val_batch0_pred.jpg: sixteen of the pictures, evenly dealt out, with their labels and with
// what the detector finds with at least `score_threshold`. Errors: kOutput, and those of reading.
void WriteValidationPictures(const std::vector<LabelledImage>& pictures, const Detector& detector,
                             float score_threshold, const RunFolder& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_PICTURES_H_
