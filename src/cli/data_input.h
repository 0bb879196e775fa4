#ifndef MASKSCOPE_CLI_DATA_INPUT_H_
#define MASKSCOPE_CLI_DATA_INPUT_H_

#include <string>

#include "data/check/check.h"
#include "data/manifest.h"

namespace maskscope {

// Whether the argument names a manifest, which can be read picture by picture; anything else is read whole.
bool IsManifestArgument(const std::string& path);

// What a data command was given, a manifest or a collection folder: whole, or picture by picture where that can be.
// Errors: those of ReadManifest and ReadCollectionDataset.
Dataset OpenDataset(const std::string& path);
PictureStream OpenStream(const std::string& path);

// What is written as a manifest ends in ".jsonl", or Error{kUsage}.
void CheckManifestName(const std::string& out);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_DATA_INPUT_H_
