#include "cli/data_input.h"

#include <filesystem>

#include "base/error.h"
#include "data/formats/collection_dataset.h"

namespace maskscope {

namespace fs = std::filesystem;

bool IsManifestArgument(const std::string& path) {
  std::error_code code;
  return fs::is_regular_file(path, code) && fs::path(path).extension() == ".jsonl";
}

Dataset OpenDataset(const std::string& path, const CommandContext& context, const ProblemSink& sink) {
  if (IsManifestArgument(path)) return ReadManifest(path);
  std::error_code code;
  if (!fs::exists(path, code)) throw Error(ErrorKind::kNotFound, "'" + path + "' does not exist");
  (void)context;
  (void)sink;
  return ReadCollectionDataset(path);
}

}  // namespace maskscope
