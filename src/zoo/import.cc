#include "zoo/import.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "zoo/import_parts.h"
#include "zoo/weights.h"

namespace maskscope {

namespace {

const std::set<std::string> kStates = {"correct", "incorrect", "none"};

void CheckOptions(const ModelImportOptions& options, const Architecture* architecture) {
  Problems problems;
  const bool classifier = architecture != nullptr && architecture->task == ArchitectureTask::kClassifier;
  if (architecture != nullptr && !options.decoding.empty()) problems.Add("decoding: the architecture has its own");
  if (!classifier) {
    if (options.new_head) problems.Add("new_head: only classifiers get a new last layer");
    if (options.width) problems.Add("width: it follows from the weights");
    if (options.input_size) problems.Add("input_size: the record says how pictures are fitted");
  }
  const bool chosen = options.activation.empty() || options.activation == "relu" || options.activation == "leaky_relu";
  problems.Require(chosen, "activation", "'" + options.activation + "'", "relu or leaky_relu");
  if (!options.activation.empty() && options.architecture != "retinaface") {
    problems.Add("activation: only retinaface was published with two");
  }
  if (options.new_head && options.classes.empty()) problems.Add("new_head: the classes are missing");
  problems.ThrowIfAny(ErrorKind::kUsage, "import options");
}

void Finish(const std::filesystem::path& path, const WeightFile* file, const ModelImportOptions& options,
            ImportedModel& model) {
  if (!model.record) {
    if (!options.record_patch.empty())
      throw Error(ErrorKind::kUsage, "this network has no record that could be patched");
    return;
  }
  ModelRecord& record = *model.record;
  record.provenance["imported_from"] = path.filename().string();
  if (file != nullptr) record.provenance["format"] = file->format;
  nlohmann::json json = ToJson(record);
  json.merge_patch(options.record_patch);
  record = ModelRecordFromJson(json, "the patched record");
  StoreModelRecord(record, model.graph);
}

}  // namespace

ImportedModel ImportModel(const std::filesystem::path& file, const ModelImportOptions& options) {
  if (options.architecture.empty()) {
    CheckOptions(options, nullptr);
    ImportedModel model = ImportGraph(file, options);
    Finish(file, nullptr, options, model);
    return model;
  }
  const Architecture& architecture = FindArchitecture(options.architecture);
  CheckOptions(options, &architecture);
  WeightFileOptions weight_options;
  weight_options.key = options.key;
  const WeightFile weights = ReadWeightFile(file, weight_options);
  try {
    ImportedModel model = architecture.task == ArchitectureTask::kClassifier
                              ? ImportClassifier(architecture, weights, options)
                              : ImportDetector(architecture, weights, options);
    model.notes.insert(model.notes.begin(), std::to_string(weights.tensors.size()) + " tensors from '" + file.string() +
                                                "' (" + weights.format + ")");
    Finish(file, &weights, options, model);
    return model;
  } catch (const Error& error) {
    throw Error(error.kind(), "'" + file.string() + "' as " + options.architecture + ": " + error.what());
  }
}

std::map<std::string, Tensor> StripToFit(const std::map<std::string, Tensor>& weights, const Graph& graph) {
  const auto conv = std::ranges::find(graph.nodes, "Conv", &Node::op);
  if (conv == graph.nodes.end() || weights.contains(conv->inputs[1])) return weights;
  const std::string end = "." + conv->inputs[1];
  std::string prefix;
  for (const auto& [name, tensor] : weights) {
    if (!name.ends_with(end)) continue;
    if (!prefix.empty()) return weights;
    prefix = name.substr(0, name.size() - end.size() + 1);
  }
  if (prefix.empty()) return weights;
  std::map<std::string, Tensor> stripped;
  for (const auto& [name, tensor] : weights) {
    stripped.emplace(name.starts_with(prefix) ? name.substr(prefix.size()) : name, tensor);
  }
  return stripped;
}

void LoadInto(const std::map<std::string, Tensor>& weights, const WeightFile& file, Graph& graph,
              const std::vector<std::string>& keep) {
  try {
    LoadByName(weights, graph, keep);
  } catch (const Error& error) {
    std::string refused;
    for (const auto& [name, type] : file.refused) {
      if (graph.initializers.contains(name)) refused += "; under '" + name + "' stands an object of class " + type;
    }
    throw Error(error.kind(), error.what() + refused);
  }
}

std::vector<std::string> ChooseClasses(const ModelImportOptions& options, const WeightFile& file,
                                       const std::vector<std::string>& published, size_t outputs) {
  if (!options.classes.empty()) {
    if (options.classes.size() != outputs) {
      throw Error(ErrorKind::kUsage, "classes: found " + std::to_string(options.classes.size()) +
                                         " names, the network has " + std::to_string(outputs) + " outputs");
    }
    return options.classes;
  }
  if (file.class_names.size() == outputs) return file.class_names;
  if (published.size() == outputs) return published;
  std::vector<std::string> names;
  for (size_t i = 0; i < outputs; ++i) names.push_back("class " + std::to_string(i));
  return names;
}

ModelTask TaskOfDetector(const std::vector<std::string>& classes) {
  const bool states = std::ranges::all_of(classes, [](const std::string& name) { return kStates.contains(name); });
  return states ? ModelTask::kMaskDetector : ModelTask::kFaceDetector;
}

Preprocessing FitLongest(int longest_side, ChannelOrder channels) {
  Preprocessing input;
  input.resize = ResizeRule::kFitLongest;
  input.longest_side = longest_side;
  input.channels = channels;
  return input;
}

}  // namespace maskscope
