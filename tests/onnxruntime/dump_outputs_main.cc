// dump_outputs MODEL SHAPE INPUT.f32 OUT_FOLDER   runs the engine at f32 and writes every output as OUT_FOLDER/<name>.f32
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <sstream>
#include <string>

#include "base/files.h"
#include "engine/engine.h"
#include "graph/onnx_io.h"

int main(int argc, char** argv) {
  using namespace maskscope;
  if (argc != 5) {
    std::fprintf(stderr, "usage: dump_outputs MODEL SHAPE INPUT.f32 OUT_FOLDER\n");
    return 2;
  }
  try {
    Graph graph = ReadOnnx(argv[1]);
    Shape shape;
    std::stringstream text(argv[2]);
    for (std::string part; std::getline(text, part, 'x');) shape.push_back(std::stoll(part));
    const std::vector<uint8_t> bytes = ReadFileBytes(argv[3], int64_t{1} << 31);
    std::vector<float> input(bytes.size() / sizeof(float));
    std::memcpy(input.data(), bytes.data(), input.size() * sizeof(float));
    EngineOptions options;
    options.precision = Precision::kF32;
    const std::vector<ValueInfo> outputs = graph.outputs;
    const std::string name = graph.inputs.at(0).name;
    Engine engine(std::move(graph), options);
    const RunResult result = engine.Run({{name, {input.data(), shape}}});
    for (const ValueInfo& output : outputs) {
      const TensorView& view = result.Get(output.name);
      WriteFileAtomically(std::filesystem::path(argv[4]) / (output.name + ".f32"),
                          {reinterpret_cast<const char*>(view.data), static_cast<size_t>(view.size()) * sizeof(float)});
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dump_outputs: %s\n", error.what());
    return 70;
  }
}
