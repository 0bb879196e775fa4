#ifndef MASKSCOPE_CLI_PICTURE_RUN_H_
#define MASKSCOPE_CLI_PICTURE_RUN_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analyze/analyzer.h"
#include "cli/command.h"
#include "cli/sources.h"

// The loop that detect and classify share: results of many pictures, in order, to JSON, CSV and drawn copies, with
// progress and a summary.
namespace maskscope {

struct OutputOptions {
  std::string json;   // "-" = stdout; "" = stdout, unless the CSV is asked for
  std::string csv;    // "-" = stdout; "" = none
  std::string draw;   // folder for drawn copies; "" = none
  bool blur = false;  // faces unrecognisable in the drawn copies
};
void AddOutputOptions(CLI::App& app, OutputOptions& options);

struct PictureRun {
  std::vector<PictureSource> sources;
  std::vector<uint8_t> stdin_bytes;  // of the source "-"
  OutputOptions outputs;
  std::vector<std::string> inputs;  // other files that are read (models, tables) and must not be written over
};

// Everything that can be known to be wrong before any model is loaded. Errors: kUsage.
void CheckOutputs(const PictureRun& run);

// Analyses every source by `analyze(i)` on the analyzer's threads. Nothing appears under an output's name before it is
// complete: a run that is stopped leaves FILE.partial, one that fails leaves nothing. Returns the exit code. Errors:
// kOutput.
int RunPictures(const PictureRun& run, const Analyzer& analyzer, const std::function<Result(size_t)>& analyze,
                const CommandContext& context);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_PICTURE_RUN_H_
