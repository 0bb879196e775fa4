#ifndef MASKSCOPE_EXPLAIN_LANDMARKS_H_
#define MASKSCOPE_EXPLAIN_LANDMARKS_H_

#include "analyze/detector.h"
#include "explain/face_regions.h"
#include "image/image.h"

namespace maskscope {

// The face that a picture already cut to one shows, in its pixels: the box is the greatest that the detector finds,
// with its landmarks. A tight crop leaves a detector little to go by, so half of its size of grey is put around it
// first. Without a face, or with a detector that knows no landmarks, the box is the whole picture and there are none.
FaceFrame FindFaceInCrop(const Detector& detector, const Image& crop);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_LANDMARKS_H_
