#include "train/classifier_trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "analyze/preprocess.h"
#include "base/error.h"
#include "base/log.h"
#include "graph/onnx_io.h"
#include "train/batch_norm.h"
#include "train/classifier_head.h"
#include "train/classifier_task.h"
#include "train/settings.h"
#include "zoo/registry.h"
#include "zoo/weights.h"

namespace maskscope {

namespace {

// Where the start has a record, its network is fed as it is used to.
ModelRecord MakeRecord(const ClassifierTrainingOptions& options, const Graph& start) {
  const std::optional<ModelRecord> before = ReadModelRecord(start, options.init.string());
  ModelRecord record;
  record.task = ModelTask::kMaskClassifier;
  record.name = "mask-classifier";
  record.architecture = before ? before->architecture : options.arch;
  for (int state = 0; state < kMaskStates; ++state) {
    record.classes.emplace_back(MaskStateName(static_cast<MaskState>(state)));
  }
  record.input.resize = ResizeRule::kStretch;
  record.input.width = record.input.height = LargestSide(options);
  record.input.sides = options.crop_sides;
  const PixelScaling pixels = ParsePixelScaling(options.pixels);
  record.input.channels = before ? before->input.channels : ChannelOrder::kRgb;
  record.input.mean = before ? before->input.mean : pixels.mean;
  record.input.std = before ? before->input.std : pixels.std;
  record.input.pad_value = 127.5f;
  record.crop.margin = options.margin;
  record.crop.square = true;
  record.licence = "Apache-2.0";
  return record;
}

// How the model came about, without the paths of the machine it was made on.
nlohmann::json Provenance(const ClassifierTrainingOptions& options, const MaskSamples& samples) {
  return {{"recipe", RecipeForRecord(ToJson(options))},
          {"train_faces", CountSamples(samples.train)},
          {"validation_faces", CountSamples(samples.validation)}};
}

bool HasBatchNorm(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const Node& n) { return n.op == "BatchNormalization"; });
}

void LoadStart(const ClassifierTrainingOptions& options, Graph& graph) {
  if (options.arch != "mobilenet_v2" || options.width != 1) {
    throw Error{ErrorKind::kUsage, options.init.string() + ": weights for " + options.arch +
                                       " are taken from an .onnx file; make one with 'maskscope model import'"};
  }
  LoadMobileNetV2(ReadSafetensors(options.init), graph);
}

Graph StartGraph(const ClassifierTrainingOptions& options) {
  if (options.init.extension() == ".onnx") {
    Graph graph = ReadOnnx(options.init);
    const auto has = [](const auto& values, const char* name) {
      return std::any_of(values.begin(), values.end(), [&](const ValueInfo& v) { return v.name == name; });
    };
    if (!has(graph.inputs, "input") || !has(graph.outputs, "logits") || !HasBatchNorm(graph)) {
      throw Error{ErrorKind::kBadModel,
                  options.init.string() +
                      " cannot be trained further as a mask classifier: wanted an input 'input', an "
                      "output 'logits' and BatchNormalization nodes"};
    }
    const std::optional<ModelRecord> record = ReadModelRecord(graph, options.init.string());
    if (record && record->provenance.contains(kLogitBias)) {
      std::vector<double> bias = record->provenance[kLogitBias].get<std::vector<double>>();
      for (double& value : bias) value = -value;
      AddToLogits(bias, graph);
    }
    return graph;
  }
  const Architecture& architecture = FindArchitecture(options.arch);
  ArchitectureOptions network;
  network.classes = kMaskStates;
  if (architecture.takes_width) network.width = options.width;
  if (architecture.takes_dropout) network.dropout = options.dropout;
  network.input_size = LargestSide(options);
  network.seed = options.loop.seed;
  Graph graph = architecture.build(network);
  if (!options.init.empty()) LoadStart(options, graph);
  if (options.hidden > 0) AddHiddenLayer(options.hidden, options.dropout, options.loop.seed, graph);
  return graph;
}

