#include "data/collect/collection_manifest.h"

#include <set>

#include "image/decode.h"

namespace maskscope::collect {
namespace {

namespace fs = std::filesystem;

Dataset ReadOrBegin(const CollectOptions& options) {
  const fs::path file = options.folder / kManifestName;
  std::error_code code;
  if (fs::exists(file, code)) return ReadManifest(file);
  Dataset dataset;
  dataset.header.name = fs::absolute(options.folder).lexically_normal().filename().string();
  if (dataset.header.name.empty()) dataset.header.name = "collection";
  dataset.header.version = 0;  // counted up below
  return dataset;
}

}  // namespace

ManifestUpdate UpdateManifest(const CollectOptions& options, const Journal& journal,
                              std::map<std::string, std::vector<ManifestFace>> faces, const Labeller& labeller,
                              const std::function<bool()>& stop) {
  Dataset dataset = ReadOrBegin(options);
  dataset.root = options.folder;
  std::set<std::string> known;
  for (const ManifestPicture& picture : dataset.pictures) known.insert(picture.hash);
  ManifestUpdate update;
  const size_t before = dataset.pictures.size();
  for (const JournalEntry* entry : journal.Kept()) {
    ManifestPicture picture = *entry->picture;
    if (known.count(picture.hash) > 0) continue;
    std::error_code code;
    if (!fs::exists(options.folder / picture.path, code)) {
      ++update.lost;
      continue;
    }
    if (const auto made = faces.find(picture.hash); made != faces.end()) {
      picture.faces = std::move(made->second);
    } else if (labeller) {
      if (stop()) continue;  // the next run labels and adds it
      picture.faces = labeller(ReadImage(options.folder / picture.path).image, picture.path);
    }
    update.faces += static_cast<int64_t>(picture.faces.size());
    known.insert(picture.hash);
    ManifestSet& set = dataset.header.sets[picture.set];
    if (set.origin.empty() && picture.set == options.set) set.origin = options.origin;
    dataset.pictures.push_back(std::move(picture));
  }
  update.pictures = static_cast<int64_t>(dataset.pictures.size());
  if (dataset.pictures.size() == before) return update;
  ++dataset.header.version;
  std::vector<std::string>& recipe = dataset.header.recipe;
  if (!options.recipe.empty() && (recipe.empty() || recipe.back() != options.recipe)) recipe.push_back(options.recipe);
  WriteManifest(options.folder / kManifestName, dataset);
  return update;
}

}  // namespace maskscope::collect
