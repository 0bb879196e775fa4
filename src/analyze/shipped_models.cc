#include <cstdlib>
#include <vector>

#include "analyze/analyzer.h"
#include "base/error.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> PlacesForModels() {
  std::vector<fs::path> places;
  if (const char* named = std::getenv("MASKSCOPE_MODELS"); named != nullptr && *named != '\0')
    places.emplace_back(named);
  std::error_code code;
  const fs::path folder = fs::read_symlink("/proc/self/exe", code).parent_path();
  if (code) return places;
  places.push_back(folder / "models");
  places.push_back(folder.parent_path() / "share" / "maskscope" / "models");
  // A build tree lies some levels below the source tree: build/release/src/cli.
  fs::path above = folder.parent_path();
  for (int level = 0; level < 5 && above != above.parent_path(); ++level, above = above.parent_path()) {
    places.push_back(above / "models");
  }
  return places;
}

}  // namespace

fs::path FindShippedModel(const std::string& file_name) {
  std::string looked;
  for (const fs::path& place : PlacesForModels()) {
    std::error_code code;
    if (fs::is_regular_file(place / file_name, code)) return place / file_name;
    looked += (looked.empty() ? "" : ", ") + place.string();
  }
  throw Error(ErrorKind::kNotFound, "the shipped model '" + file_name + "' was not found; looked in " + looked +
                                        " (set MASKSCOPE_MODELS to the folder that holds it)");
}

}  // namespace maskscope
