#ifndef MASKSCOPE_CLI_ANALYSIS_OPTIONS_H_
#define MASKSCOPE_CLI_ANALYSIS_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "analyze/analyzer.h"

// The options of every command that analyses pictures.
namespace maskscope {

struct AnalysisOptions {
  std::string detector, classifier;  // ONNX files; "" = the ones shipped
  std::optional<float> score, iou, min_confidence, min_face, min_sharpness;
  std::optional<int> detector_size;
  int threads = 0;
  int in_flight = 0;
  std::string precision = "auto";
  std::string max_pixels;
};

// What concerns finding faces is left out where `with_detector` is false.
void AddAnalysisOptions(CLI::App& app, AnalysisOptions& options, bool with_detector);

// The options as the library wants them, for a run over `pictures` pictures (with one, all threads work on it). Errors:
// kUsage with every bad option.
AnalyzerOptions ToAnalyzerOptions(const AnalysisOptions& options, size_t pictures);

// Whether a detector's own record says that it tells the states itself, so that it needs no classifier. Errors: those
// of reading the model.
bool TellsStates(const std::filesystem::path& detector);

// Errors: those of Analyzer and FindShippedModel.
Analyzer MakeAnalyzer(const AnalysisOptions& options, const AnalyzerOptions& analyzer_options);

// "100M", "2G", "64k" or plain digits (powers of 1000). Errors: kUsage naming `option`.
int64_t ParseCount(const std::string& text, const std::string& option);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_ANALYSIS_OPTIONS_H_
