#ifndef MASKSCOPE_TRAIN_MOSAIC_H_
#define MASKSCOPE_TRAIN_MOSAIC_H_

#include <array>

#include "train/detector_sample.h"

namespace maskscope {

inline constexpr size_t kMosaicPictures = 4;

// Four pictures around a point that is drawn by lot, each with a scale and a place of its own (Bochkovskiy et al. 2020,
// "YOLOv4", section 3.3). Every picture's faces and ignored regions come along, cut off where its field ends.
// `labels[i]` are in pixels of `sources[i]`. Thread-safe.
DetectorSample DrawMosaic(const std::array<Image, kMosaicPictures>& sources,
                          const std::array<const LabelledImage*, kMosaicPictures>& labels,
                          const DetectorSampleOptions& options, Random& random);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_MOSAIC_H_
