#ifndef MASKSCOPE_GRAPH_DECODING_FIELDS_H_
#define MASKSCOPE_GRAPH_DECODING_FIELDS_H_

#include <nlohmann/json.hpp>

#include "graph/decoding.h"
#include "graph/json_fields.h"

// The record's object "decoding". Internal to the model record.
namespace maskscope {

void CheckDecoding(const Decoding& decoding, FieldProblems& problems);
void ReadDecoding(const nlohmann::json& object, FieldProblems& problems, Decoding& decoding);
// Only the fields that the kind has.
nlohmann::json DecodingToJson(const Decoding& decoding);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_DECODING_FIELDS_H_
