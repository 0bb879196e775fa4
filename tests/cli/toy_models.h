#ifndef MASKSCOPE_TESTS_CLI_TOY_MODELS_H_
#define MASKSCOPE_TESTS_CLI_TOY_MODELS_H_

#include <filesystem>

#include "graph/graph.h"

// Models small enough that the right answer is known without running them. A picture is a grid of cells of 32 x 32
// pixels; a cell that is not dark is a face, and its colour is its state: green = correct, blue = incorrect, red =
// none, white = no saying (all three alike, hence unsure).
namespace maskscope::test {

inline constexpr int kCell = 32;  // pixels

Graph ToyDetector();
Graph ToyClassifier();

// Writes face-detector.onnx and mask-classifier.onnx.
void WriteToyModels(const std::filesystem::path& folder);

}  // namespace maskscope::test

#endif  // MASKSCOPE_TESTS_CLI_TOY_MODELS_H_
