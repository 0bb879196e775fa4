#include <algorithm>

#include "base/error.h"
#include "graph/onnx_io.h"
#include "graph/shape_inference.h"
#include "zoo/import_parts.h"

namespace maskscope {

namespace {

constexpr int kUsualSide = 640;

// An output and its shape for a picture of the network's size.
struct Output {
  std::string name;
  Shape shape;
  int64_t width() const { return shape.empty() ? 0 : shape.back(); }
};

class GraphReader {
 public:
  explicit GraphReader(const std::filesystem::path& file) : file_(file.string()), graph_(ReadOnnx(file)) {
    if (graph_.inputs.size() != 1 || graph_.inputs[0].shape.size() != 4) {
      throw Error(ErrorKind::kUnsupported, "'" + file_ + "' does not take one input [batch, 3, height, width]");
    }
  }

  Graph& graph() { return graph_; }

  // By a fixed input pictures are fitted to it, by a free one to the usual size.
  Preprocessing Input(ChannelOrder channels) const {
    const std::vector<Dim>& shape = graph_.inputs[0].shape;
    if (shape[2].value < 0 || shape[3].value < 0) return FitLongest(kUsualSide, channels);
    Preprocessing input;
    input.resize = ResizeRule::kLetterbox;
    input.height = static_cast<int>(std::min<int64_t>(shape[2].value, 1 << 20));
    input.width = static_cast<int>(std::min<int64_t>(shape[3].value, 1 << 20));
    input.channels = channels;
    return input;
  }

  std::vector<Output> Outputs() const {
    Shape input;
    const std::vector<Dim>& shape = graph_.inputs[0].shape;
    const int64_t usual[4] = {1, 3, kUsualSide, kUsualSide};
    for (size_t i = 0; i < 4; ++i) input.push_back(shape[i].value < 0 ? usual[i] : shape[i].value);
    const InferredShapes inferred = InferShapes(graph_, {{graph_.inputs[0].name, input}});
    std::vector<Output> outputs;
    for (const ValueInfo& output : graph_.outputs) outputs.push_back({output.name, inferred.shapes.at(output.name)});
    return outputs;
  }

  [[noreturn]] void Fail(const std::string& kind, const std::string& wanted) const {
    std::string found;
    for (const Output& output : Outputs()) {
      found += (found.empty() ? "" : ", ") + output.name + " " + ToString(output.shape);
    }
    throw Error(ErrorKind::kBadModel, "'" + file_ + "' does not look like a detector of kind " + kind +
                                          ": its outputs are " + found + "; wanted " + wanted);
  }

