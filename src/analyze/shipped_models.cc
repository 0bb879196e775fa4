#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "analyze/analyzer.h"
#include "base/error.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

// Where `kind` ("models", "recipes") may lie; `variable` of the environment names another folder.
std::vector<fs::path> Places(const char* kind, const char* variable) {
  std::vector<fs::path> places;
  if (const char* named = std::getenv(variable); named != nullptr && *named != '\0') places.emplace_back(named);
  std::error_code code;
  const fs::path folder = fs::read_symlink("/proc/self/exe", code).parent_path();
  if (code) return places;
  places.push_back(folder / kind);
  places.push_back(folder.parent_path() / "share" / "maskscope" / kind);
  // A build tree lies some levels below the source tree: build/release/src/cli.
  fs::path above = folder.parent_path();
  for (int level = 0; level < 5 && above != above.parent_path(); ++level, above = above.parent_path()) {
    places.push_back(above / kind);
  }
  return places;
}

}  // namespace

fs::path FindShippedModel(const std::string& file_name) {
  std::string looked;
  for (const fs::path& place : Places("models", "MASKSCOPE_MODELS")) {
    std::error_code code;
    if (fs::is_regular_file(place / file_name, code)) return place / file_name;
    looked += (looked.empty() ? "" : ", ") + place.string();
  }
  throw Error(ErrorKind::kNotFound, "the shipped model '" + file_name + "' was not found; looked in " + looked +
                                        " (set MASKSCOPE_MODELS to the folder that holds it)");
}

fs::path FindShippedRecipe(const std::string& name) {
  std::vector<std::string> names;
  for (const fs::path& place : Places("recipes", "MASKSCOPE_RECIPES")) {
    std::error_code code;
    for (const fs::directory_entry& entry : fs::directory_iterator(place, code)) {
      if (entry.path().extension() != ".yaml") continue;
      if (entry.path().stem() == name) return entry.path();
      names.push_back(entry.path().stem().string());
    }
    if (!names.empty()) break;
  }
  std::sort(names.begin(), names.end());
  std::string known;
  for (const std::string& one : names) known += (known.empty() ? "" : ", ") + one;
  throw Error(ErrorKind::kNotFound,
              "there is no file and no shipped recipe '" + name + "'; shipped: " + (known.empty() ? "none" : known));
}

}  // namespace maskscope
