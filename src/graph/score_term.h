#ifndef MASKSCOPE_GRAPH_SCORE_TERM_H_
#define MASKSCOPE_GRAPH_SCORE_TERM_H_

#include <cstdint>
#include <string>
#include <vector>

namespace maskscope {

// A number that is read off a network's outputs: the sum of weight * value of output[index], index row-major over the
// output's whole shape. What explanations differentiate.
struct ScoreTerm {
  std::string output;
  int64_t index = 0;
  float weight = 1;
};
using Score = std::vector<ScoreTerm>;

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_SCORE_TERM_H_
