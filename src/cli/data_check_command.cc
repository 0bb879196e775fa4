#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "base/threads.h"
#include "cli/data_commands.h"
#include "cli/data_input.h"
#include "cli/result_output.h"
#include "data/check/check.h"
#include "data/duplicates/find_duplicates.h"

namespace maskscope {
namespace {

struct Options {
  std::string data, report, json;
  DataInput input;
  bool strict = false, no_decode = false, leaks = false;
  DuplicateOptions duplicates;
  size_t examples = 10;
  CheckOptions check;
};

CheckReport Check(const Options& options, const CommandContext& context) {
  CheckOptions check = options.check;
  check.decode = !options.no_decode;
  check.workers = ResolveThreads(check.workers, "--threads");
  check.Validate();
  const auto progress = context.MakeProgress();
  const auto stop = [&context] { return context.StopRequested(); };
  if (!options.leaks && IsManifestInput(options.data, options.input)) {
    return CheckPictures(OpenStream(options.data, options.input, context), check, progress.get(), stop);
  }
  std::vector<DataProblem> found;
  const Dataset dataset = OpenFaultyDataset(options.data, options.input, context, &found);
  if (options.leaks) {
    const DuplicateReport report = FindDuplicates(dataset, options.duplicates, progress.get(), stop);
    const std::vector<DataProblem> leaks = LeakProblems(dataset, report);
    found.insert(found.end(), leaks.begin(), leaks.end());
  }
  return CheckPictures(StreamOf(dataset, options.data), check, progress.get(), stop, found);
}

int RunCheck(const Options& options, const CommandContext& context) {
  const CheckReport report = Check(options, context);
  const std::string markdown = CheckMarkdown(report, options.examples);
  if (!options.json.empty()) WriteFileAtomically(options.json, CheckJson(report));
  if (options.report.empty()) {
    OutputStream("-").Write(markdown);
  } else {
    WriteFileAtomically(options.report, markdown);
  }
  const int64_t errors = report.Count(DataProblem::Severity::kError);
  const int64_t warnings = report.Count(DataProblem::Severity::kWarning);
  context.Say(fmt::format("{} pictures checked: {} errors, {} warnings, {} notes", report.counts.all.pictures, errors,
                          warnings, report.Count(DataProblem::Severity::kNote)));
  if (report.stopped) return ExitCode(ErrorKind::kInterrupted);
  return errors > 0 || (options.strict && warnings > 0) ? ExitCode(ErrorKind::kBadData) : 0;
}

}  // namespace

void AddDataCheckCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(
      data, context, "check", "find what is wrong with a set: files, boxes, names, splits, classes",
      "  maskscope data check set.jsonl                         everything; every picture is decoded\n"
      "  maskscope data check set.jsonl --no-decode             quick: labels and names, pictures only looked for\n"
      "  maskscope data check voc/ --report check.md --json check.json\n"
      "                                                         a VOC set (or any other format); reports into files\n"
      "  maskscope data check set.jsonl --leaks                 also: is a test picture a copy of a train picture?\n"
      "The report (Markdown) goes to stdout unless --report is given. Exit code 9 when errors were found, with "
      "--strict\n"
      "also for warnings, else 0. docs/manifest.md explains every kind of problem.",
      [options, &context] { return RunCheck(*options, context); });
  AddDataArgument(app, options->data, options->input);
  app.add_option("--report", options->report, "write the report here instead of stdout")->option_text("FILE");
  app.add_option("--json", options->json, "write everything found here, for programs")->option_text("FILE");
  app.add_flag("--strict", options->strict, "warnings count as errors in the exit code");
  app.add_flag("--no-decode", options->no_decode, "do not open the pictures, only look whether they are there");
  app.add_flag("--leaks", options->leaks, "also look for pictures of one split that show what another split shows");
  app.add_option("--cache", options->duplicates.cache, "with --leaks: keep what was learnt of each picture here")
      ->option_text("FILE");
  app.add_option("--examples", options->examples, "problems of each kind shown in the report")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--list", options->check.listed, "problems of each kind listed in --json; all are counted")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--tiny", options->check.tiny_side, "a box with a side below this many pixels is tiny")
      ->option_text("PX")
      ->capture_default_str();
  app.add_option("--same-face", options->check.same_face_iou, "overlap (IoU) from which two boxes are one face")
      ->option_text("IOU")
      ->capture_default_str();
  app.add_option("--threads", options->check.workers, "pictures opened at once, 0 = all cores")
      ->option_text("N")
      ->capture_default_str();
}

}  // namespace maskscope
