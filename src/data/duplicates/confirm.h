#ifndef MASKSCOPE_DATA_DUPLICATES_CONFIRM_H_
#define MASKSCOPE_DATA_DUPLICATES_CONFIRM_H_

#include <memory>

#include "data/duplicates/align.h"
#include "image/image.h"

namespace maskscope {

// A picture made ready to be compared at the level of pixels: its content in grey at 256 pixels, and its local features
// (ORB, Rublee 2011), upright and mirrored, which are worked out when first asked for. Thread-safe.
class ConfirmView {
 public:
  // `content` in pixels of `image`.
  ConfirmView(const Image& image, const Box& content);
  ~ConfirmView();
  ConfirmView(ConfirmView&&) noexcept;
  ConfirmView& operator=(ConfirmView&&) noexcept;

  GreyView grey() const;
  GreyView detail() const;

  struct Features;
  const Features& features(bool mirrored) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct ConfirmEvidence {
  Affine map;              // first's unit square -> second's
  double correlation = 0;  // of brightness, -1..1
  double detail = 0;       // of what is left when the brightness around is taken away, -1..1
  int matches = 0;         // local features of both that agree on one affine map; 0 when none was found
  double overlap_first = 0, overlap_second = 0;  // shares of the pictures' areas that both show
};

// Lays the first over the second as `guess` says, improves that on the pixels, and tries the map that local features
// agree on as well; returns the better one's evidence.
ConfirmEvidence Confirm(const ConfirmView& first, const ConfirmView& second, const Affine& guess);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_CONFIRM_H_
