#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/threads.h"
#include "cli/explain_commands.h"
#include "cli/explain_options.h"
#include "data/formats/labelled_parts.h"
#include "explain/landmarks.h"

// `explain errors`: the faces of a class that the classifier gets wrong, each with what it looked at.
namespace maskscope {
namespace {

struct ErrorsOptions {
  std::string data, split = "test", given, predicted;
  std::vector<std::string> sets;
  AnalysisOptions analysis;
  MapOptions maps;
  bool crops = false;
  float least_side = 24;  // pixels
  double validation_share = 0.1;
  uint64_t validation_seed = 1;
};

DatasetSplit SplitOf(const std::string& name) {
  if (const std::optional<DatasetSplit> split = ParseDatasetSplit(name)) return *split;
  throw Error(ErrorKind::kUsage, "--split: found '" + name + "', wanted test, train, validation or unassigned");
}

// A state's name, or "" for any. Errors: kUsage.
void CheckState(const std::string& name, const std::string& option) {
  if (name.empty() || ParseMaskState(name)) return;
  const std::string near = NearestWord(name, {"correct", "incorrect", "none"});
  throw Error(ErrorKind::kUsage, option + ": found '" + name + "', wanted correct, incorrect or none" +
                                     (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

// A labelled picture with the faces to look at; a crop has one face without a box.
struct Labelled {
  std::filesystem::path path;
  std::string name;
  std::vector<LabelledFace> faces;
  bool is_crop = false;
};

template <typename Item>
bool IsChosen(const Item& item, const ErrorsOptions& options) {
  return options.sets.empty() || std::ranges::find(options.sets, item.set) != options.sets.end();
}

// Errors: kBadData where nothing is left, naming the class.
std::vector<Labelled> ReadLabelled(const ErrorsOptions& options) {
  const ValidationRule rule{options.validation_share, options.validation_seed};
  const auto wanted = [&](const std::optional<MaskState>& state) {
    return state && (options.given.empty() || MaskStateName(*state) == options.given);
  };
  std::vector<Labelled> labelled;
  if (options.crops) {
    for (const LabelledCrop& crop : ReadFacesToMeasure(options.data, SplitOf(options.split), rule)) {
      if (!IsChosen(crop, options) || !wanted(crop.state)) continue;
      LabelledFace face;
      face.state = crop.state;
      labelled.push_back({crop.path, crop.set + "/" + crop.name, {face}, true});
    }
  } else {
    for (const LabelledImage& image : ReadScenesToMeasure(options.data, SplitOf(options.split), rule)) {
      if (!IsChosen(image, options)) continue;
      Labelled picture{image.path, image.set + "/" + image.name, {}, false};
      for (const LabelledFace& face : image.faces) {
        const float side = std::min(face.box.width(), face.box.height());
        if (!face.ignore && wanted(face.state) && side >= options.least_side) picture.faces.push_back(face);
      }
      if (!picture.faces.empty()) labelled.push_back(std::move(picture));
    }
  }
  if (labelled.empty()) {
    throw Error(ErrorKind::kBadData, "'" + options.data + "' has no faces" +
                                         (options.given.empty() ? "" : " given '" + options.given + "'") +
                                         " in the split '" + options.split + "' to explain");
  }
  return labelled;
}

// The detection that belongs to a labelled box: as the program would see the face. Without one, the label's own box.
FaceFrame MatchFace(const LabelledFace& face, const std::vector<Detection>& found) {
  constexpr float kLeastIou = 0.4f;
  FaceFrame frame{face.box, face.landmarks};
  float best = kLeastIou;
  for (const Detection& detection : found) {
    const float iou = Iou(detection.box, face.box);
    if (iou < best) continue;
    best = iou;
    frame = {detection.box, detection.landmarks};
  }
  return frame;
}

class ErrorExplainer {
 public:
  ErrorExplainer(const ErrorsOptions& options, const AnalyzerOptions& settings)
      : options_(options),
        settings_(settings),
        method_(ParseMethods(options.maps.methods)[0]),
        classifier_(OpenClassifier(options.analysis.classifier, options.maps.record)),
        detector_(LoadDetector(options.analysis.detector.empty() ? FindShippedModel("face-detector.onnx")
                                                                 : std::filesystem::path(options.analysis.detector),
                               {.precision = settings.precision}, settings.detector)) {}

  std::vector<ExplainedFace> Explain(const Labelled& labelled) const {
    const Image image = ReadWholeImage(labelled.path, settings_.decode);
    std::vector<ExplainedFace> faces;
    if (labelled.is_crop) {
      const Box whole{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)};
      faces.push_back(
          ExplainFace(labelled, image, whole, FindFaceInCrop(detector_, image), *labelled.faces[0].state, 1));
      return faces;
    }
    const std::vector<Detection> found = detector_.Detect(image, image.width, image.height);
    for (const LabelledFace& face : labelled.faces) {
      const FaceFrame frame = MatchFace(face, found);
      const Box region = ClassifierRegion(classifier_.record().crop, frame.box);
      faces.push_back(ExplainFace(labelled, image, region, frame, *face.state, static_cast<int>(faces.size()) + 1));
    }
    return faces;
  }

  const ModelRecord& record() const { return classifier_.record(); }

 private:
  // Of a wrong prediction also why not the class given.
  ExplainedFace ExplainFace(const Labelled& labelled, const Image& image, const Box& region, const FaceFrame& frame,
                            MaskState given, int number) const {
    ExplainedFace face{
        .source = labelled.name, .number = number, .given = std::string(MaskStateName(given)), .crop = {}, .maps = {}};
    const auto add = [&](const std::string& target, bool trust) {
      ExplainOptions how = ToExplainOptions(options_.maps, method_, target);
      how.measure_trust = how.measure_trust && trust;
      Explanation explanation = classifier_.Explain(image, region, frame, how);
      const std::string name = "for " + explanation.target;
      face.maps.push_back({name, std::move(explanation)});
    };
    add("", true);
    if (face.is_wrong()) {
      add(face.given, false);
      face.crop = CutForPage(image, region);
    }
    return face;
  }

  const ErrorsOptions& options_;
  const AnalyzerOptions& settings_;
  CamMethod method_;
  ClassifierExplainer classifier_;
  Detector detector_;
};

// Wrong ones first, the surest first; the right ones count in the summary only.
void SortForPage(const std::string& predicted, std::vector<ExplainedFace>& faces) {
  const auto sureness = [](const ExplainedFace& face) { return face.first().ScoreOf(face.first().predicted); };
  const auto shown = [&](const ExplainedFace& face) {
    return face.is_wrong() && (predicted.empty() || face.first().predicted == predicted);
  };
  std::ranges::stable_sort(faces, [&](const ExplainedFace& a, const ExplainedFace& b) {
    if (shown(a) != shown(b)) return shown(a);
    return sureness(a) > sureness(b);
  });
}

int RunExplainErrors(ErrorsOptions options, const CommandContext& context) {
  CheckState(options.given, "--class");
  CheckState(options.predicted, "--predicted");
  if (ParseMethods(options.maps.methods).size() != 1) {
    throw Error(ErrorKind::kUsage,
                "--method: errors are explained by one method; found '" + options.maps.methods + "'");
  }
  AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, 2);
  settings.threads = ResolveThreads(options.analysis.threads, "--threads");
  const std::vector<Labelled> labelled = ReadLabelled(options);
  const ErrorExplainer explainer(options, settings);
  std::vector<std::vector<ExplainedFace>> found(labelled.size());
  const auto progress = context.MakeProgress();
  progress->Start("explain", static_cast<int64_t>(labelled.size()), "pictures");
  ParallelFor(labelled.size(), settings.threads, [&](size_t i) {
    if (context.StopRequested()) throw Error(ErrorKind::kInterrupted, "stopped");
    found[i] = explainer.Explain(labelled[i]);
    progress->Step();
  });
  progress->Finish();
  std::vector<ExplainedFace> faces;
  for (auto& some : found)
    faces.insert(faces.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  SortForPage(options.predicted, faces);
  const auto wrong = std::ranges::count_if(faces, [&](const ExplainedFace& face) {
    return face.is_wrong() && (options.predicted.empty() || face.first().predicted == options.predicted);
  });
  const std::string what = options.given.empty() ? "all classes" : "class " + options.given;
  const std::string subtitle = fmt::format(
      "{}, {} faces of {} ({} split), {} wrong{}; maps: {}", explainer.record().name, faces.size(), what, options.split,
      wrong, options.predicted.empty() ? "" : " as " + options.predicted, options.maps.methods);
  // Only the wrong ones have pictures.
  options.maps.shown = std::min<int>(options.maps.shown, static_cast<int>(wrong));
  WriteExplanations("Wrong predictions and what was looked at", subtitle, faces, options.maps, context);
  return 0;
}

}  // namespace

void AddExplainErrorsCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ErrorsOptions>();
  CLI::App& app = AddCommand(
      group, context, "errors", "wrong predictions of a class, each with what the classifier looked at",
      "  maskscope explain errors --data data --class incorrect --out why\n"
      "  maskscope explain errors --data data --crops --class none --predicted correct --out why\n"
      "Each wrong face is shown beside the map of the class predicted and that of the class given; the summary says\n"
      "where the heat lies for right and for wrong predictions.",
      [options, &context] { return RunExplainErrors(*options, context); });
  app.add_option("--data", options->data,
                 "manifest (.jsonl), collection folder, or a set in another format (docs/formats.md)")
      ->option_text("DATA")
      ->required();
  app.add_option("--class", options->given, "only faces given this class")->option_text("NAME");
  app.add_option("--predicted", options->predicted, "show only those taken for this class")->option_text("NAME");
  app.add_option("--split", options->split, "test, train, validation or unassigned")
      ->option_text("NAME")
      ->capture_default_str();
  app.add_option("--set", options->sets, "only these sets (may be given several times)")->option_text("NAME");
  app.add_flag("--crops", options->crops, "the face crops of DATA in place of faces in whole pictures");
  app.add_option("--least-side", options->least_side, "shorter side in pixels below which a labelled face is left out")
      ->option_text("PX")
      ->capture_default_str();
  AddMapOptions(app, options->maps);
  AddAnalysisOptions(app, options->analysis, true);
}

}  // namespace maskscope
