#ifndef MASKSCOPE_ZOO_IMPORT_PARTS_H_
#define MASKSCOPE_ZOO_IMPORT_PARTS_H_

#include "zoo/import.h"
#include "zoo/registry.h"

// The ways of ImportModel, one file each. Internal to zoo. None of them stores the record in the graph.
namespace maskscope {

// import_classifiers.cc
ImportedModel ImportClassifier(const Architecture& architecture, const WeightFile& file,
                               const ModelImportOptions& options);
// import_detectors.cc
ImportedModel ImportDetector(const Architecture& architecture, const WeightFile& file,
                             const ModelImportOptions& options);
// import_graph.cc
ImportedModel ImportGraph(const std::filesystem::path& file, const ModelImportOptions& options);

// Tensors of a network that stands inside another module ("model.conv1.weight"): where just one prefix leads to the
// graph's own first weight, it is taken off.
std::map<std::string, Tensor> StripToFit(const std::map<std::string, Tensor>& weights, const Graph& graph);

// LoadByName, and what the file refused to give is named beside what is missing.
void LoadInto(const std::map<std::string, Tensor>& weights, const WeightFile& file, Graph& graph,
              const std::vector<std::string>& keep = {});

// options.classes, else the file's, else `published`; checked against the number of outputs. Errors: kUsage.
std::vector<std::string> ChooseClasses(const ModelImportOptions& options, const WeightFile& file,
                                       const std::vector<std::string>& published, size_t outputs);
// kMaskDetector where the classes are mask states, else kFaceDetector.
ModelTask TaskOfDetector(const std::vector<std::string>& classes);

// Sizes the network takes freely: pictures are fitted to `longest_side` pixels and padded to multiples of 32.
Preprocessing FitLongest(int longest_side, ChannelOrder channels);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_IMPORT_PARTS_H_
