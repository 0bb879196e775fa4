#include <fmt/format.h>

#include <algorithm>

#include "analyze/preprocess.h"
#include "base/error.h"
#include "base/files.h"
#include "cli/eval_models.h"
#include "cli/explain_commands.h"
#include "cli/explain_options.h"
#include "cli/model_summary.h"
#include "cli/result_output.h"
#include "cli/sources.h"
#include "explain/feature_maps.h"
#include "image/encode.h"
#include "report/html_page.h"

// `explain features`: what goes on inside a network.
namespace maskscope {
namespace {

struct FeaturesOptions {
  std::string model, record, out;
  SourceOptions sources;
  std::vector<std::string> layers;
  GridOptions grid;
};

// A picture as the model is fed with it: a classifier takes it whole as one face.
std::vector<float> FillInput(const ModelRecord& record, const Image& image, InputSize& size) {
  const bool is_classifier = record.task == ModelTask::kMaskClassifier;
  const Box whole{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)};
  size = is_classifier ? ClassifierInputSize(record.input, whole)
                       : DetectorInputSize(record.input, image.width, image.height);
  std::vector<float> input(size_t(3) * static_cast<size_t>(size.width) * static_cast<size_t>(size.height));
  if (is_classifier) {
    FillClassifierInput(record.input, image, whole, size, input.data());
  } else {
    FillDetectorInput(record.input, image, input.data());
  }
  return input;
}

// Four layers from the first to the last, where none is named.
std::vector<Layer> ChosenLayers(const Probe& probe, const std::vector<std::string>& names) {
  std::vector<Layer> chosen;
  for (const std::string& name : names) chosen.push_back(FindLayer(probe.graph(), probe.inferred(), name));
  if (!names.empty()) return chosen;
  std::vector<Layer> all = ListSpatialLayers(probe.graph(), probe.inferred());
  // What a block ends with says more than its parts.
  std::vector<Layer> ends = all;
  std::erase_if(ends, [](const Layer& layer) {
    return layer.op != "Relu" && layer.op != "Clip" && layer.op != "Add" && layer.op != "HardSwish" &&
           layer.op != "Mul";
  });
  if (ends.size() >= 4) all = std::move(ends);
  for (size_t i = 0; i < 4 && !all.empty(); ++i) {
    const Layer& layer = all[(all.size() - 1) * i / 3];
    if (chosen.empty() || chosen.back().value != layer.value) chosen.push_back(layer);
  }
  return chosen;
}

int ListModelLayers(const DescribedModel& model) {
  const auto size = ChooseNetworkSize(model.graph, model.record, std::nullopt);
  const Probe probe(model.graph, {1, 3, size->height, size->width});
  OutputStream("-").Write(ToMarkdown(LayerTable(ListLayers(probe.graph(), probe.inferred()))));
  return 0;
}

std::string FileName(const std::string& layer) {
  std::string name = layer;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-' && c != '_'; },
      '_');
  return name;
}

int RunExplainFeatures(const FeaturesOptions& options, const CommandContext& context) {
  options.grid.Validate();
  const DescribedModel model = LoadDescribedModel(options.model, options.record, std::nullopt);
  if (options.sources.sources.empty()) return ListModelLayers(model);
  if (options.out.empty()) throw Error(ErrorKind::kUsage, "--out DIR is needed for the maps of a picture");
  const std::vector<PictureSource> sources = ExpandSources(options.sources);
  std::unique_ptr<Probe> probe;
  std::unique_ptr<ActivationCounter> counter;
  std::vector<float> first_input;
  InputSize first_size;
  int skipped = 0;
  for (const PictureSource& source : sources) {
    if (source.failure) throw Error(source.failure->kind, source.failure->message);
    if (context.StopRequested()) throw Error(ErrorKind::kInterrupted, "stopped");
    InputSize size;
    std::vector<float> input = FillInput(model.record, ReadWholeImage(source.path, {}), size);
    if (probe == nullptr) {
      probe = std::make_unique<Probe>(model.graph, Shape{1, 3, size.height, size.width});
      counter = std::make_unique<ActivationCounter>(*probe);
      first_input = input;
      first_size = size;
    }
    // Numbers of maps of different sizes would not be comparable.
    if (size.width != first_size.width || size.height != first_size.height) {
      ++skipped;
      continue;
    }
    counter->Add(input.data());
  }
  if (skipped > 0) {
    context.Warn(fmt::format("{} pictures are fed at another size than the first one and were left out", skipped));
  }
  const Table table = ActivationTable(counter->Result());
  const std::filesystem::path out = options.out;
  MakeFolder(out);
  Page page{.title = "Inside " + model.record.name,
            .subtitle =
                fmt::format("{}, fed at {} x {}; {} pictures, maps of {}", model.record.architecture, first_size.width,
                            first_size.height, sources.size() - static_cast<size_t>(skipped), sources[0].name())};
  PageSection maps{"Feature maps"};
  for (const Layer& layer : ChosenLayers(*probe, options.layers)) {
    const Tensor activation = ToTensor(probe->Run(first_input.data(), {layer.value}).Get(layer.value));
    const Image grid = DrawFeatureMaps(activation, options.grid);
    WriteImage(grid, out / ("features-" + FileName(layer.node) + ".png"));
    maps.blocks.push_back(Picture{
        EncodePng(grid), "feature maps of " + layer.node,
        fmt::format("{} ({}), {}: the first {} channels, each from its least (black) to its "
                    "greatest value (white)",
                    layer.node, layer.op, ToString(layer.shape), std::min<int64_t>(layer.shape[1], options.grid.most)),
        grid.width});
  }
  page.sections.push_back(std::move(maps));
  const Image filters = DrawFirstFilters(model.graph, model.record.input.channels == ChannelOrder::kBgr, options.grid);
  WriteImage(filters, out / "filters.png");
  page.sections.push_back(
      {"Filters of the first convolution",
       {Picture{EncodePng(filters), "first filters", "One scale for all; grey is 0.", filters.width}}});
  page.sections.push_back({"Activations", {table}});
  WriteFileAtomically(out / "activations.csv", ToCsv(table));
  WriteFileAtomically(out / "index.html", ToHtml(page));
  OutputStream("-").Write(ToMarkdown(table));
  context.Say("wrote " + (out / "index.html").string());
  return 0;
}

}  // namespace

void AddExplainFeaturesCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<FeaturesOptions>();
  CLI::App& app =
      AddCommand(group, context, "features", "feature maps, first filters and activations of every layer",
                 "  maskscope explain features models/mask-classifier.onnx                 the layers there are\n"
                 "  maskscope explain features models/mask-classifier.onnx face.jpg --out inside\n"
                 "  maskscope explain features models/face-detector.onnx photo.jpg --layer 5 --out inside\n"
                 "A classifier takes each picture whole, as one face.",
                 [options, &context] { return RunExplainFeatures(*options, context); });
  app.add_option("MODEL", options->model, "an ONNX file")->required();
  app.add_option("PICTURE", options->sources.sources,
                 "pictures: maps are of the first, activations of all; without any, the layers are listed");
  app.add_option("--out", options->out, "folder for index.html, activations.csv and the grids")->option_text("DIR");
  app.add_option("--layer", options->layers, "layers to draw, by name or number (may be given several times)")
      ->option_text("NAME");
  app.add_option("--channels", options->grid.most, "channels drawn of a layer at most")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--record", options->record, "model record (JSON) for a model that carries none")->option_text("FILE");
}

}  // namespace maskscope
