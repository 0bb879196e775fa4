#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "base/threads.h"
#include "cli/eval_models.h"
#include "cli/explain_commands.h"
#include "cli/explain_options.h"
#include "cli/sources.h"
#include "explain/landmarks.h"

// `explain faces` and `explain boxes`: maps of pictures that the user names.
namespace maskscope {
namespace {

struct ExplainFacesOptions {
  SourceOptions sources;
  AnalysisOptions analysis;
  MapOptions maps;
  std::string target;
  bool crops = false;
};

using PictureFaces = std::vector<ExplainedFace>;

// Faces of all pictures in order. A picture that fails is told of and left out; the exit code says so.
struct ExplainedRun {
  std::vector<ExplainedFace> faces;
  size_t pictures = 0;
  int exit_code = 0;
};

template <typename Explain>
ExplainedRun ExplainPictures(const ExplainFacesOptions& options, const AnalyzerOptions& settings,
                             const Explain& explain, const CommandContext& context) {
  const std::vector<PictureSource> sources = ExpandSources(options.sources);
  std::vector<PictureFaces> found(sources.size());
  std::vector<std::optional<Result::Failure>> failures(sources.size());
  const auto progress = context.MakeProgress();
  progress->Start("explain", static_cast<int64_t>(sources.size()), "pictures");
  ParallelFor(sources.size(), settings.threads, [&](size_t i) {
    if (context.StopRequested()) throw Error(ErrorKind::kInterrupted, "stopped");
    const PictureSource& source = sources[i];
    try {
      if (source.failure) throw Error(source.failure->kind, source.failure->message);
      if (source.is_stdin()) throw Error(ErrorKind::kUsage, "explain reads pictures from files, not from stdin");
      found[i] = explain(ReadWholeImage(source.path, settings.decode), source.name());
    } catch (const Error& error) {
      // What is wrong with the question is wrong for all pictures.
      const bool of_all = error.kind() == ErrorKind::kUsage || error.kind() == ErrorKind::kUnsupported ||
                          error.kind() == ErrorKind::kBadModel || error.kind() == ErrorKind::kInternal;
      if (of_all && !source.failure) throw;
      failures[i] = Result::Failure{error.kind(), error.what()};
    }
    progress->Step();
  });
  progress->Finish();
  ExplainedRun run;
  run.pictures = sources.size();
  for (size_t i = 0; i < sources.size(); ++i) {
    if (failures[i]) {
      context.Warn(failures[i]->message);
      const int code = ExitCode(failures[i]->kind);
      run.exit_code = run.exit_code == 0 || run.exit_code == code ? code : kSomeFailedExitCode;
    }
    run.faces.insert(run.faces.end(), std::make_move_iterator(found[i].begin()),
                     std::make_move_iterator(found[i].end()));
  }
  const auto failed = std::ranges::count_if(failures, [](const auto& failure) { return failure.has_value(); });
  if (failed > 0 && static_cast<size_t>(failed) < sources.size()) run.exit_code = kSomeFailedExitCode;
  return run;
}

template <typename Explain>
ExplainedFace AllMethods(const ExplainFacesOptions& options, const std::string& source, int number,
                         const Explain& explain) {
  ExplainedFace face{.source = source, .number = number, .given = "", .crop = {}, .maps = {}};
  for (const CamMethod method : ParseMethods(options.maps.methods)) {
    face.maps.push_back(
        {std::string(CamMethodName(method)), explain(ToExplainOptions(options.maps, method, options.target))});
  }
  return face;
}

std::string Subtitle(const ExplainFacesOptions& options, const ModelRecord& record, const ExplainedRun& run) {
  const std::string layer = run.faces.empty() ? "–" : run.faces.front().first().layer.node;
  return fmt::format("{} ({}), maps: {}, layer {}; {} faces in {} pictures", record.name, record.architecture,
                     options.maps.methods, layer, run.faces.size(), run.pictures);
}

int RunExplainFaces(const ExplainFacesOptions& options, const CommandContext& context) {
  ParseMethods(options.maps.methods);
  AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, 2);
  settings.threads = ResolveThreads(options.analysis.threads, "--threads");
  const ClassifierExplainer classifier = OpenClassifier(options.analysis.classifier, options.maps.record);
  const Detector detector =
      LoadDetector(options.analysis.detector.empty() ? FindShippedModel("face-detector.onnx")
                                                     : std::filesystem::path(options.analysis.detector),
                   {.precision = settings.precision}, settings.detector);
  const auto explain = [&](const Image& image, const std::string& source) {
    PictureFaces faces;
    const auto add = [&](const Box& region, const FaceFrame& frame) {
      faces.push_back(AllMethods(options, source, static_cast<int>(faces.size()) + 1, [&](const ExplainOptions& how) {
        return classifier.Explain(image, region, frame, how);
      }));
      faces.back().crop = CutForPage(image, region);
    };
    if (options.crops) {
      add({0, 0, static_cast<float>(image.width), static_cast<float>(image.height)}, FindFaceInCrop(detector, image));
    } else {
      for (const Detection& found : detector.Detect(image, image.width, image.height)) {
        add(ClassifierRegion(classifier.record().crop, found.box), {found.box, found.landmarks});
      }
    }
    return faces;
  };
  const ExplainedRun run = ExplainPictures(options, settings, explain, context);
  WriteExplanations("Why the classifier says so", Subtitle(options, classifier.record(), run), run.faces, options.maps,
                    context);
  return run.exit_code;
}

int RunExplainBoxes(const ExplainFacesOptions& options, const CommandContext& context) {
  ParseMethods(options.maps.methods);
  AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, 2);
  settings.threads = ResolveThreads(options.analysis.threads, "--threads");
  const std::filesystem::path file = options.analysis.detector.empty()
                                         ? FindShippedModel("face-detector.onnx")
                                         : std::filesystem::path(options.analysis.detector);
  if (std::filesystem::is_directory(file)) {
    throw Error(ErrorKind::kUnsupported, "'" + file.string() + "' is a cascade: its boxes come from three networks");
  }
  DescribedModel model = LoadDescribedModel(file, options.maps.record, settings.detector.longest_side);
  // The same arithmetic finds and explains the boxes.
  const Detector detector(std::make_shared<Engine>(model.graph, EngineOptions{.precision = Precision::kF32}),
                          model.record, settings.detector);
  const DetectorExplainer explainer(std::move(model.graph), detector.record());
  const auto explain = [&](const Image& image, const std::string& source) {
    PictureFaces faces;
    for (const Detection& found : detector.Detect(image, image.width, image.height)) {
      faces.push_back(AllMethods(options, source, static_cast<int>(faces.size()) + 1,
                                 [&](const ExplainOptions& how) { return explainer.Explain(image, found, how); }));
      faces.back().crop = CutForPage(image, faces.back().first().region);
    }
    return faces;
  };
  const ExplainedRun run = ExplainPictures(options, settings, explain, context);
  WriteExplanations("Why the detector found these boxes", Subtitle(options, detector.record(), run), run.faces,
                    options.maps, context);
  return run.exit_code;
}

