#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "engine/engine.h"
#include "zoo/registry.h"
#include "zoo/weights.h"

// zoo_outputs ARCHITECTURE CLASSES WEIGHTS.safetensors INPUT.safetensors OUT_FOLDER
// Builds the architecture, puts the weights in by name, runs the tensor "input" and writes OUT_FOLDER/features.f32 and
// logits.f32.
int main(int argc, char** argv) {
  using namespace maskscope;
  if (argc != 6) {
    std::fprintf(stderr, "usage: zoo_outputs ARCHITECTURE CLASSES WEIGHTS INPUT OUT_FOLDER\n");
    return 2;
  }
  try {
    Graph graph = BuildArchitecture(argv[1], {.classes = std::stoi(argv[2]), .draw_weights = false});
    LoadByName(ReadSafetensors(argv[3]), graph);
    graph.outputs.push_back({"features", DataType::kFloat32, {}});
    Engine engine(std::move(graph), {.precision = Precision::kF32});
    const Tensor input = ReadSafetensors(argv[4]).at("input");
    const RunResult result = engine.Run({{"input", {input.floats.data(), input.shape}}});
    for (const std::string output : {"features", "logits"}) {
      const TensorView& view = result.Get(output);
      WriteFileAtomically(std::filesystem::path(argv[5]) / (output + ".f32"),
                          {reinterpret_cast<const char*>(view.data), static_cast<size_t>(view.size()) * sizeof(float)});
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "zoo_outputs: %s\n", error.what());
    return 70;
  }
}
