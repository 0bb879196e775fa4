#include "cli/step_times.h"

#include <algorithm>

#include "base/random.h"

namespace maskscope {

NoiseInputs::NoiseInputs(const InputShapes& shapes) {
  Random random(1);
  for (const auto& [name, shape] : shapes) {
    std::vector<float>& values = storage[name];
    values.resize(static_cast<size_t>(ElementCount(shape)));
    for (float& value : values) value = static_cast<float>(random.Uniform(-1, 1));
    views[name] = {values.data(), shape};
  }
}

std::vector<StepTime> FastestSteps(Engine& engine, const NoiseInputs& inputs, int runs) {
  std::vector<StepTime> fastest = engine.Profile(inputs.views);
  for (int i = 1; i < runs; ++i) {
    const std::vector<StepTime> again = engine.Profile(inputs.views);
    for (size_t k = 0; k < fastest.size(); ++k) {
      fastest[k].milliseconds = std::min(fastest[k].milliseconds, again[k].milliseconds);
    }
  }
  return fastest;
}

}  // namespace maskscope
