#include <fmt/format.h>

#include <map>
#include <memory>

#include "cli/analysis_options.h"
#include "cli/data_commands.h"
#include "cli/data_derive.h"
#include "cli/data_input.h"
#include "data/prepare/crops.h"

namespace maskscope {
namespace {

struct Options {
  std::string data, out;
  DataInput input;
  bool detect = false;
  CropOptions crops;
  AnalysisOptions analysis;
};

int RunCrops(Options options, const CommandContext& context) {
  options.crops.Validate();
  Dataset dataset = OpenDataset(options.data, options.input, context);
  std::optional<Analyzer> analyzer;
  if (options.detect || !options.analysis.detector.empty()) {
    analyzer.emplace(MakeAnalyzer(options.analysis, ToAnalyzerOptions(options.analysis, 1)));
    options.crops.find_faces = [&analyzer](const Image& image) {
      std::vector<Box> boxes;
      for (const Detection& face : analyzer->detector().Detect(image, image.width, image.height))
        boxes.push_back(face.box);
      return boxes;
    };
  }
  std::string command = fmt::format(
      "maskscope data crops {} {} --margin {} --size {} --least-side {} --not-a-face {} --seed {} --quality {}",
      options.data, options.out, options.crops.factor, options.crops.size, options.crops.least_side,
      options.crops.not_a_face, options.crops.seed, options.crops.jpeg_quality);
  if (options.crops.keep_aspect) command += " --keep-aspect";
  if (analyzer) command += options.analysis.detector.empty() ? " --detect" : " --detector " + options.analysis.detector;
  NoteOrigin(dataset, options.data, options.input, command);
  const auto progress = context.MakeProgress();
  options.crops.progress = progress.get();
  options.crops.stop = [&context] { return context.StopRequested(); };
  const CropsResult result = WriteCrops(dataset, options.out, options.crops);
  std::map<std::string, int> classes;
  for (const ManifestPicture& crop : result.crops.pictures) ++classes[crop.path.substr(0, crop.path.find('/'))];
  std::string text;
  for (const auto& [name, count] : classes) text += fmt::format(" {} {},", count, name);
  context.Say(fmt::format("{} crops:{} in {}", result.crops.pictures.size(), text, options.out));
  SayDropped(context, result.dropped, options.out + "/dropped.jsonl");
  const int missing = options.crops.not_a_face - classes["not_a_face"];
  if (missing > 0)
    context.Warn(fmt::format("--not-a-face: {} fewer than wanted; the scenes have no more room", missing));
  return CountDropped(result.dropped).count("unreadable") > 0 ? kSomeFailedExitCode : 0;
}

}  // namespace

void AddDataCropsCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(
      data, context, "crops", "cut the faces of scenes into class folders",
      "  maskscope data crops set.jsonl faces                        twice the box, squashed to 224 x 224\n"
      "  maskscope data crops set.jsonl faces --margin 1.5 --keep-aspect --least-side 20\n"
      "  maskscope data crops set.jsonl faces --detect --not-a-face 800\n"
      "                                              boxes as our detector draws them, and patches without a face\n"
      "Writes OUT_DIR/correct, incorrect, none, not_a_face, crops.jsonl, and what was left out and why to "
      "dropped.jsonl.",
      [options, &context] { return RunCrops(*options, context); });
  CropOptions& crops = options->crops;
  AddDataArgument(app, options->data, options->input);
  app.add_option("OUT_DIR", options->out, "folder to make; must not exist, or be empty")->required();
  app.add_option("--margin", crops.factor, "side of the crop over side of the box, cut at the picture's edge")
      ->option_text("F")
      ->capture_default_str();
  app.add_option("--size", crops.size, "pixels of the crop's sides; 0 = as in the picture")
      ->option_text("PX")
      ->capture_default_str();
  app.add_flag("--keep-aspect", crops.keep_aspect, "the longer side becomes --size; otherwise both do");
  app.add_option("--least-side", crops.least_side, "leave out faces whose box has a shorter side")
      ->option_text("PX")
      ->capture_default_str();
  app.add_option("--not-a-face", crops.not_a_face, "patches to cut that touch no labelled face")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--seed", crops.seed, "of those patches")->option_text("N")->capture_default_str();
  app.add_option("--quality", crops.jpeg_quality, "of the JPEG files")->option_text("Q")->capture_default_str();
  app.add_flag("--detect", options->detect, "boxes of the shipped detector, states of the labels they overlap");
  app.add_option("--detector", options->analysis.detector, "the same with another detector (ONNX)")
      ->option_text("FILE");
}

}  // namespace maskscope
