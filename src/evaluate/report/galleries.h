#ifndef MASKSCOPE_EVALUATE_REPORT_GALLERIES_H_
#define MASKSCOPE_EVALUATE_REPORT_GALLERIES_H_

#include <string>
#include <vector>

#include "evaluate/report/measurements.h"
#include "report/html_page.h"

namespace maskscope {

struct GalleryOptions {
  int most = 24;          // tiles of each kind and class
  int workers = 1;        // pictures read at once
  int tile_height = 160;  // pixels
};

// One mistake: which row, and what is said below its tile.
struct GalleryItem {
  size_t row = 0;    // of Measurements::rows
  double order = 0;  // by which a gallery is sorted, greatest first
  std::string caption;
};

// Mistakes of one kind and class.
struct MistakeGallery {
  std::string kind;                // "False detections"
  std::string name;                // "called correct"
  std::string order;               // "by detector score"
  std::vector<GalleryItem> items;  // all of them, sorted
};

// False detections by what they were called, missed faces by their label, wrong states by label and answer, and what
// was unsure; only those that occur.
std::vector<MistakeGallery> FindMistakes(const Measurements& measured);

// The page that shows them, each with its crop beside the picture; pictures are read again. Errors: those of ReadImage.
Page GalleryPage(const Measurements& measured, const std::vector<MistakeGallery>& mistakes,
                 const GalleryOptions& options);

// A row a labelled face or detection: where, what it was labelled and called, how sure, how it looks.
Table FaceTable(const Measurements& measured);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_GALLERIES_H_