void AddPictures(CLI::App& app, ExplainFacesOptions& options) {
  app.add_option("SOURCE", options.sources.sources, "picture files, folders, quoted wildcards, @LIST files")
      ->required();
  app.add_flag("-r,--recursive", options.sources.recursive, "folders with all their subfolders");
  app.add_option("--class", options.target, "the class to explain; default: the one predicted")->option_text("NAME");
}

}  // namespace

void AddExplainFacesCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ExplainFacesOptions>();
  CLI::App& app =
      AddCommand(group, context, "faces", "where the classifier looks on each face",
                 "  maskscope explain faces photo.jpg --out why                 faces found, each beside its map\n"
                 "  maskscope explain faces crops --crops --out why --method all  faces already cut, six methods\n"
                 "  maskscope explain faces photo.jpg --out why --class none --trust\n",
                 [options, &context] { return RunExplainFaces(*options, context); });
  AddPictures(app, *options);
  app.add_flag("--crops", options->crops, "each picture is one face, already cut");
  AddMapOptions(app, options->maps);
  AddAnalysisOptions(app, options->analysis, true);
}

void AddExplainBoxesCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ExplainFacesOptions>();
  CLI::App& app =
      AddCommand(group, context, "boxes", "what made a detector find each box",
                 "  maskscope explain boxes photo.jpg --out why\n"
                 "  maskscope explain boxes photo.jpg --out why --detector models/mask-onestage.onnx --class none\n",
                 [options, &context] { return RunExplainBoxes(*options, context); });
  AddPictures(app, *options);
  AddMapOptions(app, options->maps);
  AddAnalysisOptions(app, options->analysis, true);
}

}  // namespace maskscope
