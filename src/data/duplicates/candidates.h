#ifndef MASKSCOPE_DATA_DUPLICATES_CANDIDATES_H_
#define MASKSCOPE_DATA_DUPLICATES_CANDIDATES_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "data/duplicates/picture_print.h"

namespace maskscope {

// Two pictures that may be likes, by their hashes and small grey copies alone.
struct PrintCandidate {
  size_t first = 0, second = 0;  // in the prints, first < second
  int hash_distance = 0;         // of the views that led to it
  double correlation = 0;        // of the small copies, laid over each other
  Affine map;                    // first's unit square -> second's
};

struct CandidateOptions {
  ViewOptions views;
  int whole_distance = 76, part_distance = 64;  // of 256 bits
  double least_correlation = 0.69;              // of the small copies; 0.1 less where hashes differ in 26 bits or fewer
  int threads = 0;
};

// By (first, second). `step` is called once a print, from any thread, and ends the search early by returning false: the
// result is then incomplete.
std::vector<PrintCandidate> FindCandidates(const std::vector<PicturePrint>& prints, const CandidateOptions& options,
                                           const std::function<bool()>& step);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_CANDIDATES_H_
