#ifndef MASKSCOPE_CLI_DATA_INPUT_H_
#define MASKSCOPE_CLI_DATA_INPUT_H_

#include <string>

#include "cli/command.h"
#include "data/manifest.h"

namespace maskscope {

// Whether the argument names a manifest, which can be read picture by picture; anything else is read whole.
bool IsManifestArgument(const std::string& path);

// What a data command was given: a manifest or a collection folder. Without a sink the first problem is an error.
// Errors: those of ReadManifest and ReadCollectionDataset.
Dataset OpenDataset(const std::string& path, const CommandContext& context, const ProblemSink& sink = {});

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_DATA_INPUT_H_
