#ifndef MASKSCOPE_ANALYZE_DETECTOR_H_
#define MASKSCOPE_ANALYZE_DETECTOR_H_

#include <memory>
#include <optional>
#include <vector>

#include "engine/engine.h"
#include "graph/model_record.h"
#include "image/image.h"

namespace maskscope {

// A face found, in pixels of the frame the caller asked for.
struct Detection {
  Box box;
  float score = 0;               // 0..1, the detector's
  int class_index = 0;           // in the record's classes, background left out; 0 for plain face detectors
  std::vector<Point> landmarks;  // 5 or none
};

// Settings that override the record's.
struct DetectorOptions {
  std::optional<float> score_threshold;  // 0..1
  std::optional<float> nms_iou;          // 0..1
  std::optional<int> longest_side;       // input pixels
  void Validate() const;
};

// Prior boxes of a decoding for one input size: [anchors] of (cx, cy, w, h), fractions of the input.
struct Prior {
  float cx, cy, w, h;
};
std::vector<Prior> MakePriors(const Decoding& decoding, int input_width, int input_height);

// A graph with a detector's record, ready to run. Thread-safe: Detect may be called from many threads at once.
class Detector {
 public:
  // Errors: kBadModel when the record is missing or of another task.
  Detector(std::shared_ptr<Engine> engine, ModelRecord record, const DetectorOptions& options = {});

  // Faces in `image` by descending score. `image` may be a reduced copy: boxes come in pixels of a frame_width x frame_height picture (the full-size one).
  std::vector<Detection> Detect(const Image& image, int frame_width, int frame_height) const;

  const ModelRecord& record() const { return record_; }

 private:
  std::shared_ptr<Engine> engine_;
  ModelRecord record_;
  DetectorOptions options_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_DETECTOR_H_
