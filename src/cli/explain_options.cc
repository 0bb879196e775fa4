#include "cli/explain_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "cli/eval_models.h"
#include "cli/result_output.h"
#include "image/encode.h"
#include "image/transform.h"

namespace maskscope {

void AddMapOptions(CLI::App& app, MapOptions& options) {
  app.add_option("--out", options.out, "folder for index.html, faces.csv and maps/")->option_text("DIR")->required();
  app.add_option("--method", options.methods,
                 "gradcam, gradcam++, hirescam, layercam, scorecam, eigencam, several with\ncommas, or all")
      ->option_text("NAME")
      ->capture_default_str();
  app.add_option("--layer", options.layer,
                 "the layer the maps are of, by name or number (maskscope explain features\nlists them); default: the "
                 "last one with a map, of 4 cells a side or more")
      ->option_text("NAME");
  app.add_flag("--trust", options.trust, "measure by deletion and insertion whether the maps may be trusted (slow)");
  app.add_option("--shown", options.shown, "faces pictured at most")->option_text("N")->capture_default_str();
  app.add_option("--record", options.record, "model record (JSON) for a model that carries none")->option_text("FILE");
}

std::vector<CamMethod> ParseMethods(const std::string& methods) {
  if (methods == "all") return CamMethods();
  std::vector<CamMethod> parsed;
  for (size_t begin = 0; begin <= methods.size();) {
    const size_t end = std::min(methods.find(',', begin), methods.size());
    const CamMethod method = ParseCamMethod(methods.substr(begin, end - begin));
    if (std::ranges::find(parsed, method) == parsed.end()) parsed.push_back(method);
    begin = end + 1;
  }
  return parsed;
}

ExplainOptions ToExplainOptions(const MapOptions& options, CamMethod method, const std::string& target) {
  ExplainOptions result;
  result.method = method;
  result.layer = options.layer;
  result.target = target;
  result.measure_trust = options.trust;
  return result;
}

Image ReadWholeImage(const std::filesystem::path& path, const DecodeOptions& decode) {
  DecodeOptions whole = decode;
  whole.reduce_to_longest_side = 0;
  return ReadImage(path, whole).image;
}

ClassifierExplainer OpenClassifier(const std::string& file, const std::string& record_file) {
  const std::filesystem::path path =
      file.empty() ? FindShippedModel("mask-classifier.onnx") : std::filesystem::path(file);
  DescribedModel model = LoadDescribedModel(path, record_file, std::nullopt);
  return ClassifierExplainer(std::move(model.graph), std::move(model.record));
}

Image CutForPage(const Image& image, const Box& region) {
  constexpr float kSide = 224;
  const float scale = kSide / std::max(region.width(), region.height());
  return CropResize(image, region, std::max(1, static_cast<int>(region.width() * scale + 0.5f)),
                    std::max(1, static_cast<int>(region.height() * scale + 0.5f)), 127);
}

void WriteExplanations(const std::string& title, const std::string& subtitle, const std::vector<ExplainedFace>& faces,
                       const MapOptions& options, const CommandContext& context) {
  namespace fs = std::filesystem;
  const fs::path out = options.out;
  const size_t shown = static_cast<size_t>(std::max(0, options.shown));
  MakeFolder(out / "maps");
  for (size_t i = 0; i < std::min(shown, faces.size()); ++i) {
    const std::string stem = fs::path(faces[i].source).stem().string();
    WriteImage(DrawMaps(faces[i]), out / "maps" / fmt::format("{:04}-{}-{}.jpg", i + 1, stem, faces[i].number));
  }
  WriteFileAtomically(out / "faces.csv", ToCsv(FaceTable(faces)));
  WriteFileAtomically(out / "index.html", ToHtml(ExplainPage(title, subtitle, faces, shown)));
  std::string text;
  if (!faces.empty()) text += ToMarkdown(HeatSummary(faces)) + "\n";
  for (const std::string& words : HeatWords(faces)) text += words + "\n";
  const std::string trust = TrustWords(faces);
  if (!trust.empty()) text += trust + "\n";
  OutputStream("-").Write(text);
  context.Say("wrote " + (out / "index.html").string());
}

}  // namespace maskscope
