#include "base/error.h"
#include "cli/analysis_options.h"
#include "cli/command.h"
#include "cli/picture_run.h"
#include "cli/sources.h"

namespace maskscope {
namespace {

struct DetectOptions {
  SourceOptions sources;
  AnalysisOptions analysis;
  OutputOptions outputs;
};

int RunDetect(const DetectOptions& options, const CommandContext& context) {
  PictureRun run;
  run.sources = ExpandSources(options.sources);
  run.outputs = options.outputs;
  run.inputs = {options.analysis.detector, options.analysis.classifier};
  const AnalyzerOptions analyzer_options = ToAnalyzerOptions(options.analysis, run.sources.size());
  CheckOutputs(run);
  const Analyzer analyzer = MakeAnalyzer(options.analysis, analyzer_options);
  for (const PictureSource& source : run.sources) {
    if (source.is_stdin()) run.stdin_bytes = ReadStdin(analyzer_options.decode.max_file_bytes);
  }
  const auto analyze = [&](size_t i) {
    const PictureSource& source = run.sources[i];
    return source.is_stdin() ? analyzer.AnalyzeBytes(run.stdin_bytes, source.name())
                             : analyzer.AnalyzeFile(source.path);
  };
  return RunPictures(run, analyzer, analyze, context);
}

}  // namespace

void AddDetectCommand(CLI::App& root, CommandContext& context) {
  auto options = std::make_shared<DetectOptions>();
  CLI::App& app = AddCommand(
      root, context, "detect", "find the faces in pictures and say how each wears a mask",
      "  maskscope detect photo.jpg                        JSON to stdout, a summary to stderr\n"
      "  maskscope detect photo.jpg --draw out             and a drawn copy, out/photo.jpg\n"
      "  maskscope detect photos -r --csv faces.csv        a folder with all its subfolders into a table\n"
      "  maskscope detect 'photos/2021-*.jpg' --json a.jsonl\n"
      "  find . -name '*.jpg' | maskscope detect --list -  names from another program\n"
      "  curl -s http://camera/now.jpg | maskscope detect -\n"
      "A picture that cannot be read is a line with its error; the others still go through. Exit code: 0 all went\n"
      "through, 1 some failed, others: see docs/exit-codes.md.",
      [options, &context] { return RunDetect(*options, context); });
  app.add_option("SOURCE", options->sources.sources,
                 "picture files, folders, quoted wildcards, @LIST files, - for a picture on stdin");
  app.add_option("--list", options->sources.lists, "a file with one source a line (\"-\": stdin)")->option_text("FILE");
  app.add_flag("-r,--recursive", options->sources.recursive, "folders with all their subfolders");
  AddOutputOptions(app, options->outputs);
  AddAnalysisOptions(app, options->analysis, true);
}

}  // namespace maskscope
