#ifndef MASKSCOPE_ZOO_STATE_HEAD_H_
#define MASKSCOPE_ZOO_STATE_HEAD_H_

#include <cstdint>

#include "graph/graph.h"

namespace maskscope {

struct StateHeadOptions {
  int states = 3;  // correct, incorrect, none
  uint64_t seed = 1;
};

// Makes a one-stage detector of a RetinaFace (BuildRetinaFace's names): a further head on the same features says what
// state each anchor's face is in. The output "scores" becomes [batch, anchors, 1 + states]: background, then the
// probability of a face times that of each state; the value "state_logits" is [batch, anchors, states], "score_logits"
// stays. The new layers are drawn (He et al. 2015); the rest is untouched. Errors: kBadModel naming the node or value
// that is missing.
void AddStateHead(const StateHeadOptions& options, Graph& graph);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_STATE_HEAD_H_
