#ifndef MASKSCOPE_DATA_OVERVIEW_CONTACT_SHEETS_H_
#define MASKSCOPE_DATA_OVERVIEW_CONTACT_SHEETS_H_

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/check/check.h"
#include "image/draw.h"

// A set to look at: faces of each kind side by side, and where in the picture faces are.
namespace maskscope {

struct SheetOptions {
  int faces = 48;  // of a set and state, drawn by lot
  int tile = 144;  // pixels: side of a face's tile
  int columns = 8;
  int map_side = 512;     // pixels: side of a heat map
  uint64_t seed = 1;      // of the lot
  int workers = 0;        // 0 = all cores
  void Validate() const;  // Errors: kUsage naming every bad field
};

struct SheetSummary {
  struct Sheet {
    std::string file, set, state;
    int64_t shown = 0, of = 0;  // faces
  };
  std::vector<Sheet> sheets;
  std::vector<std::string> maps;
  int64_t pictures = 0, unreadable = 0;
  std::string first_unreadable;
};

// Green, yellow, orange for the three states (as DrawResult), blue without a state, grey for ignored faces: told apart
// by those who do not see red and green alike too, and named on each sheet. Indexed by FaceKind.
Color FaceKindColor(int kind);

// Writes into `folder`: SET-STATE.jpg, SET-map.png, all-map.png and index.md. Memory does not grow with the set.
// Errors: kOutput; those of the stream; kInterrupted when `stop` says so (sheets that were finished stay).
SheetSummary WriteContactSheets(PictureStream stream, const std::filesystem::path& folder, const SheetOptions& options,
                                Progress* progress = nullptr, const std::function<bool()>& stop = {});

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_OVERVIEW_CONTACT_SHEETS_H_