void CutCanvases(const std::vector<MaskSample>& samples, const ClassifierTrainingOptions& options,
                 const ModelRecord& record, const LoopHooks& hooks, Spool& spool, ClassifierData& data) {
  const int side = options.canvas_side;
  data.canvases = spool.Allocate({static_cast<int64_t>(samples.size()), 3, side, side}, at::kByte);
  const size_t plane = static_cast<size_t>(side) * static_cast<size_t>(side);
  uint8_t* const all = data.canvases.data_ptr<uint8_t>();
  const auto fill = static_cast<uint8_t>(std::lround(record.input.pad_value));
  ForEachSample(
      samples, options.loop.threads, [&] { hooks.PictureDone(); },
      [&](size_t i, const Image& picture) {
        const Box crop = SampleRegion(samples[i], record.crop, picture);
        const float grow_x = crop.width() * (options.canvas_extent - 1) / 2,
                    grow_y = crop.height() * (options.canvas_extent - 1) / 2;
        const Box region{crop.x1 - grow_x, crop.y1 - grow_y, crop.x2 + grow_x, crop.y2 + grow_y};
        const Image canvas = CropResize(picture, region, side, side, fill);
        uint8_t* const out = all + i * 3 * plane;
        for (size_t p = 0; p < plane; ++p) {
          for (size_t c = 0; c < 3; ++c) out[c * plane + p] = canvas.pixels[p * 3 + c];
        }
      });
}

void CutValidation(const std::vector<MaskSample>& samples, const ClassifierTrainingOptions& options,
                   const ModelRecord& record, const LoopHooks& hooks, Spool& spool, ClassifierData& data) {
  data.validation.resize(samples.size());
  const int64_t most = int64_t{3} * record.input.height * record.input.width;
  const at::Tensor all = spool.Allocate({static_cast<int64_t>(samples.size()), most}, at::kFloat);
  ForEachSample(
      samples, options.loop.threads, [&] { hooks.PictureDone(); },
      [&](size_t i, const Image& picture) {
        const Box region = SampleRegion(samples[i], record.crop, picture);
        const InputSize size = ClassifierInputSize(record.input, region);
        data.validation[i] = all[static_cast<int64_t>(i)]
                                 .narrow(0, 0, int64_t{3} * size.height * size.width)
                                 .view({3, size.height, size.width});
        FillClassifierInput(record.input, picture, region, size, data.validation[i].data_ptr<float>());
      });
  for (const MaskSample& sample : samples) {
    data.validation_labels.push_back(static_cast<int>(sample.state));
    data.validation_names.push_back(sample.set + "/" + sample.path.filename().string());
  }
}

int64_t CountPictures(const MaskSamples& samples) {
  std::set<std::filesystem::path> train, validation;
  for (const MaskSample& sample : samples.train) train.insert(sample.path);
  for (const MaskSample& sample : samples.validation) validation.insert(sample.path);
  return static_cast<int64_t>(train.size() + validation.size());
}

// Faces of each state in photographed scenes: those were not gathered state by state. Sets without one of the states
// (faces of before there were masks, say) were chosen otherwise and tell nothing. Empty where no set is left.
std::vector<double> Prevalence(const std::vector<MaskSample>& samples) {
  std::map<std::string, std::vector<double>> of_set;
  for (const MaskSample& sample : samples) {
    if (sample.synthetic || sample.whole_picture) continue;
    auto& faces = of_set.try_emplace(sample.set, kMaskStates, 0.0).first->second;
    ++faces[static_cast<size_t>(sample.state)];
  }
  std::vector<double> faces(kMaskStates, 0);
  for (const auto& [set, counts] : of_set) {
    if (std::find(counts.begin(), counts.end(), 0.0) != counts.end()) continue;
    for (size_t s = 0; s < counts.size(); ++s) faces[s] += counts[s];
  }
  return std::accumulate(faces.begin(), faces.end(), 0.0) > 0 ? faces : std::vector<double>();
}

