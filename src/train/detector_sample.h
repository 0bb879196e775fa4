#ifndef MASKSCOPE_TRAIN_DETECTOR_SAMPLE_H_
#define MASKSCOPE_TRAIN_DETECTOR_SAMPLE_H_

#include <array>
#include <vector>

#include "base/random.h"
#include "data/dataset.h"
#include "image/image.h"
#include "train/detector_anchors.h"

// Augmentation for a face detector: what the network sees of a labelled picture in one step.
namespace maskscope {

struct DetectorSampleOptions {
  int size = 416;            // pixels: side of the square input
  int longest_side = 640;    // pixels: the size pictures will be brought to in use; the scale is drawn around it
  float least_scale = 0.5f;  // of that size
  float greatest_scale = 2.0f;
  float least_face = 8.0f;     // pixels of the input: geometric mean of the sides; smaller faces are ignored
  float least_visible = 0.4f;  // share of a face's box inside the crop; less: ignored
  float aspect = 0.08f;        // width and height are scaled apart by up to this share
  double aim_at_face = 0.85;   // probability that the crop is placed so that a given face is in it
  double flip = 0.5, colour = 0.8, grey = 0.03, blur = 0.12, jpeg = 0.15, noise = 0.1;  // probabilities
  double mosaic = 0;                           // probability of four pictures in one (train/mosaic.h)
  std::array<float, 3> hsv{0.0f, 0.0f, 0.0f};  // largest change of hue, saturation and value (train/hsv_jitter.h)
  void Validate() const;                       // Errors: kUsage
};

struct DetectorSample {
  Image image;  // size x size, RGB
  std::vector<TrainingFace> faces;
  std::vector<Box> ignored;
};

// Draws scale, place, mirror and colours from `random`. `labels` are in pixels of `source`. Thread-safe.
DetectorSample DrawDetectorSample(const Image& source, const LabelledImage& labels,
                                  const DetectorSampleOptions& options, Random& random);

// The window of `source`, which may reach beyond it, that will fill width x height pixels of the input: scale, stretch
// and place drawn by lot.
Box DrawWindow(const Image& source, const LabelledImage& labels, int width, int height,
               const DetectorSampleOptions& options, Random& random);

// The part of the labels that falls into `window` (pixels of the source), in pixels of the input, where the window
// fills `place`. A face cut off below, so that mouth and chin are not seen, loses its state.
void PlaceLabels(const LabelledImage& labels, const Box& window, const Box& place, const DetectorSampleOptions& options,
                 DetectorSample& sample);

// Mirror, sharpness, colours, grain and compression, as the options' probabilities have it.
void ChangeAppearance(const DetectorSampleOptions& options, Random& random, DetectorSample& sample);

// Left becomes right: picture, boxes, landmarks (which also change their names).
void MirrorSample(DetectorSample& sample);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_SAMPLE_H_
