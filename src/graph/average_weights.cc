#include "graph/average_weights.h"

#include <cstddef>

#include "base/error.h"

namespace maskscope {
namespace {

[[noreturn]] void Differs(const std::string& model, const std::string& first, const std::string& what) {
  throw Error{ErrorKind::kBadModel, model + " is another network than " + first + ": " + what +
                                        "; only models trained from one start can be averaged"};
}

void RequireSameNodes(const std::pair<std::string, Graph>& first, const std::pair<std::string, Graph>& other) {
  const auto& a = first.second.nodes;
  const auto& b = other.second.nodes;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i].op != b[i].op || a[i].inputs != b[i].inputs || a[i].outputs != b[i].outputs ||
        a[i].attributes != b[i].attributes) {
      Differs(other.first, first.first, "node '" + b[i].name + "' (" + b[i].op + ")");
    }
  }
  if (a.size() != b.size()) {
    Differs(other.first, first.first, std::to_string(b.size()) + " nodes, not " + std::to_string(a.size()));
  }
}

}  // namespace

Graph AverageWeights(const std::vector<std::pair<std::string, Graph>>& models) {
  if (models.size() < 2) throw Error{ErrorKind::kUsage, "an average needs at least two models"};
  Graph average = models.front().second;
  for (size_t m = 1; m < models.size(); ++m) RequireSameNodes(models.front(), models[m]);
  for (auto& [name, tensor] : average.initializers) {
    std::vector<double> sums(tensor.floats.begin(), tensor.floats.end());
    for (size_t m = 1; m < models.size(); ++m) {
      const Tensor* const other = models[m].second.FindInitializer(name);
      if (other == nullptr || other->type != tensor.type || other->shape != tensor.shape ||
          other->ints != tensor.ints) {
        Differs(models[m].first, models.front().first, "initializer '" + name + "'");
      }
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += other->floats[i];
    }
    for (size_t i = 0; i < sums.size(); ++i) {
      tensor.floats[i] = static_cast<float>(sums[i] / static_cast<double>(models.size()));
    }
  }
  return average;
}

}  // namespace maskscope
