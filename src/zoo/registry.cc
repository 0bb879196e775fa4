#include "zoo/registry.h"

#include <algorithm>

#include "base/error.h"

namespace maskscope {

namespace {

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const Architecture& architecture : Architectures()) names.push_back(architecture.name);
  return names;
}

void CheckOptions(const Architecture& architecture, const ArchitectureOptions& options) {
  Problems problems;
  if (options.classes && !architecture.takes_classes) problems.Add("classes: their number is fixed");
  if (options.width && !architecture.takes_width) problems.Add("width: it has no channel multiplier");
  if (options.dropout && !architecture.takes_dropout) problems.Add("dropout: it has no dropout");
  problems.ThrowIfAny(ErrorKind::kUsage, "architecture '" + architecture.name + "'");
}

}  // namespace

std::string_view ArchitectureTaskName(ArchitectureTask task) {
  return task == ArchitectureTask::kClassifier ? "classifier" : "detector";
}

const std::vector<Architecture>& Architectures() {
  static const std::vector<Architecture> architectures = [] {
    std::vector<Architecture> all = ClassifierArchitectures();
    for (Architecture& detector : DetectorArchitectures()) all.push_back(std::move(detector));
    return all;
  }();
  return architectures;
}

const Architecture& FindArchitecture(const std::string& name) {
  const auto& all = Architectures();
  const auto found = std::ranges::find(all, name, &Architecture::name);
  if (found != all.end()) return *found;
  const std::vector<std::string> names = Names();
  const std::string nearest = NearestWord(name, names);
  std::string advice = "did you mean '" + nearest + "'?";
  if (nearest.empty()) {
    advice = "wanted one of ";
    for (size_t i = 0; i < names.size(); ++i) advice += (i == 0 ? "" : ", ") + names[i];
  }
  throw Error{ErrorKind::kUsage, "unknown architecture '" + name + "', " + advice};
}

Graph BuildArchitecture(const std::string& name, const ArchitectureOptions& options) {
  const Architecture& architecture = FindArchitecture(name);
  CheckOptions(architecture, options);
  ArchitectureOptions filled = options;
  if (!filled.classes) filled.classes = architecture.classes;
  if (!filled.input_size) filled.input_size = architecture.input_size;
  return architecture.build(filled);
}

}  // namespace maskscope
