#ifndef MASKSCOPE_ANALYZE_DETECTOR_H_
#define MASKSCOPE_ANALYZE_DETECTOR_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "graph/model_record.h"
#include "image/image.h"

namespace maskscope {

// A face found, in pixels of the frame the caller asked for.
struct Detection {
  Box box;
  float score = 0;                  // 0..1, the detector's
  int class_index = 0;              // in the record's classes, background left out; 0 for plain face detectors
  std::vector<Point> landmarks;     // 5 or none
  std::vector<float> class_scores;  // one per class of the record, background left out
};

// Settings that override the record's.
struct DetectorOptions {
  std::optional<float> score_threshold;  // 0..1
  std::optional<float> nms_iou;          // 0..1
  std::optional<int> longest_side;       // input pixels
  void Validate() const;
};

// A prior box (anchor): centre and sides in fractions of the input.
struct Prior {
  float cx, cy, w, h;
};

// The priors of a decoding for one input size, computed one at a time: only those of likely faces are ever needed.
// "retinaface": per stride, row by row, one per min_size (biubug6/Pytorch_Retinaface, PriorBox; feature maps of
// ceil(side / stride)). "ssd": the square maps that the decoding names, each with priors of one least and one greatest
// size. "ssd_aizoo": AIZOO's five maps, four priors a cell.
class PriorGrid {
 public:
  // Errors: kBadModel (unknown kind; strides and sizes that do not pair).
  PriorGrid(const Decoding& decoding, int input_width, int input_height);
  size_t size() const { return size_; }
  Prior at(size_t index) const;

 private:
  struct Level {
    size_t begin;  // index of its first prior
    int columns;
    float step_x, step_y;      // of a cell, fractions of the input
    std::vector<Prior> sides;  // (0, 0, w, h) per prior of a cell
  };
  std::vector<Level> levels_;
  size_t size_ = 0;
};

// All of them: [anchors].
std::vector<Prior> MakePriors(const Decoding& decoding, int input_width, int input_height);

// Finds faces in one picture, whatever it is made of. Thread-safe. Internal to analyze.
class FaceFinder {
 public:
  virtual ~FaceFinder() = default;
  // By descending score, in pixels of `image`, not clipped.
  virtual std::vector<Detection> Find(const Image& image) const = 0;
};

// A detector's networks and its record, ready to run. Thread-safe: Detect may be called from many threads at once.
class Detector {
 public:
  // One network. Errors: kBadModel when the record is of another task or names outputs the graph lacks; kUsage
  // (options).
  Detector(std::shared_ptr<Engine> engine, ModelRecord record, const DetectorOptions& options = {});

  // Faces in `image` by descending score, not clipped. `image` may be a reduced copy: boxes come in pixels of a
  // frame_width x frame_height picture (the full-size one).
  std::vector<Detection> Detect(const Image& image, int frame_width, int frame_height) const;

  // With the options put in.
  const ModelRecord& record() const { return record_; }

 private:
  friend Detector LoadDetector(const std::filesystem::path&, const EngineOptions&, const DetectorOptions&);
  Detector(ModelRecord record, const DetectorOptions& options);  // without a finder yet

  ModelRecord record_;
  std::shared_ptr<const FaceFinder> finder_;
};

// The file that holds a detector's record: `path` itself or, for the folder of a cascade, its pnet.onnx.
std::filesystem::path DetectorFile(const std::filesystem::path& path);

// Loads a detector from an ONNX file with a record. A cascade (decoding "mtcnn") is a folder with pnet.onnx, which has
// the record, rnet.onnx and onet.onnx; the folder or its pnet.onnx may be named. Errors: kNotFound, kBadModel,
// kUnsupported, kUsage (options).
Detector LoadDetector(const std::filesystem::path& path, const EngineOptions& engine_options,
                      const DetectorOptions& options = {});

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_DETECTOR_H_