 private:
  std::string file_;
  Graph graph_;
};

// One table of boxes and scores. YOLO's exports name the classes in the metadata: {0: 'mask', 1: 'none'}.
std::vector<std::string> NamesInMetadata(const Graph& graph) {
  const auto found = graph.metadata.find("names");
  if (found == graph.metadata.end()) return {};
  std::vector<std::string> names;
  const std::string& text = found->second;
  for (size_t at = text.find(':'); at != std::string::npos; at = text.find(':', at)) {
    const size_t open = text.find_first_of("'\"", at);
    if (open == std::string::npos) break;
    const size_t close = text.find(text[open], open + 1);
    if (close == std::string::npos) break;
    names.push_back(text.substr(open + 1, close - open - 1));
    at = close;
  }
  return names;
}

void DescribeYolo(GraphReader& reader, const ModelImportOptions& options, ModelRecord& record) {
  const std::string& kind = record.decoding.kind;
  const std::vector<Output> outputs = reader.Outputs();
  if (outputs.empty() || outputs[0].shape.size() != 3) reader.Fail(kind, "[batch, anchors, values] first");
  const Shape& shape = outputs[0].shape;
  const int64_t values = kind == "yolov5" ? shape[2] - 5 : std::min(shape[1], shape[2]) - 4;
  if (values < 1 || values > 10000) reader.Fail(kind, "at least one class");
  WeightFile names;
  names.class_names = NamesInMetadata(reader.graph());
  // Fifteen more values than the classes that are known are points.
  const size_t known = options.classes.empty() ? names.class_names.size() : options.classes.size();
  const bool with_points = kind == "yolov8" && known > 0 && values == static_cast<int64_t>(known) + 15;
  record.classes = ChooseClasses(options, names, {}, static_cast<size_t>(with_points ? values - 15 : values));
  record.task = TaskOfDetector(record.classes);
  record.input = reader.Input(ChannelOrder::kRgb);
  record.input.std = {255, 255, 255};
  record.input.pad_value = 114;
  record.decoding.boxes_output = outputs[0].name;
  record.thresholds.score = 0.25f;
  record.thresholds.nms_iou = 0.45f;
}

// As insightface's exports order their outputs: scores of all strides, then boxes, then landmarks.
void DescribeScrfd(GraphReader& reader, ModelRecord& record) {
  Decoding& decoding = record.decoding;
  std::vector<int64_t> anchors;
  for (const Output& output : reader.Outputs()) {
    if (output.width() == 1) {
      decoding.scores_outputs.push_back(output.name);
      anchors.push_back(ElementCount(output.shape));
    } else if (output.width() == 4) {
      decoding.boxes_outputs.push_back(output.name);
    } else if (output.width() == 10) {
      decoding.landmarks_outputs.push_back(output.name);
    }
  }
  record.input = reader.Input(ChannelOrder::kRgb);
  record.input.mean = {127.5f, 127.5f, 127.5f};
  record.input.std = {128, 128, 128};
  const int64_t width = record.input.width > 0 ? record.input.width : kUsualSide;
  const int64_t height = record.input.height > 0 ? record.input.height : kUsualSide;
  const size_t levels = anchors.size();
  const bool fits = (levels == 3 || levels == 5) && decoding.boxes_outputs.size() == levels &&
                    (decoding.landmarks_outputs.empty() || decoding.landmarks_outputs.size() == levels);
  if (!fits) reader.Fail("scrfd", "as many outputs of widths 1, 4 and perhaps 10, for three or five strides");
  for (size_t i = 0; i < levels; ++i) decoding.strides.push_back(8 << i);
  decoding.anchors_per_cell = static_cast<int>(anchors[0] / std::max<int64_t>(1, width / 8 * (height / 8)));
  record.thresholds.nms_iou = 0.4f;
}

void DescribeYuNet(GraphReader& reader, ModelRecord& record) {
  Decoding& decoding = record.decoding;
  record.input = reader.Input(ChannelOrder::kBgr);
  decoding.strides = {8, 16, 32};
  const std::vector<Output> outputs = reader.Outputs();
  const auto add = [&](const std::string& name, std::vector<std::string>& names) {
    if (std::ranges::find(outputs, name, &Output::name) == outputs.end()) {
      reader.Fail("yunet", "cls_8, obj_8, bbox_8, kps_8 and the same for 16 and 32");
    }
    names.push_back(name);
  };
  for (const int stride : decoding.strides) {
    const std::string suffix = "_" + std::to_string(stride);
    add("cls" + suffix, decoding.scores_outputs);
    add("obj" + suffix, decoding.objectness_outputs);
    add("bbox" + suffix, decoding.boxes_outputs);
    add("kps" + suffix, decoding.landmarks_outputs);
  }
  record.thresholds.score = 0.6f;
  record.thresholds.nms_iou = 0.3f;
}

// The widths tell the outputs apart.
void DescribeRetinaFace(GraphReader& reader, ModelRecord& record) {
  Decoding& decoding = record.decoding;
  for (const Output& output : reader.Outputs()) {
    if (output.width() == 4) decoding.boxes_output = output.name;
    if (output.width() == 2) decoding.scores_output = output.name;
    if (output.width() == 10) decoding.landmarks_output = output.name;
  }
  if (decoding.boxes_output.empty() || decoding.scores_output.empty()) {
    reader.Fail("retinaface", "[batch, anchors, 4] and [batch, anchors, 2]");
  }
  record.classes = {"background", "face"};
  record.input = reader.Input(ChannelOrder::kBgr);
  record.input.mean = {104, 117, 123};
  decoding.strides = {8, 16, 32};
  decoding.min_sizes = {{16, 32}, {64, 128}, {256, 512}};
}

}  // namespace

const std::vector<std::string>& ImportableDecodings() {
  static const std::vector<std::string> kinds = {"retinaface", "yolov5", "yolov8", "scrfd", "yunet"};
  return kinds;
}

ImportedModel ImportGraph(const std::filesystem::path& file, const ModelImportOptions& options) {
  if (!options.key.empty()) throw Error(ErrorKind::kUsage, "key: only checkpoints of PyTorch have entries");
  GraphReader reader(file);
  ImportedModel model;
  if (options.decoding.empty()) {
    // Its own record or one that the patch gives whole.
    model.record = ReadModelRecord(reader.graph(), file.string());
    if (!model.record) {
      nlohmann::json json = options.record_patch;
      if (json.empty()) {
        throw Error(ErrorKind::kUsage,
                    "'" + file.string() +
                        "' is taken as it is: say with a decoding or a record how to use it, or name "
                        "the architecture that gets its weights");
      }
      json["schema"] = kModelRecordSchema;
      model.record = ModelRecordFromJson(json, "the given record");
    }
    if (!options.classes.empty()) model.record->classes = options.classes;
    model.graph = std::move(reader.graph());
    return model;
  }
  ModelRecord& record = model.record.emplace();
  record.task = ModelTask::kFaceDetector;
  record.name = record.architecture = record.decoding.kind = options.decoding;
  record.classes = options.classes.empty() ? std::vector<std::string>{"face"} : options.classes;
  if (options.decoding == "yolov5" || options.decoding == "yolov8") {
    DescribeYolo(reader, options, record);
  } else if (options.decoding == "scrfd") {
    DescribeScrfd(reader, record);
  } else if (options.decoding == "yunet") {
    DescribeYuNet(reader, record);
  } else if (options.decoding == "retinaface") {
    DescribeRetinaFace(reader, record);
  } else {
    std::string list;
    for (const std::string& kind : ImportableDecodings()) list += (list.empty() ? "" : ", ") + kind;
    const std::string nearest = NearestWord(options.decoding, ImportableDecodings());
    throw Error(ErrorKind::kUsage, "decoding: found '" + options.decoding + "', wanted one of " + list +
                                       (nearest.empty() ? "" : " (did you mean '" + nearest + "'?)") +
                                       "; for others give the whole record");
  }
  model.graph = std::move(reader.graph());
  return model;
}

}  // namespace maskscope
