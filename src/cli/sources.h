#ifndef MASKSCOPE_CLI_SOURCES_H_
#define MASKSCOPE_CLI_SOURCES_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/result.h"

// From what a person types to a list of pictures.
namespace maskscope {

struct SourceOptions {
  std::vector<std::string> sources;  // files, folders, "globs*", @lists, "-"
  std::vector<std::string> lists;    // files with one source a line; "-" = stdin
  bool recursive = false;            // folders with everything below them
};

// One picture to analyse, or one source of which no picture can come.
struct PictureSource {
  std::filesystem::path path;  // "-" = stdin
  std::filesystem::path
      drawn_name;  // below the folder for drawn pictures; the part under the named folder, or the file name
  std::optional<Result::Failure> failure;  // the source could not be expanded: a missing file, an unreadable folder ...
  std::string name() const { return path.string(); }
  bool is_stdin() const { return path == "-"; }
};

// Expands the sources in the order given; a folder's pictures come sorted by name, hidden files and files whose ending
// is no picture's are left out. What cannot be expanded is an entry with `failure`, so that the others still go
// through. Errors: kUsage (no source at all; stdin named twice), those of a list file that cannot be read.
std::vector<PictureSource> ExpandSources(const SourceOptions& options);

// Whether a file in a folder is taken for a picture, by its ending. Formats that are not decoded (GIF, HEIC ...) count,
// so that they show as failures instead of vanishing.
bool HasPictureEnding(const std::filesystem::path& path);

// Where each picture's drawn copy goes: below `folder`, JPEG unless the source is PNG, numbered where two sources would
// meet. Same order and number as `sources`; empty for those with a failure. Errors: kUsage when a copy would overwrite
// a source.
std::vector<std::filesystem::path> PlanDrawnPaths(const std::vector<PictureSource>& sources,
                                                  const std::filesystem::path& folder);

// Refuses an output that is one of the pictures to read. Errors: kUsage naming `option`.
void RefuseToOverwrite(const std::vector<PictureSource>& sources, const std::filesystem::path& output,
                       std::string_view option);

// Everything on stdin. Errors: kTooLarge beyond `max_bytes`, kUnreadable.
std::vector<uint8_t> ReadStdin(int64_t max_bytes);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_SOURCES_H_
