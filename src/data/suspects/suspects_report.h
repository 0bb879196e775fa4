#ifndef MASKSCOPE_DATA_SUSPECTS_SUSPECTS_REPORT_H_
#define MASKSCOPE_DATA_SUSPECTS_SUSPECTS_REPORT_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/suspects/find_suspects.h"

// What was suspected, for people and for programs.
namespace maskscope {

struct SuspectsReport {
  const Dataset* dataset = nullptr;  // of the suspects; pictures named in a report need their hash (FillHashes)
  const JudgedFaces* judged = nullptr;
  const LabelSuspects* labels = nullptr;
  const BoxSearch* boxes = nullptr;  // null: no detector was asked
  size_t listed = 0;                 // label suspects in the outputs: candidates, or as many as were asked for
  std::string source;                // what was searched
  std::string probabilities_from;    // the model or file behind the probabilities
};

struct PatchChoice {
  std::string author, date, manifest_hash;
  std::optional<double> accept_above;  // accept relabellings whose suggested state is at least this likely
};

// Hashes and sizes of the pictures that the report names. Errors: kNotFound, kUnreadable, kBadImage.
void FillHashes(const SuspectsReport& report, Dataset& dataset, int threads);

// One row a suspect: kind,rank,set,path,hash,face,x1,y1,x2,y2,given,suggested,correct,incorrect,none,score.
std::string SuspectsCsv(const SuspectsReport& report);
std::string SuspectsJson(const SuspectsReport& report);  // schema "maskscope.suspects/1"
// An edit for every suspect.
LabelPatch SuspectsPatch(const SuspectsReport& report, const PatchChoice& choice);
// labels-01.jpg ..., missed_box-01.jpg ... in `folder`, 60 to a sheet, at most `most` of each kind. Returns the files.
std::vector<std::filesystem::path> WriteSuspectSheets(const SuspectsReport& report, size_t most,
                                                      const std::filesystem::path& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SUSPECTS_SUSPECTS_REPORT_H_
