#ifndef MASKSCOPE_WEIGHTS_WEIGHT_FILE_H_
#define MASKSCOPE_WEIGHTS_WEIGHT_FILE_H_

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

// Weights that others trained, read without their software and without running anything that stands in the file.
namespace maskscope {

struct WeightFile {
  std::string format;                     // "PyTorch", "PyTorch (before 1.6)", "safetensors", "ONNX", "Caffe"
  std::map<std::string, Tensor> tensors;  // by the names their authors gave them, without "module." before all of them
  // Entries beside them that look like weights and are none that can be read: name -> class, "numpy.ndarray".
  std::map<std::string, std::string> refused;
  std::vector<std::string> class_names;  // where the file names the classes of the network, else empty
};

struct WeightFileOptions {
  // PyTorch: which entry of a checkpoint holds the weights ("ema", "generator.state_dict"); empty: the usual ones are
  // looked for.
  std::string key;
};

// Tells the format by the content: safetensors; PyTorch's .pt and .pth in the zip format (torch.save from 1.6 on,
// TorchScript) and in the older one, state dicts, checkpoints around them and whole pickled modules; ONNX (the
// initializers); a .caffemodel by its ending (blob k of layer NAME is "NAME.k"). Errors: kNotFound, kUnreadable,
// kTooLarge, kBadModel (broken, or nothing in it holds weights), kUnsupported, kUsage (`key`).
WeightFile ReadWeightFile(const std::filesystem::path& path, const WeightFileOptions& options = {});

}  // namespace maskscope

#endif  // MASKSCOPE_WEIGHTS_WEIGHT_FILE_H_
