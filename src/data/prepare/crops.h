#ifndef MASKSCOPE_DATA_PREPARE_CROPS_H_
#define MASKSCOPE_DATA_PREPARE_CROPS_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/progress.h"
#include "data/manifest.h"
#include "data/prepare/dropped.h"

namespace maskscope {

struct CropOptions {
  double factor = 2.0;       // side of the crop over side of the box, about its centre; then cut at the picture's edge
  int size = 224;            // pixels; 0 = as they are in the picture
  bool keep_aspect = false;  // true: the longer side becomes `size`; false: both do
  float least_side = 0;      // pixels; faces whose box has a shorter side are left out
  int not_a_face = 0;        // patches that touch no labelled face, to be cut as well
  uint64_t seed = 1;         // of those patches
  int jpeg_quality = 95;
  // Boxes of faces in a picture; empty = the labels' own boxes. A box takes the state of the label it overlaps most, at
  // an IoU of at least 0.4. Patches then also touch no face that it finds. Called from one thread.
  std::function<std::vector<Box>(const Image&)> find_faces;
  Progress* progress = nullptr;
  std::function<bool()> stop;
  // Errors: kUsage naming every bad field.
  void Validate() const;
};

// `box` grown by `factor` about its centre and cut at the picture's edge.
Box GrowBox(const Box& box, double factor, int width, int height);

struct CropsResult {
  Dataset crops;                    // paths "<class>/<name>.jpg" below the folder
  std::vector<DroppedRow> dropped;  // "ignored", "no_state", "too_small", "outside", "not_detected", "no_label",
                                    // "unreadable"
};

// Cuts the faces of scenes (crops that the dataset holds already are cut as their boxes say), into
// FOLDER/{correct,incorrect,none,not_a_face}/, with FOLDER/crops.jsonl and FOLDER/dropped.jsonl. The folder appears
// when all is done. A crop keeps the set, split and group of its picture (a picture without group becomes the group).
// Errors: kUsage; kOutput (also a folder that is there and not empty); kInterrupted.
CropsResult WriteCrops(const Dataset& dataset, const std::filesystem::path& folder, const CropOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_PREPARE_CROPS_H_
