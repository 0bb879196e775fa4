#include "cli/picture_run.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>

#include "analyze/draw_result.h"
#include "base/error.h"
#include "base/files.h"
#include "cli/result_output.h"
#include "cli/run_summary.h"
#include "image/decode.h"
#include "image/encode.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

bool SameFile(const std::string& a, const std::string& b) {
  std::error_code code;
  return a == b || fs::equivalent(a, b, code);
}

// Decodes the picture once more at full size: the copy analysed may be a reduced one.
void DrawCopy(const PictureRun& run, size_t index, const DecodeOptions& decode, const Result& result,
              const fs::path& path) {
  const PictureSource& source = run.sources[index];
  DecodeOptions full_size = decode;
  full_size.reduce_to_longest_side = 0;
  Image image = source.is_stdin() ? DecodeImage(run.stdin_bytes, source.name(), full_size).image
                                  : ReadImage(source.path, full_size).image;
  DrawOptions options;
  options.blur_faces = run.outputs.blur;
  DrawResult(result, image, options);
  MakeFolder(path.parent_path());
  WriteImage(image, path);
}

// What the analyzer can say of a face.
std::vector<std::string> StatesOf(const Analyzer& analyzer) {
  if (analyzer.has_classifier()) return analyzer.classifier().record().classes;
  std::vector<std::string> states = analyzer.detector().record().classes;
  std::erase(states, "background");
  return states;
}

// The outputs of one run, opened together and closed together.
class Sinks {
 public:
  Sinks(const OutputOptions& options, std::vector<std::string> classes) : classes_(std::move(classes)) {
    if (!options.json.empty()) json_.emplace(options.json);
    if (!options.csv.empty()) csv_.emplace(options.csv);
    if (!json_ && !csv_) json_.emplace("-");
    if (csv_) csv_->Write(CsvHeader(classes_));
  }

  void Write(const Result& result) {
    if (json_) json_->Write(JsonLine(result));
    if (csv_) csv_->Write(CsvRows(result, classes_));
  }

  void Commit() {
    if (json_) json_->Commit();
    if (csv_) csv_->Commit();
  }

  // Names of what a stopped run leaves.
  std::vector<std::string> CommitPartial() {
    std::vector<std::string> left;
    for (std::optional<OutputStream>* output : {&json_, &csv_}) {
      if (!*output) continue;
      if (std::string name = (*output)->CommitPartial(); !name.empty()) left.push_back(std::move(name));
    }
    return left;
  }

 private:
  std::vector<std::string> classes_;
  std::optional<OutputStream> json_, csv_;
};

// The first error that ends the run, from whichever thread.
class FatalError {
 public:
  void Keep(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  bool Happened() {
    const std::lock_guard lock(mutex_);
    return error_ != nullptr;
  }
  void RethrowIfAny() {
    if (Happened()) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
};

void SayWhereDrawn(const PictureRun& run, const std::vector<fs::path>& drawn_paths, const CommandContext& context) {
  if (run.outputs.draw.empty()) return;
  if (run.sources.size() > 1) {
    context.Say("drawn copies in " + run.outputs.draw);
  } else if (!drawn_paths[0].empty()) {
    context.Say("drawn copy: " + drawn_paths[0].string());
  }
}

int FinishStopped(Sinks& sinks, const RunSummary& summary, size_t wanted, const CommandContext& context) {
  std::string message = fmt::format("stopped after {} of {} pictures", summary.pictures(), wanted);
  for (const std::string& name : sinks.CommitPartial()) message += "; what is done is in " + name;
  context.Warn(message);
  return ExitCode(ErrorKind::kInterrupted);
}

}  // namespace

void AddOutputOptions(CLI::App& app, OutputOptions& options) {
  const std::string group = "Output";
  app.add_option("--json", options.json, "JSON lines into a file; default: to stdout (\"-\"), unless --csv is given")
      ->option_text("FILE")
      ->group(group);
  app.add_option("--csv", options.csv, "a table with one row a face into a file (\"-\": stdout)")
      ->option_text("FILE")
      ->group(group);
  app.add_option("--draw", options.draw, "copies of the pictures with faces and states drawn in, into a folder")
      ->option_text("DIR")
      ->group(group);
  app.add_flag("--blur", options.blur, "make faces unrecognisable in the drawn copies")->group(group);
}

void CheckOutputs(const PictureRun& run) {
  const OutputOptions& outputs = run.outputs;
  if (outputs.blur && outputs.draw.empty()) {
    throw Error(ErrorKind::kUsage, "--blur blurs drawn copies: give --draw DIR too");
  }
  if (!outputs.json.empty() && !outputs.csv.empty() && SameFile(outputs.json, outputs.csv)) {
    throw Error(ErrorKind::kUsage, "--json and --csv both name '" + outputs.json + "'");
  }
  for (const auto& [option, path] : {std::pair("--json", outputs.json), std::pair("--csv", outputs.csv)}) {
    if (path.empty() || path == "-") continue;
    RefuseToOverwrite(run.sources, path, option);
    for (const std::string& input : run.inputs) {
      if (!input.empty() && SameFile(path, input)) {
        throw Error(ErrorKind::kUsage, fmt::format("{} {} would overwrite a file to be read", option, path));
      }
    }
  }
}

int RunPictures(const PictureRun& run, const Analyzer& analyzer, const std::function<Result(size_t)>& analyze,
                const CommandContext& context) {
  std::vector<fs::path> drawn_paths;
  if (!run.outputs.draw.empty()) {
    drawn_paths = PlanDrawnPaths(run.sources, run.outputs.draw);
    MakeFolder(run.outputs.draw);
  }
  std::vector<std::string> states = StatesOf(analyzer);
  Sinks sinks(run.outputs, states);
  states.emplace_back("unsure");
  RunSummary summary(std::move(states));
  FatalError fatal;
  const auto progress = context.MakeProgress();
  const auto started = std::chrono::steady_clock::now();
  progress->Start("analyse", static_cast<int64_t>(run.sources.size()), "pictures");

  const auto analyze_and_draw = [&](size_t i) {
    const PictureSource& source = run.sources[i];
    Result result;
    result.source = source.name();
    result.error = source.failure;
    if (source.failure) return result;
    try {
      result = analyze(i);
      if (!drawn_paths.empty() && !result.error) {
        DrawCopy(run, i, analyzer.options().decode, result, drawn_paths[i]);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kOutput) fatal.Keep(std::current_exception());
      result.error = Result::Failure{error.kind(), error.what()};
    } catch (...) {
      fatal.Keep(std::current_exception());
    }
    return result;
  };
  const auto write = [&](size_t, Result&& result) {
    try {
      if (fatal.Happened()) return false;
      sinks.Write(result);
    } catch (...) {
      fatal.Keep(std::current_exception());
      return false;
    }
    summary.Add(result);
    progress->Step();
    return !context.StopRequested();
  };
  AnalyzeInOrder(run.sources.size(), analyzer.options().images_in_flight, analyze_and_draw, write);

  progress->Finish();
  fatal.RethrowIfAny();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const bool complete = static_cast<size_t>(summary.pictures()) == run.sources.size();
  if (!complete) return FinishStopped(sinks, summary, run.sources.size(), context);
  sinks.Commit();
  std::string text = summary.Text(seconds);
  text.pop_back();
  context.Say(text);
  SayWhereDrawn(run, drawn_paths, context);
  return summary.ExitCode();
}

}  // namespace maskscope
