#ifndef MASKSCOPE_CLI_EXPLAIN_OPTIONS_H_
#define MASKSCOPE_CLI_EXPLAIN_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/analysis_options.h"
#include "cli/command.h"
#include "explain/explain_report.h"

// What the explain commands share: which maps are wanted, and where they go.
namespace maskscope {

struct MapOptions {
  std::string methods = "gradcam";  // one, several with commas, or "all"
  std::string layer, record;
  bool trust = false;
  int shown = 200;  // faces pictured at most
  std::string out;
};
void AddMapOptions(CLI::App& app, MapOptions& options);

// Every method asked for. Errors: kUsage.
std::vector<CamMethod> ParseMethods(const std::string& methods);

// Names of maps for pages: "gradcam", or with the class they are of.
ExplainOptions ToExplainOptions(const MapOptions& options, CamMethod method, const std::string& target);

// Decodes at full size, as maps need it, with the limits of the analysis.
Image ReadWholeImage(const std::filesystem::path& path, const DecodeOptions& decode);

// The classifier that was asked for or is shipped, with its own record or that of `record_file`.
ClassifierExplainer OpenClassifier(const std::string& file, const std::string& record_file);

// The picture of a crop as pages show it, longest side 224 pixels.
Image CutForPage(const Image& image, const Box& region);

// Writes OUT/index.html, OUT/faces.csv and OUT/maps/*.jpg, prints the summary on stdout. Errors: kOutput.
void WriteExplanations(const std::string& title, const std::string& subtitle, const std::vector<ExplainedFace>& faces,
                       const MapOptions& options, const CommandContext& context);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_EXPLAIN_OPTIONS_H_
