#ifndef MASKSCOPE_DATA_DUPLICATES_CANDIDATES_H_
#define MASKSCOPE_DATA_DUPLICATES_CANDIDATES_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "data/duplicates/print_views.h"

namespace maskscope {

// Two pictures that may be likes, by their codes and small grey copies alone.
struct PrintCandidate {
  size_t first = 0, second = 0;  // in the prints, first < second
  double code_distance = 0;      // of the views that led to it
  double correlation = 0;        // of the small copies, laid over each other
  double agreement = 0;          // of their detail, place by place (PlaceAgreement::mean)
  Affine map;                    // first's unit square -> second's
};

struct CandidateOptions {
  ViewOptions views;
  // Views farther apart are not looked at; `whole` where both show the whole picture (CodeDistance).
  double whole_distance = 0.25, part_distance = 0.175;
  double least_correlation = 0.69, least_agreement = 0.45;  // of the small copies
  // A picture is laid over so many others at most, those with the nearest codes: the number of codes that are near by
  // chance grows with the number of pictures, that of true likes does not.
  int most_pairs = 32;
  int threads = 0;
};

struct CandidateCounts {
  size_t codes = 0, searches = 0, compared = 0, hits = 0;  // in the index; looked up; compared with; near
  size_t near = 0, pairs = 0;  // pairs of pictures with near codes; whose small copies were compared
};

// By (first, second). `step` is called twice for each print (when it is looked at, when it is looked up), from any
// thread, and ends the search early by returning false: the result is then incomplete. Time grows as n log n with the
// number of prints.
std::vector<PrintCandidate> FindCandidates(const std::vector<const PicturePrint*>& prints,
                                           const CandidateOptions& options, const std::function<bool()>& step,
                                           CandidateCounts* counts = nullptr);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_CANDIDATES_H_
