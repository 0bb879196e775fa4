#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "explain/cam.h"
#include "explain/layers.h"
#include "zoo/registry.h"
#include "zoo/weights.h"

// cam_outputs ARCHITECTURE CLASSES WEIGHTS.safetensors INPUT.safetensors OUT_FOLDER CLASS [LAYER]
// Builds the architecture, puts the weights in by name and writes the map of every method for CLASS as
// OUT_FOLDER/METHOD.f32. Says on stdout which layer the maps are of, and its size: "NAME WIDTH HEIGHT".
int main(int argc, char** argv) {
  using namespace maskscope;
  if (argc != 7 && argc != 8) {
    std::fprintf(stderr, "usage: cam_outputs ARCHITECTURE CLASSES WEIGHTS INPUT OUT_FOLDER CLASS [LAYER]\n");
    return 2;
  }
  try {
    Graph graph = BuildArchitecture(argv[1], {.classes = std::stoi(argv[2]), .draw_weights = false});
    LoadByName(ReadSafetensors(argv[3]), graph);
    const Tensor input = ReadSafetensors(argv[4]).at("input");
    const Probe probe(graph, input.shape);
    const Score score = {{probe.graph().outputs[0].name, std::stoi(argv[6]), 1}};
    const Layer layer = argc == 8 ? FindLayer(probe.graph(), probe.inferred(), argv[7])
                                  : ChooseLayer(probe.graph(), probe.inferred(), score);
    for (const CamMethod method : CamMethods()) {
      const CamMap map = ComputeCam(method, probe, input.floats.data(), score, layer);
      WriteFileAtomically(std::filesystem::path(argv[5]) / (std::string(CamMethodName(method)) + ".f32"),
                          {reinterpret_cast<const char*>(map.values.data()), map.values.size() * sizeof(float)});
    }
    std::printf("%s %d %d\n", layer.node.c_str(), static_cast<int>(layer.shape[3]), static_cast<int>(layer.shape[2]));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cam_outputs: %s\n", error.what());
    return 70;
  }
}
