#ifndef MASKSCOPE_ANALYZE_TEST_MODELS_H_
#define MASKSCOPE_ANALYZE_TEST_MODELS_H_

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/model_record.h"
#include "graph/onnx_io.h"
#include "image/draw.h"
#include "image/image.h"

// Two tiny models whose answers can be told by eye. A "face" is a square of 16 x 16 pixels with full blue, on the grid
// of 16; red in it means `incorrect`, green `none`, neither `correct`.
namespace maskscope::test {

inline Node MakeNode(std::string name, std::string op, std::vector<std::string> inputs, std::string output,
                     std::map<std::string, Attribute> attributes = {}) {
  Node node;
  node.name = std::move(name);
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  node.outputs = {std::move(output)};
  node.attributes = std::move(attributes);
  return node;
}

inline ValueInfo PictureInput() {
  return {
      "input", DataType::kFloat32, {Dim::Symbol("batch"), Dim::Fixed(3), Dim::Symbol("height"), Dim::Symbol("width")}};
}

inline Preprocessing UnitRange() {
  Preprocessing rule;
  rule.std = {255, 255, 255};
  return rule;
}

// One score per cell of 16 x 16 pixels: the mean blue above one half, steeply. Boxes are the cells themselves.
inline Graph SquareDetector() {
  Graph graph;
  graph.name = "square-detector";
  graph.inputs = {PictureInput()};
  graph.outputs = {{"boxes", DataType::kFloat32, {Dim::Symbol("batch"), Dim::Symbol("anchors"), Dim::Fixed(4)}},
                   {"scores", DataType::kFloat32, {Dim::Symbol("batch"), Dim::Symbol("anchors"), Dim::Fixed(2)}}};
  using Ints = std::vector<int64_t>;
  graph.initializers["box_weight"] = Tensor::Filled({4, 3, 1, 1}, 0);
  graph.initializers["score_weight"] = Tensor::Floats({2, 3, 1, 1}, {0, 0, 0, 0, 0, 40});
  graph.initializers["score_bias"] = Tensor::Floats({2}, {0, -20});
  graph.initializers["box_shape"] = Tensor::Ints({3}, {0, -1, 4});
  graph.initializers["score_shape"] = Tensor::Ints({3}, {0, -1, 2});
  graph.nodes = {
      MakeNode("cells", "AveragePool", {"input"}, "cells", {{"kernel_shape", Ints{16, 16}}, {"strides", Ints{16, 16}}}),
      MakeNode("box_map", "Conv", {"cells", "box_weight"}, "box_map", {{"kernel_shape", Ints{1, 1}}}),
      MakeNode("score_map", "Conv", {"cells", "score_weight", "score_bias"}, "score_map",
               {{"kernel_shape", Ints{1, 1}}}),
      MakeNode("box_rows", "Transpose", {"box_map"}, "box_rows", {{"perm", Ints{0, 2, 3, 1}}}),
      MakeNode("score_rows", "Transpose", {"score_map"}, "score_rows", {{"perm", Ints{0, 2, 3, 1}}}),
      MakeNode("boxes", "Reshape", {"box_rows", "box_shape"}, "boxes"),
      MakeNode("score_list", "Reshape", {"score_rows", "score_shape"}, "score_list"),
      MakeNode("scores", "Softmax", {"score_list"}, "scores", {{"axis", int64_t{-1}}})};
  return graph;
}

inline ModelRecord SquareDetectorRecord(int longest_side = 128) {
  ModelRecord record;
  record.task = ModelTask::kFaceDetector;
  record.name = "square-detector";
  record.architecture = "test";
  record.classes = {"background", "face"};
  record.input = UnitRange();
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = longest_side;
  record.input.size_multiple = 16;
  record.input.enlarge = false;
  record.decoding.kind = "retinaface";
  record.decoding.strides = {16};
  record.decoding.min_sizes = {{16}};
  record.decoding.boxes_output = "boxes";
  record.decoding.scores_output = "scores";
  record.thresholds.score = 0.5f;
  record.thresholds.nms_iou = 0.4f;
  record.licence = "Apache-2.0";
  return record;
}

// Logits [4, 8 * red, 8 * green] of the mean colour.
inline Graph ColorClassifier() {
  Graph graph;
  graph.name = "color-classifier";
  graph.inputs = {PictureInput()};
  graph.outputs = {{"logits", DataType::kFloat32, {Dim::Symbol("batch"), Dim::Fixed(3)}}};
  graph.initializers["weight"] = Tensor::Floats({3, 3}, {0, 8, 0, 0, 0, 8, 0, 0, 0});  // [colour, class]
  graph.initializers["bias"] = Tensor::Floats({3}, {4, 0, 0});
  graph.nodes = {MakeNode("mean", "GlobalAveragePool", {"input"}, "mean"),
                 MakeNode("flat", "Flatten", {"mean"}, "flat", {{"axis", int64_t{1}}}),
                 MakeNode("logits", "Gemm", {"flat", "weight", "bias"}, "logits")};
  return graph;
}

inline ModelRecord ColorClassifierRecord() {
  ModelRecord record;
  record.task = ModelTask::kMaskClassifier;
  record.name = "color-classifier";
  record.architecture = "test";
  record.classes = {"correct", "incorrect", "none"};
  record.input = UnitRange();
  record.input.width = record.input.height = 32;
  record.licence = "Apache-2.0";
  return record;
}

inline std::filesystem::path WriteModel(Graph graph, const ModelRecord& record, const std::filesystem::path& path) {
  StoreModelRecord(record, graph);
  WriteOnnx(graph, path);
  return path;
}

// Greatest difference of a side, pixels.
inline float Distance(const Box& a, const Box& b) {
  return std::max(std::max(std::abs(a.x1 - b.x1), std::abs(a.y1 - b.y1)),
                  std::max(std::abs(a.x2 - b.x2), std::abs(a.y2 - b.y2)));
}

// A black picture with faces at cells (column, row) of 16 * `scale` pixels.
struct SquareFace {
  int column, row;
  std::string state;
};
inline Image PictureOfSquares(int columns, int rows, const std::vector<SquareFace>& faces, int scale = 1) {
  const int cell = 16 * scale;
  Image image(columns * cell, rows * cell);
  for (const SquareFace& face : faces) {
    const Color color{static_cast<uint8_t>(face.state == "incorrect" ? 255 : 0),
                      static_cast<uint8_t>(face.state == "none" ? 255 : 0), 255};
    const auto x = static_cast<float>(face.column * cell), y = static_cast<float>(face.row * cell);
    FillRectangle(image, {x, y, x + static_cast<float>(cell), y + static_cast<float>(cell)}, color);
  }
  return image;
}

}  // namespace maskscope::test

#endif  // MASKSCOPE_ANALYZE_TEST_MODELS_H_
