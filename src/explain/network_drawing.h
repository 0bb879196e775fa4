#ifndef MASKSCOPE_EXPLAIN_NETWORK_DRAWING_H_
#define MASKSCOPE_EXPLAIN_NETWORK_DRAWING_H_

#include <string>

#include "explain/network_plan.h"

namespace maskscope {

// The plan as an SVG picture, from the input at the top to the outputs, branches beside each other, each box with its
// layers, the shape of what it makes, its costs and a bar for its share of the multiply-adds (of the time, where it was
// measured). In the colours of the charts: good on light and dark ground.
std::string DrawNetwork(const NetworkPlan& plan, const std::string& title);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_NETWORK_DRAWING_H_
