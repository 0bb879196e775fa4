#ifndef MASKSCOPE_GRAPH_OPERATOR_SCHEMA_H_
#define MASKSCOPE_GRAPH_OPERATOR_SCHEMA_H_

#include <string>

#include "graph/graph.h"

namespace maskscope {

// Whether the reader knows the operator: those of SupportedOperators() and older ones that it rewrites (Upsample).
bool IsReadable(const std::string& op);

// Checks the names and types of a node's attributes against what the operator has in any of the opsets read, and that
// those without a default are there. Errors: kBadModel naming node and attribute, with the nearest right name.
void CheckAttributes(const Node& node);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_OPERATOR_SCHEMA_H_
