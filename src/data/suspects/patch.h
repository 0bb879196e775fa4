#ifndef MASKSCOPE_DATA_SUSPECTS_PATCH_H_
#define MASKSCOPE_DATA_SUSPECTS_PATCH_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/manifest.h"

// Changes to labels as a file that a person can read, edit and keep beside the manifest: a line of JSON that says who
// made it, then one line a change. Every line says what it expects to find, so that it cannot hit another face.
namespace maskscope {

inline constexpr std::string_view kPatchSchema = "maskscope.labels-patch/1";

// kRelabel: another state. kDelete: there is no face. kIgnore: a face that says nothing (neither hit nor miss). kAdd: a
// face that was missed. kMove: another box.
enum class EditKind { kRelabel, kDelete, kIgnore, kAdd, kMove };
std::string_view EditKindName(EditKind kind);  // "relabel", "delete", "ignore", "add", "move"
std::optional<EditKind> ParseEditKind(std::string_view name);

struct LabelEdit {
  EditKind kind = EditKind::kRelabel;
  bool accept = false;            // only what a person (or a stated threshold) accepted is applied
  std::string path;               // of the picture, as in the manifest
  std::string hash;               // of the picture's bytes
  size_t face = 0;                // number in the picture, from 0; none for kAdd
  Box box;                        // as it stands in the manifest; of kAdd: the new face's
  Box new_box;                    // kMove
  std::optional<MaskState> from;  // as it stands in the manifest; empty = no state. Not for kAdd
  std::optional<MaskState> to;    // kRelabel, kAdd (there: empty = no state)
  std::string reason, date;       // for people
};

struct LabelPatch {
  std::string author, created;
  std::string manifest;  // content hash of the set it was made for; empty = that was no manifest
  std::vector<LabelEdit> edits;
};

// Errors: kNotFound, kUnreadable, kTooLarge; kBadData naming file, line and field; kUnsupported (another version).
LabelPatch ReadPatch(const std::filesystem::path& file);
// Errors: kOutput; kBadData (text that is not UTF-8, a number that is not finite).
void WritePatch(const std::filesystem::path& file, const LabelPatch& patch);

struct ApplyOptions {
  std::string author;         // who applies it; empty = the patch's
  std::string patch_hash;     // ContentHashOfFile of the patch: kept in the recipe, so that a second time is noticed
  std::string patch_name;     // for the recipe
  std::string manifest_hash;  // of the set before; becomes a parent. Empty = there is none
  bool skip_applied = false;  // changes that are in effect already are passed over instead of being an error
};

struct AppliedEdit {
  size_t edit = 0;   // in the patch
  std::string what;  // "faces/a.jpg face 0: correct -> none"
};

struct ApplyReport {
  std::vector<AppliedEdit> applied;
  int64_t not_accepted = 0, skipped = 0;
};

// Applies the accepted edits, all or none. A relabelled face gets the class name that its set mostly gives the new
// state, and the attributes "relabel.was" and "relabel.by". Version and recipe of the header move on. Errors: kBadData
// listing every edit that does not fit (picture, hash, face, box or state not as stated; two edits of one face), when
// this very patch was applied before, and when nothing is accepted.
ApplyReport ApplyPatch(const LabelPatch& patch, const ApplyOptions& options, Dataset& dataset);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SUSPECTS_PATCH_H_
