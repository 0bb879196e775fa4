#ifndef MASKSCOPE_GRAPH_DECODING_H_
#define MASKSCOPE_GRAPH_DECODING_H_

#include <array>
#include <string>
#include <vector>

// How a detector's outputs become boxes: a part of the model record (docs/model-record.md says which kind of head needs
// which field). Lists by stride have one entry for each of `strides`.
namespace maskscope {

struct Decoding {
  std::string kind = {};                           // one of DecodingKinds()
  std::vector<int> strides = {};                   // input pixels between cells
  std::vector<std::vector<float>> min_sizes = {};  // by stride: sides of square anchors in input pixels
  std::array<float, 2> variances{0.1f, 0.2f};

  // Names of graph outputs. Heads that keep strides apart name one a stride, the others one in all; landmarks may be
  // absent.
  std::string boxes_output = {}, scores_output = {}, landmarks_output = {};
  std::vector<std::string> boxes_outputs = {}, scores_outputs = {}, objectness_outputs = {}, landmarks_outputs = {};

  std::vector<std::vector<float>> anchors = {};  // yolov5_raw, by stride: width, height, width ... in input pixels
  int anchors_per_cell = 1;                      // scrfd
  std::vector<int> map_sizes = {};               // ssd, by stride: cells along a side
  std::vector<float> max_sizes = {};             // ssd, by stride: input pixels
  std::vector<std::vector<float>> aspect_ratios = {};  // ssd, by stride: width / height, each also flipped
  std::array<float, 2> cascade_scores{0.6f, 0.7f};     // mtcnn: least scores of proposal and refinement network
  float scale_factor = 0.709f;                         // mtcnn: of one level of the pyramid to the next
  // How boxes suppress each other: "plain", "plus_one" (sides one pixel longer), "per_class"; "" = the kind's own way.
  std::string nms = {};
};

const std::vector<std::string>& DecodingKinds();

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_DECODING_H_
