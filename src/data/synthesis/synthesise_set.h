#ifndef MASKSCOPE_DATA_SYNTHESIS_SYNTHESISE_SET_H_
#define MASKSCOPE_DATA_SYNTHESIS_SYNTHESISE_SET_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "analyze/analyzer.h"
#include "base/progress.h"
#include "data/manifest.h"
#include "data/synthesis/synthesis.h"

// A new set out of an old one: masks and other things drawn on its bare faces.
namespace maskscope {

struct SynthesiseSetOptions {
  SynthesisOptions drawing;
  int64_t count = 1000;  // pictures to write
  uint64_t seed = 1;
  bool whole_pictures = false;  // else a crop around each face, framed as `crop` says
  CropRule crop{0.25f, true};
  int longest_side = 192;         // pixels; larger crops are made smaller, smaller ones stay
  int64_t per_face = 0;           // at most so many pictures of one face; 0 = as many as it takes
  float bare_confidence = 0.35f;  // least share that the classifier, if there is one, gives `none` before drawing
  void Validate() const;          // Errors: kUsage
};

// Leaves of a dataset the pictures with bare faces that may be drawn on: not marked test or validation, not drawn
// themselves. `sets`: only these; empty = all but those whose licence or terms keep them from a model that is passed on
// (utkface) and those that are drawn or covered (maskedfacenet, mafa). `source` names the dataset in errors: kUsage for
// a set that does not exist; kBadData when nothing is left.
Dataset KeepBareFaces(Dataset dataset, const std::vector<std::string>& sets, const std::string& source);

struct SynthesisSummary {
  int64_t pictures = 0, faces = 0;               // written; faces drawn on
  int64_t sources = 0, usable_sources = 0;       // bare faces looked at; those that were drawn on
  std::map<std::string, int64_t> states, kinds;  // "correct"; "fit nose_out", "cut cloth", "occluder cup"
  std::map<std::string, int64_t> skipped;        // faces not drawn on, by reason
};

// Writes pictures and manifest.jsonl into the new folder `out`: <state>/ for crops, pictures/ for whole pictures. The
// folder appears when all is done. Where faces have no landmarks, `analyzer`'s detector finds them. `stop` is asked
// between pictures: true ends the work with kInterrupted and leaves nothing. `sheet_pictures` gets some of the results
// for a contact sheet. Errors: kOutput; kUsage (the folder exists and is not empty); kBadData when no face can be drawn
// on.
SynthesisSummary SynthesiseSet(const Dataset& sources, const SynthesiseSetOptions& options, const Analyzer& analyzer,
                               const std::filesystem::path& out, const std::vector<std::string>& recipe,
                               Progress* progress, const std::function<bool()>& stop);

// Pictures side by side, each in a tile of `tile` pixels with its caption: the first `limit` of a written set's.
Image DrawContactSheet(const std::filesystem::path& manifest, int tile, size_t limit);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SYNTHESIS_SYNTHESISE_SET_H_
