#include "data/suspects/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "analyze/preprocess.h"
#include "base/error.h"
#include "base/threads.h"
#include "engine/engine.h"
#include "graph/onnx_io.h"
#include "graph/passes.h"
#include "image/decode.h"
#include "zoo/weights.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFeatures = "features";

// The graph up to its value "features".
void EndAtFeatures(const std::string& source, Graph& graph) {
  if (graph.FindProducer(kFeatures) == nullptr) {
    throw Error(ErrorKind::kUnsupported,
                "'" + source + "': the network has no value '" + kFeatures +
                    "'; wanted a MobileNetV2 classifier made by 'maskscope train classifier', or MobileNetV2 weights "
                    "(.safetensors)");
  }
  graph.outputs = {{kFeatures, DataType::kFloat32, {Dim::Symbol("batch"), Dim::Symbol("columns")}}};
  RemoveDead(graph);
}

FeatureModel ImageNetModel(const fs::path& file, int side) {
  if (side < 32 || side > 1024 || side % 32 != 0) {
    throw Error(ErrorKind::kUsage, fmt::format("side: found {}, wanted a multiple of 32 from 32 to 1024", side));
  }
  FeatureModel model;
  model.source = file.string();
  model.graph = BuildMobileNetV2({.input_size = side});
  LoadMobileNetV2(ReadSafetensors(file), model.graph);
  model.input.width = model.input.height = side;
  model.input.mean = model.input.std = {127.5f, 127.5f, 127.5f};
  model.crop.margin = 0.25f;
  return model;
}

FeatureModel ClassifierModel(const fs::path& file) {
  FeatureModel model;
  model.source = file.string();
  model.graph = ReadOnnx(file);
  const std::optional<ModelRecord> record = ReadModelRecord(model.graph, model.source);
  if (!record || record->task != ModelTask::kMaskClassifier) {
    throw Error(ErrorKind::kUnsupported, "'" + model.source + "': found " +
                                             (record ? "a detector" : "a model without a maskscope record") +
                                             ", wanted a mask classifier of maskscope's own making");
  }
  model.input = record->input;
  model.crop = record->crop;
  return model;
}

// [3, height, width]: every row back to front.
void MirrorPlanes(const InputSize& size, float* planes) {
  for (int row = 0; row < 3 * size.height; ++row) {
    std::reverse(planes + size_t(row) * size.width, planes + size_t(row + 1) * size.width);
  }
}

class Extractor {
 public:
  Extractor(const FeatureModel& model, const FeatureOptions& options)
      : model_(model), options_(options), engine_(model.graph, {.precision = Precision::kF32, .threads = 1}) {}

  // The features of one region of `image`.
  std::vector<float> Features(const Image& image, const Box& region) {
    const InputSize size = ClassifierInputSize(model_.input, region);
    const size_t crop = size_t(3) * size.width * size.height, views = options_.mirrored ? 2 : 1;
    std::vector<float> input(views * crop);
    FillClassifierInput(model_.input, image, region, size, input.data());
    if (options_.mirrored) {
      std::copy_n(input.data(), crop, input.data() + crop);
      MirrorPlanes(size, input.data() + crop);
    }
    const Shape shape{static_cast<int64_t>(views), 3, size.height, size.width};
    const RunResult run = engine_.Run({{model_.graph.inputs[0].name, {input.data(), shape}}});
    const TensorView& found = run.Get(kFeatures);
    const size_t columns = static_cast<size_t>(found.size()) / views;
    std::vector<float> mean(found.data, found.data + columns);
    for (size_t i = 0; views == 2 && i < columns; ++i) mean[i] = (mean[i] + found.data[columns + i]) / 2;
    return mean;
  }

 private:
  const FeatureModel& model_;
  FeatureOptions options_;
  Engine engine_;
};

// Faces of one picture: [begin, end) of the list.
struct Span {
  size_t begin, end;
};

std::vector<Span> SpansByPicture(const std::vector<FaceRef>& faces) {
  std::vector<Span> spans;
  for (size_t i = 0; i < faces.size(); ++i) {
    if (i == 0 || faces[i].picture != faces[i - 1].picture) spans.push_back({i, i});
    spans.back().end = i + 1;
  }
  return spans;
}

}  // namespace

FeatureModel LoadFeatureModel(const fs::path& file, int imagenet_side) {
  FeatureModel model = file.extension() == ".safetensors" ? ImageNetModel(file, imagenet_side) : ClassifierModel(file);
  EndAtFeatures(model.source, model.graph);
  return model;
}

void FeatureOptions::Validate() const {
  Problems problems;
  problems.Require(threads >= 0 && threads <= 1024, "threads", std::to_string(threads), "0 to 1024");
  problems.ThrowIfAny(ErrorKind::kUsage, "features");
}

FaceFeatures ExtractFeatures(const FeatureModel& model, const Dataset& dataset, const std::vector<FaceRef>& faces,
                             const FeatureOptions& options, Progress* progress, const std::function<bool()>& stop) {
  options.Validate();
  Extractor extractor(model, options);
  const std::vector<Span> spans = SpansByPicture(faces);
  if (progress != nullptr) progress->Start("looking at faces", static_cast<int64_t>(faces.size()), "faces");
  std::vector<std::vector<float>> rows(faces.size());
  std::vector<std::string> failures(spans.size());
  ParallelFor(spans.size(), options.threads, [&](size_t s) {
    if (stop && stop()) throw Error(ErrorKind::kInterrupted, "stopped while faces were looked at");
    const ManifestPicture& picture = dataset.pictures.at(faces[spans[s].begin].picture);
    try {
      const Image image = ReadImage(dataset.root / picture.path).image;
      for (size_t i = spans[s].begin; i < spans[s].end; ++i) {
        const Box whole{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)};
        rows[i] = extractor.Features(
            image, picture.kind == PictureKind::kScene ? ClassifierRegion(model.crop, faces[i].box) : whole);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kBadModel || error.kind() == ErrorKind::kResource) throw;
      failures[s] = error.what();
    }
    if (progress != nullptr) progress->Step(static_cast<int64_t>(spans[s].end - spans[s].begin));
  });
  if (progress != nullptr) progress->Finish();
  FaceFeatures features;
  for (size_t s = 0; s < spans.size(); ++s) {
    if (failures[s].empty()) continue;
    features.problems.push_back({DataProblem::Severity::kError, "picture_unreadable",
                                 dataset.pictures[faces[spans[s].begin].picture].path, "", failures[s]});
    for (size_t i = spans[s].begin; i < spans[s].end; ++i) rows[i].clear();
  }
  FeatureMatrix& matrix = features.matrix;
  matrix.rows = faces.size();
  for (const auto& row : rows) matrix.columns = std::max(matrix.columns, row.size());
  matrix.values.reserve(matrix.rows * matrix.columns);
  for (auto& row : rows) {
    features.read.push_back(!row.empty());
    row.resize(matrix.columns);
    matrix.values.insert(matrix.values.end(), row.begin(), row.end());
    row = {};
  }
  return features;
}

}  // namespace maskscope
