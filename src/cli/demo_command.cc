#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "analyze/analyzer.h"
#include "analyze/draw_result.h"
#include "base/files.h"
#include "cli/command.h"
#include "data/painter.h"
#include "image/encode.h"

namespace maskscope {
namespace {

struct DemoOptions {
  std::string folder = "maskscope-demo";
  std::string detector, classifier;
  PainterOptions painter;
};

// The face found that lies best on a painted one, or nullptr when none covers at least half of it.
const FaceResult* FindFace(const Result& result, const Box& painted) {
  const auto better = [&](const FaceResult& a, const FaceResult& b) {
    return Iou(a.box, painted) < Iou(b.box, painted);
  };
  const auto best = std::max_element(result.faces.begin(), result.faces.end(), better);
  return best != result.faces.end() && Iou(best->box, painted) >= 0.4f ? &*best : nullptr;
}

void SayTable(const CommandContext& context, const Painting& painting, const Result& result) {
  int found = 0, right = 0;
  context.Say(fmt::format("  {:<24}{:<12}{:<12}{}", "painted", "is", "found as", "confidence"));
  for (const PaintedFace& painted : painting.faces) {
    const FaceResult* const face = FindFace(result, painted.label.box);
    const std::string_view truth = MaskStateName(*painted.label.state);
    found += face != nullptr ? 1 : 0;
    right += face != nullptr && face->state == truth ? 1 : 0;
    context.Say(fmt::format("  {:<24}{:<12}{:<12}{}", FaceCoverName(painted.cover), truth,
                            face ? face->state : "(not found)", face ? fmt::format("{:.2f}", face->confidence) : ""));
  }
  context.Say(fmt::format(
      "{} of {} painted faces found, {} with the right state. The models learnt from photos; these are drawings.",
      found, painting.faces.size(), right));
}

int RunDemo(const DemoOptions& options, const CommandContext& context) {
  const std::filesystem::path folder = options.folder;
  const std::filesystem::path picture = folder / "portrait.png", drawn = folder / "portrait-drawn.png";
  const auto model = [](const std::string& given, const char* shipped) {
    return given.empty() ? FindShippedModel(shipped) : std::filesystem::path(given);
  };
  const Analyzer analyzer(model(options.detector, "face-detector.onnx"),
                          model(options.classifier, "mask-classifier.onnx"));
  const Painting painting = PaintGroup(options.painter);
  MakeFolder(folder);
  WriteImage(painting.image, picture);

  const Result result = analyzer.AnalyzeFile(picture);
  if (result.error) throw Error(result.error->kind, result.error->message);
  Image annotated = painting.image;
  DrawResult(result, annotated);
  WriteImage(annotated, drawn);
  WriteFileAtomically(folder / "portrait.json", ToJson(result).dump() + "\n");

  SayTable(context, painting, result);
  context.Say("The portrait:     " + picture.string());
  context.Say("The drawn result: " + drawn.string());
  context.Say("The result:       " + (folder / "portrait.json").string());
  return 0;
}

}  // namespace

void AddDemoCommand(CLI::App& root, CommandContext& context) {
  const auto options = std::make_shared<DemoOptions>();
  // One of each first, so that every state is on the picture.
  options->painter.covers = {FaceCover::kMask, FaceCover::kMaskUnderNose, FaceCover::kMaskUnderChin, FaceCover::kBare,
                             FaceCover::kHand};
  CLI::App& app = AddCommand(root, context, "demo", "paint a group portrait and analyse it: no photo needed",
                             "  maskscope demo                      into maskscope-demo/\n"
                             "  maskscope demo --seed 7 --people 20 another crowd\n",
                             [options, &context] { return RunDemo(*options, context); });
  app.add_option("-o,--out", options->folder, "folder for the portrait and the results")->capture_default_str();
  app.add_option("--seed", options->painter.seed, "another seed, other people")->capture_default_str();
  app.add_option("--people", options->painter.people, "how many")->capture_default_str();
  app.add_option("--width", options->painter.width, "pixels")->capture_default_str();
  app.add_option("--height", options->painter.height, "pixels")->capture_default_str();
  app.add_option("--noise", options->painter.noise, "grain, standard deviation in units of 0..255")
      ->capture_default_str();
  app.add_option("--blur", options->painter.blur, "standard deviation, pixels")->capture_default_str();
  app.add_option("--detector", options->detector, "another face detector (ONNX with record)");
  app.add_option("--classifier", options->classifier, "another mask classifier (ONNX with record)");
}

}  // namespace maskscope