ClassifierData LoadData(const MaskSamples& samples, const ClassifierTrainingOptions& options, const ModelRecord& record,
                        const std::filesystem::path& folder, const LoopHooks& hooks) {
  ClassifierData data;
  const auto spool = std::make_shared<Spool>(folder, int64_t{options.memory_mb} << 20);
  if (hooks.progress) hooks.progress->Start("cut faces", CountPictures(samples), "pictures");
  CutCanvases(samples.train, options, record, hooks, *spool, data);
  CutValidation(samples.validation, options, record, hooks, *spool, data);
  if (hooks.progress) hooks.progress->Finish();
  if (spool->bytes_in_files() > 0) {
    Log(LogLevel::kInfo, "{} MB of faces do not fit into {} MB of memory; they lie in a file in '{}'",
        spool->bytes_in_files() >> 20, options.memory_mb, folder.string());
  }
  data.spool = spool;
  for (const MaskSample& sample : samples.train) {
    data.labels.push_back(static_cast<int64_t>(sample.state));
    data.jitter.push_back(sample.whole_picture ? options.whole_jitter : options.scene_jitter);
  }
  data.prevalence = Prevalence(samples.train);
  const auto count = static_cast<int64_t>(samples.train.size());
  const int64_t draws = options.draws_per_epoch > 0 ? options.draws_per_epoch : count;
  data.rates = DrawRates(samples.train, {options.shares, options.synthetic_share},
                         std::max<int64_t>(1, draws / options.batch) * options.batch);
  return data;
}

// Folded weights know nothing of the statistics that training-mode BatchNormalization will bring in: see batch_norm.h.
void Recenter(TorchGraph& graph, ClassifierTask& task) {
  std::vector<NamedTensors> batches;
  task.BeginEpoch(0, 0);
  for (int64_t step = 0; step < std::min<int64_t>(task.StepsPerEpoch(0), 6); ++step) {
    batches.push_back({{"input", task.MakeBatch(0, step).pictures}});
  }
  RecenterBatchNorm(graph, batches);
}

// What a training needs, made from its options.
struct Preparation {
  // `folder`: where faces lie that do not fit in memory.
  Preparation(const ClassifierTrainingOptions& options, const std::filesystem::path& folder, const LoopHooks& hooks);
  Graph start;
  MaskSamples samples;
  ModelRecord record;
  std::unique_ptr<ClassifierTask> task;
  std::unique_ptr<TorchGraph> graph;
};

Preparation::Preparation(const ClassifierTrainingOptions& options, const std::filesystem::path& folder,
                         const LoopHooks& hooks)
    : start(StartGraph(options)), samples(CollectMaskSamples(options.samples)), record(MakeRecord(options, start)) {
  record.provenance = Provenance(options, samples);
  Log(LogLevel::kInfo, "faces to learn from: {}", CountSamples(samples.train).dump());
  Log(LogLevel::kInfo, "faces to validate on: {}", CountSamples(samples.validation).dump());
  const BatchShare share = hooks.peers ? BatchShare{hooks.peers->rank(), hooks.peers->size()} : BatchShare{};
  task = std::make_unique<ClassifierTask>(LoadData(samples, options, record, folder, hooks), options, record, share);
  graph = std::make_unique<TorchGraph>(start, ParseDevice(options.loop.device));
}

}  // namespace

LoopResult TrainClassifier(const ClassifierTrainingOptions& options, const RunFolder& folder, bool resume,
                           const LoopHooks& hooks) {
  options.Validate();
  const bool begins = !resume && (hooks.peers == nullptr || hooks.peers->writes());
  if (begins) folder.WriteArgs(ToJson(options));
  const Preparation made(options, folder.path(), hooks);
  if (begins) {
    if (!options.init.empty()) Recenter(*made.graph, *made.task);
    made.task->DrawStart(folder);
  }
  return RunTrainingLoop(*made.graph, *made.task, options.loop, folder, resume, hooks);
}

RateFinding FindClassifierRate(const ClassifierTrainingOptions& options, const RateFinderOptions& finder,
                               const LoopHooks& hooks) {
  options.Validate();
  const Preparation made(options, std::filesystem::temp_directory_path(), hooks);
  if (!options.init.empty()) Recenter(*made.graph, *made.task);
  return FindLearningRate(*made.graph, *made.task, options.loop, finder, hooks);
}

}  // namespace maskscope
