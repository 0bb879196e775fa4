#ifndef MASKSCOPE_DATA_DUPLICATES_PRINT_VIEWS_H_
#define MASKSCOPE_DATA_DUPLICATES_PRINT_VIEWS_H_

#include <cstdint>
#include <vector>

#include "data/duplicates/picture_print.h"
#include "data/duplicates/view_code.h"

// The ways a picture is looked at to find others that show the same: as a whole, in parts, and turned.
namespace maskscope {

struct ViewOptions {
  bool parts = true;      // also 60 and more overlapping parts, so that shifted crops are found
  bool rotations = true;  // also at angles between quarter turns
};

inline constexpr int kWholeView = 0;  // the number of the view that shows all

// A view by which a picture can be found: `number` says which part (PartMap).
struct PrintView {
  uint8_t number = kWholeView;
  ViewCode code;
};
// A view by which a picture is looked for but not found: a part of it, turned.
struct TurnedView {
  Affine map;  // the view's unit square -> the picture's
  ViewCode code;
};

// The whole and the parts; without those that show next to nothing (but with the whole).
std::vector<PrintView> PartViews(const PicturePrint& print, const ViewOptions& options);
// Squares in the middle at every 10 degrees between 0 and 90, poses giving the rest, and parts turned by 10 degrees
// either way; none without options.rotations.
std::vector<TurnedView> TurnedViews(const PicturePrint& print, const ViewOptions& options);
// The unit square of a part -> the picture's. Which part a number means depends on the picture's aspect.
Affine PartMap(const PicturePrint& print, int number);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_PRINT_VIEWS_H_
