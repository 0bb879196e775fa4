#include "cli/data_input.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "base/error.h"
#include "data/formats/collection_dataset.h"

namespace maskscope {

namespace fs = std::filesystem;

bool IsManifestArgument(const std::string& path) {
  std::error_code code;
  return fs::is_regular_file(path, code) && fs::path(path).extension() == ".jsonl";
}

Dataset OpenDataset(const std::string& path) {
  if (IsManifestArgument(path)) return ReadManifest(path);
  std::error_code code;
  if (!fs::exists(path, code)) throw Error(ErrorKind::kNotFound, "'" + path + "' does not exist");
  return ReadCollectionDataset(path);
}

PictureStream OpenStream(const std::string& path) {
  if (IsManifestArgument(path)) return StreamOf(path);
  const auto dataset = std::make_shared<const Dataset>(OpenDataset(path));
  PictureStream stream = StreamOf(*dataset, path);
  // The stream keeps what it reads from.
  stream.next = [dataset, next = std::move(stream.next)](ManifestPicture* picture) { return next(picture); };
  return stream;
}

void CheckManifestName(const std::string& out) {
  if (fs::path(out).extension() == ".jsonl") return;
  throw Error(ErrorKind::kUsage, "OUT: found '" + out + "', wanted a name that ends in .jsonl");
}

}  // namespace maskscope
