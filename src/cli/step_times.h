#ifndef MASKSCOPE_CLI_STEP_TIMES_H_
#define MASKSCOPE_CLI_STEP_TIMES_H_

#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "graph/shape_inference.h"

namespace maskscope {

// Inputs of the given shapes, filled with noise of about the size of normalised pixels.
struct NoiseInputs {
  explicit NoiseInputs(const InputShapes& shapes);
  std::map<std::string, std::vector<float>> storage;
  std::map<std::string, TensorView> views;
};

// Each step's shortest time: steps are so short that hardly all runs of one meet another program.
std::vector<StepTime> FastestSteps(Engine& engine, const NoiseInputs& inputs, int runs);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_STEP_TIMES_H_
