#include <chrono>

#include "base/error.h"
#include "base/files.h"
#include "cli/analysis_options.h"
#include "cli/boxes_file.h"
#include "cli/command.h"
#include "cli/picture_run.h"
#include "cli/sources.h"
#include "image/decode.h"

namespace maskscope {
namespace {

struct ClassifyOptions {
  SourceOptions sources;
  std::string boxes;
  AnalysisOptions analysis;
  OutputOptions outputs;
};

// What is to be classified: pictures, and for each the boxes (none = the whole picture is one face).
struct ClassifyInput {
  std::vector<PictureSource> sources;
  std::vector<std::vector<Box>> boxes;
};

ClassifyInput GatherInput(const ClassifyOptions& options) {
  ClassifyInput input;
  if (options.boxes.empty()) {
    input.sources = ExpandSources(options.sources);
    input.boxes.resize(input.sources.size());
    return input;
  }
  if (!options.sources.sources.empty() || !options.sources.lists.empty()) {
    throw Error(ErrorKind::kUsage, "--boxes FILE names the pictures itself: give either pictures or --boxes");
  }
  for (PictureBoxes& picture : ParseBoxes(ReadFileText(options.boxes), options.boxes)) {
    // A path of a table is that very file, never a folder or "-".
    input.sources.push_back({picture.path, picture.path.filename(), {}});
    input.boxes.push_back(std::move(picture.boxes));
  }
  if (input.sources.empty()) throw Error(ErrorKind::kBadData, "'" + options.boxes + "' holds no boxes");
  return input;
}

Result ClassifyOne(const Analyzer& analyzer, const PictureRun& run, size_t index, const std::vector<Box>& boxes) {
  const PictureSource& source = run.sources[index];
  Result result;
  result.source = source.name();
  try {
    const auto started = std::chrono::steady_clock::now();
    const DecodeOptions& decode = analyzer.options().decode;
    const DecodedImage decoded =
        source.is_stdin() ? DecodeImage(run.stdin_bytes, source.name(), decode) : ReadImage(source.path, decode);
    const double milliseconds =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
    result = analyzer.ClassifyBoxes(decoded.image, boxes, source.name());
    result.timing_ms.decode = milliseconds;
    result.timing_ms.total += milliseconds;
  } catch (const Error& error) {
    result.error = Result::Failure{error.kind(), error.what()};
  }
  return result;
}

int RunClassify(const ClassifyOptions& options, const CommandContext& context) {
  ClassifyInput input = GatherInput(options);
  PictureRun run;
  run.sources = std::move(input.sources);
  run.outputs = options.outputs;
  run.inputs = {options.analysis.classifier, options.boxes};
  const AnalyzerOptions analyzer_options = ToAnalyzerOptions(options.analysis, run.sources.size());
  CheckOutputs(run);
  const Analyzer analyzer = MakeAnalyzer(options.analysis, analyzer_options);
  for (const PictureSource& source : run.sources) {
    if (source.is_stdin()) run.stdin_bytes = ReadStdin(analyzer_options.decode.max_file_bytes);
  }
  const auto classify = [&](size_t i) { return ClassifyOne(analyzer, run, i, input.boxes[i]); };
  return RunPictures(run, analyzer, classify, context);
}

}  // namespace

void AddClassifyCommand(CLI::App& root, CommandContext& context) {
  auto options = std::make_shared<ClassifyOptions>();
  CLI::App& app = AddCommand(root, context, "classify", "say how given faces wear a mask, without searching for faces",
                             "  maskscope classify face.jpg                 the whole picture is one face\n"
                             "  maskscope classify faces --csv states.csv   every picture of a folder is one face\n"
                             "  maskscope classify --boxes faces.csv        the faces at the boxes path,x1,y1,x2,y2\n",
                             [options, &context] { return RunClassify(*options, context); });
  app.add_option("IMAGE", options->sources.sources,
                 "picture files, folders, quoted wildcards, @LIST files, - for stdin");
  app.add_option("--boxes", options->boxes, "a table path,x1,y1,x2,y2: classify these boxes (pixels)")
      ->option_text("FILE");
  app.add_option("--list", options->sources.lists, "a file with one source a line (\"-\": stdin)")->option_text("FILE");
  app.add_flag("-r,--recursive", options->sources.recursive, "folders with all their subfolders");
  AddOutputOptions(app, options->outputs);
  AddAnalysisOptions(app, options->analysis, false);
}

}  // namespace maskscope
