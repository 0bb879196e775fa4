#ifndef MASKSCOPE_DATA_DUPLICATES_CONFIRM_H_
#define MASKSCOPE_DATA_DUPLICATES_CONFIRM_H_

#include <memory>

#include "data/duplicates/align.h"
#include "data/duplicates/picture_print.h"
#include "image/image.h"

namespace maskscope {

// A picture made ready to be compared at the level of pixels: its content in grey at up to three sizes, and its local
// features (ORB, Rublee 2011), upright and mirrored, which are worked out when first asked for. Thread-safe.
class ConfirmView {
 public:
  // `image` may be a reduced copy of the picture that `print` is of; 256 pixels of its longer side are enough.
  ConfirmView(const Image& image, const PicturePrint& print);
  ~ConfirmView();
  ConfirmView(ConfirmView&&) noexcept;
  ConfirmView& operator=(ConfirmView&&) noexcept;

  // Sizes at which pictures are compared: the content's longer side is 256, 128 or 64 pixels.
  static constexpr int kLevels = 3;
  // The first level at which the picture is not enlarged by much: detail is looked at there and in later ones.
  int level() const;
  GreyView grey(int level) const;    // any level
  GreyView detail(int level) const;  // level() and later ones

  struct Features;
  const Features& features(bool mirrored) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct ConfirmEvidence {
  Affine map;                // first's unit square -> second's
  double correlation = 0;    // of brightness, -1..1
  double detail = 0;         // of what is left when the brightness around is taken away, -1..1
  PlaceAgreement agreement;  // of that, place by place
  int matches = 0;           // local features of both that agree on one affine map; 0 when none was found or looked for
  double overlap_first = 0, overlap_second = 0;  // shares of the pictures' areas that both show
};

// Lays the first over the second as `guess` says and improves that on the pixels, at the size of the coarser of the
// two. Where they then do not agree and `features` is set, the map that local features agree on is tried as well.
// Returns the better one's evidence.
ConfirmEvidence Confirm(const ConfirmView& first, const ConfirmView& second, const Affine& guess, bool features = true);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_CONFIRM_H_
