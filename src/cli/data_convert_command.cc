#include <fmt/format.h>

#include <array>
#include <map>

#include "base/error.h"
#include "cli/command.h"
#include "cli/data_commands.h"
#include "cli/data_input.h"
#include "data/formats/formats.h"

namespace maskscope {
namespace {

struct Options {
  std::string in, out, to, origin, licence;
  DataInput input;
  bool copy = false, skip_bad = false, state_names = false;
};

constexpr int64_t kExamples = 3;

// Problems by kind: how many, and the first of them.
class ProblemTable {
 public:
  void Add(const DataProblem& problem) {
    Kind& kind = kinds_[{static_cast<int>(problem.severity), problem.kind}];
    if (++kind.count > kExamples) return;
    kind.examples.push_back(
        fmt::format("{}{}{}: {}", problem.file, problem.where.empty() ? "" : ", ", problem.where, problem.message));
  }
  int64_t errors() const {
    int64_t count = 0;
    for (const auto& [key, kind] : kinds_) count += key.first == kError ? kind.count : 0;
    return count;
  }
  std::string Text() const {
    static constexpr std::array<const char*, 3> kNames{"note", "warning", "error"};
    std::string text;
    for (auto it = kinds_.rbegin(); it != kinds_.rend(); ++it) {
      text += fmt::format("{:<8} {:>7}  {}\n", kNames[static_cast<size_t>(it->first.first)], it->second.count,
                          it->first.second);
      for (const std::string& example : it->second.examples) text += fmt::format("                    {}\n", example);
      if (it->second.count > static_cast<int64_t>(it->second.examples.size())) text += "                    ...\n";
    }
    return text;
  }

 private:
  static constexpr int kError = static_cast<int>(DataProblem::Severity::kError);
  struct Kind {
    int64_t count = 0;
    std::vector<std::string> examples;
  };
  std::map<std::pair<int, std::string>, Kind> kinds_;
};

void SayProblems(const ProblemTable& problems, const CommandContext& context) {
  const std::string text = problems.Text();
  if (!text.empty()) context.Say(text.substr(0, text.size() - 1));
}

void SaySummary(const Dataset& dataset, const ExportSummary& summary, const Options& options,
                const CommandContext& context) {
  std::map<std::string, int64_t> faces;
  for (const ManifestPicture& picture : dataset.pictures) {
    for (const ManifestFace& face : picture.faces) {
      ++faces[face.face.state    ? std::string(MaskStateName(*face.face.state))
              : face.face.ignore ? "ignored"
                                 : "not labelled"];
    }
  }
  std::string counts;
  for (const auto& [state, count] : faces) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, state);
  context.Say(fmt::format("{}: {} pictures, {} faces{}", options.out, summary.pictures, summary.faces,
                          counts.empty() ? "" : " (" + counts + ")"));
  if (!summary.classes.empty()) context.Say(fmt::format("classes: {}", fmt::join(summary.classes, ", ")));
  context.Say(fmt::format("pictures are named below {}", summary.images.string()));
}

int Run(const Options& options, const CommandContext& context) {
  const auto progress = context.MakeProgress();
  ProblemTable problems;
  const ProblemSink sink = [&problems](const DataProblem& problem) { problems.Add(problem); };
  ImportOptions in = ToImportOptions(options.in, options.input);
  ExportOptions out;
  out.target = options.out;
  out.format = ParseDataFormat(options.to);
  out.copy_pictures = options.copy;
  out.state_names = options.state_names;
  out.classes = in.classes;
  in.progress = out.progress = progress.get();
  in.stop = out.stop = [&context] { return context.StopRequested(); };
  out.Validate();
  Dataset dataset = ReadAnnotations(in, sink);
  if (problems.errors() > 0 && !options.skip_bad) {
    SayProblems(problems, context);
    throw Error(
        ErrorKind::kBadData,
        fmt::format("'{}' has {} errors; nothing was written. Mend them, or leave out what is bad with --skip-bad",
                    options.in, problems.errors()));
  }
  if (dataset.pictures.empty()) {
    SayProblems(problems, context);
    throw Error(ErrorKind::kBadData, fmt::format("'{}' holds no labelled picture; nothing was written", options.in));
  }
  StateOrigin(options.origin, options.licence, dataset.header);
  const ExportSummary summary = WriteAnnotations(dataset, out, sink);
  SayProblems(problems, context);
  SaySummary(dataset, summary, options, context);
  return problems.errors() > 0 ? ExitCode(ErrorKind::kBadData) : 0;
}

}  // namespace

void AddDataConvertCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app =
      AddCommand(data, context, "convert", "turn one annotation format into another",
                 "  maskscope data convert voc/ set.jsonl --to manifest            a VOC set as a manifest\n"
                 "  maskscope data convert set.jsonl yolo/ --to yolo --copy        ready to train elsewhere\n"
                 "  maskscope data convert coco.json cvat.xml --to cvat --images photos/\n"
                 "  maskscope data convert export.json out/ --from labelstudio --to coco --map map.yaml\n"
                 "Formats: manifest, voc, yolo, coco, wider, retinaface, kitti, cvat, labelstudio, folders, csv;\n"
                 "IN may also be a collection folder (docs/formats.md).\n"
                 "What the new format cannot hold is counted at the end. Nothing is written when something is wrong "
                 "with IN, unless\n"
                 "--skip-bad leaves it out; the exit code then is that of bad data.",
                 [options, &context] { return Run(*options, context); });
  app.add_option("IN", options->in, "the set: a folder or a file")->required();
  app.add_option("OUT", options->out, "a new folder, or a file for manifest, coco, cvat, labelstudio and csv")
      ->required();
  app.add_option("--to", options->to, "format of OUT")->option_text("F")->required();
  app.add_flag("--copy", options->copy, "copy the pictures into OUT");
  app.add_flag("--state-names", options->state_names, "call the classes correct, incorrect and none");
  app.add_flag("--skip-bad", options->skip_bad, "leave out what is wrong in IN and go on");
  AddOriginOptions(app, options->origin, options->licence);
  AddInputOptions(app, options->input);
}

}  // namespace maskscope
