#ifndef MASKSCOPE_EXPLAIN_FAITHFULNESS_H_
#define MASKSCOPE_EXPLAIN_FAITHFULNESS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "explain/cam.h"

// Whether a map may be trusted: do the places that it calls important matter to the score? Deletion and insertion of
// RISE (Petsiuk et al. 2018, section 4.2), against maps drawn at random.
namespace maskscope {

struct FaithfulnessOptions {
  int steps = 16;         // points of a curve after the first
  int random_maps = 20;   // of the map's own number of cells
  uint64_t seed = 1;      // of the random maps
  void Validate() const;  // Errors: kUsage
};

// The score while places are hidden (deletion) or shown (insertion), hottest first.
struct ScoreCurve {
  std::vector<double> share;  // of the places, 0..1, steps + 1 points
  std::vector<double> score;  // 0..1
  double Area() const;        // under it, trapezoids: small is good for deletion, large for insertion
};

struct Faithfulness {
  ScoreCurve deletion, insertion;
  ScoreCurve random_deletion, random_insertion;  // means over the random maps
  std::vector<double> random_deletion_areas, random_insertion_areas;
  // Share of random maps that do as well or better, counting the map itself: (k + 1) / (maps + 1). `p` is of both
  // together: the area under insertion less that under deletion.
  double deletion_p = 1, insertion_p = 1, p = 1;

  enum class Verdict { kTrust, kHalf, kDoNotTrust };
  // By p: at most 0.1 is trusted, at most 0.3 half.
  Verdict verdict() const;
  std::string Words() const;  // one sentence with the numbers
};

// `input` is [3, height, width], normalised. What is deleted becomes 0, the mean colour of models that subtract one;
// what is inserted comes into the blurred picture. `score` tells the score, 0..1, of an input of that shape. Errors:
// kUsage (options), those of `score`.
Faithfulness MeasureFaithfulness(const CamMap& map, const std::vector<float>& input, int width, int height,
                                 const std::function<double(const float*)>& score,
                                 const FaithfulnessOptions& options = {});

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_FAITHFULNESS_H_
