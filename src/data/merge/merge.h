#ifndef MASKSCOPE_DATA_MERGE_MERGE_H_
#define MASKSCOPE_DATA_MERGE_MERGE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/manifest.h"

// Several sets into one new version of a dataset. A picture is its content: two files of one hash are one picture.
namespace maskscope {

struct MergeInput {
  std::string source;  // as the user named it
  std::string hash;    // of the manifest; empty for anything else
  Dataset dataset;     // every picture with its hash (FillPictures)
};

enum class ConflictChoice {
  kFirst,  // the labels of the input named first stay
  kLast,   // those of the input named last
  kFail,   // nothing is merged
};

struct MergeOptions {
  std::string name = {};  // of the dataset; empty = the first input's
  ConflictChoice choice = ConflictChoice::kFirst;
};

struct MergeConflict {
  std::string kind;           // "labels", "split", "set", "group"
  std::string path;           // in the merged set; the set's name for "set"
  std::string first, second;  // sources
  std::vector<std::string> differences;
  std::string kept;  // what was decided, in words
};

struct MergeResult {
  Dataset dataset;  // paths are relative to the deepest folder that holds all roots
  std::vector<MergeConflict> conflicts;
  int64_t joined = 0;  // pictures that were in more than one place
};

// Takes the inputs apart. Of a picture that occurs again, the first path stays; its split becomes the strictest of both
// (test, then validation, then train: what has been measured on is never trained on); groups that share a picture
// become one. Errors: kBadData for a picture without hash, for one path with two contents, and with kFail for the first
// conflict between labels.
MergeResult MergeDatasets(std::vector<MergeInput> inputs, const MergeOptions& options);

// Copies every picture to `folder`/SET/PATH, which becomes the root. A copy whose content is there already stays;
// another file of the same name is stepped aside from ("NAME-1a2b3c4d.jpg"). Errors: kBadData for a picture whose
// content is not what its hash says; kOutput; kInterrupted when `stop` says so.
void CopyPictures(Dataset& dataset, const std::filesystem::path& folder, int workers, Progress* progress,
                  const std::function<bool()>& stop);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_MERGE_MERGE_H_
