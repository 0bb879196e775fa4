// bench_network prepare MODEL SHAPE OUT_PREFIX   writes OUT_PREFIX.onnx (the model for this input shape alone) and
// OUT_PREFIX.bin
//                                                (a seeded input: what every runtime is then fed)
// bench_network time MODEL SHAPE INPUT.bin THREADS PRECISION RUNS   prints milliseconds per run of maskscope's engine
#include <cstdio>
#include <cstring>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/random.h"
#include "bench/timing.h"
#include "engine/engine.h"
#include "graph/onnx_io.h"
#include "graph/shape_inference.h"

namespace maskscope::bench {
namespace {

Shape ParseShape(const std::string& text) {
  Shape shape;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, 'x');) shape.push_back(std::stoll(part));
  return shape;
}

void Prepare(const std::string& model, const Shape& shape, const std::string& prefix) {
  const Graph graph = ReadOnnx(model);
  WriteOnnx(Specialize(graph, {{graph.inputs.at(0).name, shape}}), prefix + ".onnx");
  Random random(1);
  std::string bytes(static_cast<size_t>(ElementCount(shape)) * sizeof(float), '\0');
  for (int64_t i = 0; i < ElementCount(shape); ++i) {
    const float value = static_cast<float>(random.Uniform(-1, 1));
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(float), &value, sizeof(float));
  }
  WriteFileAtomically(prefix + ".bin", bytes);
}

void Time(const std::string& model, const Shape& shape, const std::string& input_file, const EngineOptions& options,
          int runs) {
  Graph graph = ReadOnnx(model);
  const std::string input = graph.inputs.at(0).name, output = graph.outputs.at(0).name;
  const std::vector<uint8_t> bytes = ReadFileBytes(input_file, int64_t{1} << 31);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  Engine engine(std::move(graph), options);
  const std::map<std::string, TensorView> inputs = {{input, {values.data(), shape}}};
  float sink = 0;
  PrintTimes(10, runs, [&] { sink += engine.Run(inputs).Get(output).data[0]; });
  std::fprintf(stderr, "%g\n", static_cast<double>(sink));
}

}  // namespace
}  // namespace maskscope::bench

int main(int argc, char** argv) {
  using namespace maskscope;
  const std::vector<std::string> args(argv + 1, argv + argc);
  try {
    if (args.size() == 4 && args[0] == "prepare") {
      bench::Prepare(args[1], bench::ParseShape(args[2]), args[3]);
      return 0;
    }
    if (args.size() == 7 && args[0] == "time") {
      EngineOptions options;
      options.threads = std::stoi(args[4]);
      options.precision = ParsePrecision(args[5]);
      bench::Time(args[1], bench::ParseShape(args[2]), args[3], options, std::stoi(args[6]));
      return 0;
    }
    std::fprintf(stderr, "usage: see the top of bench/network_main.cc\n");
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_network: %s\n", error.what());
    return 70;
  }
}
