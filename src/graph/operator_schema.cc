#include "graph/operator_schema.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/error.h"
#include "graph/operators.h"
#include "graph/shape_rules.h"

namespace maskscope {
namespace {

enum class Kind { kInt, kFloat, kString, kInts, kFloats, kTensor };  // in the order of Attribute's alternatives
const char* const kKindNames[] = {"an integer",         "a float",          "a string",
                                  "a list of integers", "a list of floats", "a tensor"};

struct AttributeRow {
  const char* name;
  Kind kind;
  bool required = false;
};

using Schema = std::map<std::string, std::vector<AttributeRow>>;

const Schema& Schemas() {
  static const std::vector<AttributeRow> kPool = {{"auto_pad", Kind::kString},
                                                  {"ceil_mode", Kind::kInt},
                                                  {"count_include_pad", Kind::kInt},
                                                  {"kernel_shape", Kind::kInts, true},
                                                  {"pads", Kind::kInts},
                                                  {"storage_order", Kind::kInt},
                                                  {"strides", Kind::kInts},
                                                  {"dilations", Kind::kInts}};
  static const std::vector<AttributeRow> kReduce = {
      {"axes", Kind::kInts}, {"keepdims", Kind::kInt}, {"noop_with_empty_axes", Kind::kInt}};
  static const std::vector<AttributeRow> kAlpha = {{"alpha", Kind::kFloat}};
  static const Schema schemas = {
      {"AveragePool", kPool},
      {"BatchNormalization",
       {{"epsilon", Kind::kFloat}, {"momentum", Kind::kFloat}, {"training_mode", Kind::kInt}, {"spatial", Kind::kInt}}},
      {"Cast", {{"to", Kind::kInt, true}}},
      {"Clip", {{"min", Kind::kFloat}, {"max", Kind::kFloat}}},
      {"Concat", {{"axis", Kind::kInt, true}}},
      {"Constant",
       {{"value", Kind::kTensor},
        {"value_float", Kind::kFloat},
        {"value_floats", Kind::kFloats},
        {"value_int", Kind::kInt},
        {"value_ints", Kind::kInts}}},
      {"ConstantOfShape", {{"value", Kind::kTensor}}},
      {"Conv",
       {{"auto_pad", Kind::kString},
        {"dilations", Kind::kInts},
        {"group", Kind::kInt},
        {"kernel_shape", Kind::kInts},
        {"pads", Kind::kInts},
        {"strides", Kind::kInts}}},
      {"Dropout", {{"ratio", Kind::kFloat}, {"seed", Kind::kInt}}},
      {"Elu", kAlpha},
      {"Flatten", {{"axis", Kind::kInt}}},
      {"Gather", {{"axis", Kind::kInt}}},
      {"Gemm", {{"alpha", Kind::kFloat}, {"beta", Kind::kFloat}, {"transA", Kind::kInt}, {"transB", Kind::kInt}}},
      {"HardSigmoid", {{"alpha", Kind::kFloat}, {"beta", Kind::kFloat}}},
      {"LeakyRelu", kAlpha},
      {"MaxPool", kPool},
      {"Pad", {{"mode", Kind::kString}, {"pads", Kind::kInts}, {"value", Kind::kFloat}}},
      {"ReduceMean", kReduce},
      {"ReduceSum", kReduce},
      {"Reshape", {{"allowzero", Kind::kInt}}},
      {"Resize",
       {{"coordinate_transformation_mode", Kind::kString},
        {"cubic_coeff_a", Kind::kFloat},
        {"exclude_outside", Kind::kInt},
        {"extrapolation_value", Kind::kFloat},
        {"mode", Kind::kString},
        {"nearest_mode", Kind::kString}}},
      {"Shape", {{"start", Kind::kInt}, {"end", Kind::kInt}}},
      {"Slice", {{"axes", Kind::kInts}, {"ends", Kind::kInts}, {"starts", Kind::kInts}}},
      {"Softmax", {{"axis", Kind::kInt}}},
      {"Split", {{"axis", Kind::kInt}, {"split", Kind::kInts}}},
      {"Squeeze", {{"axes", Kind::kInts}}},
      {"Transpose", {{"perm", Kind::kInts}}},
      {"Unsqueeze", {{"axes", Kind::kInts}}},
      {"Upsample", {{"mode", Kind::kString}, {"scales", Kind::kFloats}}},
  };
  return schemas;
}

const std::vector<AttributeRow>& RowsOf(const std::string& op) {
  static const std::vector<AttributeRow> kNone;
  const auto found = Schemas().find(op);
  return found == Schemas().end() ? kNone : found->second;
}

void FailUnknown(const Node& node, const std::string& key, const std::vector<AttributeRow>& rows) {
  std::vector<std::string> names;
  for (const AttributeRow& row : rows) names.emplace_back(row.name);
  const std::string nearest = NearestWord(key, names);
  shape_rules::Fail(node,
                    "unknown attribute '" + key + "'" + (nearest.empty() ? "" : ", did you mean '" + nearest + "'?"));
}

}  // namespace

bool IsReadable(const std::string& op) {
  return op == "Upsample" || std::ranges::binary_search(SupportedOperators(), op);
}

void CheckAttributes(const Node& node) {
  const std::vector<AttributeRow>& rows = RowsOf(node.op);
  for (const auto& [key, value] : node.attributes) {
    const auto row = std::ranges::find_if(rows, [&](const AttributeRow& r) { return key == r.name; });
    if (row == rows.end()) FailUnknown(node, key, rows);
    if (value.index() != static_cast<size_t>(row->kind)) {
      shape_rules::Fail(node, "attribute '" + key + "' is " + kKindNames[value.index()] + ", wanted " +
                                  kKindNames[static_cast<size_t>(row->kind)]);
    }
  }
  for (const AttributeRow& row : rows) {
    if (row.required && !node.has(row.name))
      shape_rules::Fail(node, std::string("attribute '") + row.name + "' is missing");
  }
}

}  // namespace maskscope
