#ifndef MASKSCOPE_CLI_DATA_INPUT_H_
#define MASKSCOPE_CLI_DATA_INPUT_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/command.h"
#include "data/check/check.h"
#include "data/formats/formats.h"
#include "data/manifest.h"

// How every data command takes labelled pictures: a manifest, a collection, or a set in any of the annotation formats.
namespace maskscope {

// What a format may leave open; all of it may be empty.
struct DataInput {
  std::string from, images, map;
  std::vector<std::string> names;
};

// The argument DATA and the options of DataInput.
void AddDataArgument(CLI::App& app, std::string& data, DataInput& input);
// The options alone, under a heading of their own.
void AddInputOptions(CLI::App& app, DataInput& input);

// Errors: kUsage; those of ReadClassMap.
ImportOptions ToImportOptions(const std::string& path, const DataInput& input);

// The options as they were typed, each after a blank: for recipes.
std::string WordsOf(const DataInput& input);

// Whether the argument names a manifest, which has a hash and can be read picture by picture. Errors: those of
// DetectFormat.
bool IsManifestInput(const std::string& path, const DataInput& input);

// The set, which must be right: errors are those of ReadSoundAnnotations. Ends with kInterrupted when the user asks.
Dataset OpenDataset(const std::string& path, const DataInput& input, const CommandContext& context);
// The same picture by picture: a manifest as it is read.
PictureStream OpenStream(const std::string& path, const DataInput& input, const CommandContext& context);
// The set without what is wrong with it, which is added to `found`.
Dataset OpenFaultyDataset(const std::string& path, const DataInput& input, const CommandContext& context,
                          std::vector<DataProblem>* found);

// --origin and --licence.
void AddOriginOptions(CLI::App& app, std::string& origin, std::string& licence);
// Writes them into the header (StateSets). Errors: kUsage when no set takes them.
void StateOrigin(const std::string& origin, const std::string& licence, ManifestHeader& header);

// What is written as a manifest ends in ".jsonl", or Error{kUsage}.
void CheckManifestName(const std::string& out);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_DATA_INPUT_H_
