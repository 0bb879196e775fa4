#ifndef MASKSCOPE_ANALYZE_DRAW_RESULT_H_
#define MASKSCOPE_ANALYZE_DRAW_RESULT_H_

#include <string>

#include "analyze/result.h"
#include "image/draw.h"
#include "image/image.h"

namespace maskscope {

struct DrawOptions {
  bool boxes = true;
  bool labels = true;       // state and confidence on a plate beside the box; needs `boxes`
  bool landmarks = false;   // eyes, nose, corners of the mouth, where the detector gives them
  bool blur_faces = false;  // the whole head becomes unrecognisable before anything is drawn
};

// How a state looks. Colours come from a palette made for colour-blind readers (Okabe and Ito 2008) and every state has
// a line of its own, so that colour is never the only sign.
struct StateLook {
  Color color;
  LineStyle line = LineStyle::kSolid;
  bool heavy = false;  // half as thick again: a bare face is what one looks for
};
StateLook LookOfState(const std::string& state);

// Region that covers the whole head of a face, hair and chin included.
Box HeadRegion(const Box& face);

// Draws `result` on `image`, which shows the same upright picture at any size (coordinates are scaled from result.width
// x result.height). Sizes of lines and letters follow the picture's. Safe from many threads on different pictures.
void DrawResult(const Result& result, Image& image, const DrawOptions& options = {});

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_DRAW_RESULT_H_
