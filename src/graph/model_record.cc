#include "graph/model_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"

namespace maskscope {
namespace {

using nlohmann::json;

struct TaskName {
  ModelTask task;
  const char* name;
};
constexpr TaskName kTasks[] = {{ModelTask::kFaceDetector, "face_detector"},
                               {ModelTask::kMaskClassifier, "mask_classifier"},
                               {ModelTask::kMaskDetector, "mask_detector"}};
struct ResizeName {
  ResizeRule rule;
  const char* name;
};
constexpr ResizeName kResizes[] = {
    {ResizeRule::kStretch, "stretch"}, {ResizeRule::kLetterbox, "letterbox"}, {ResizeRule::kFitLongest, "fit_longest"}};

// Reads the fields of one JSON object and remembers which it knows, so that misspelt ones are named.
class Fields {
 public:
  Fields(const json& object, std::string where, Problems& problems)
      : object_(object), where_(std::move(where)), problems_(problems) {
    if (!object_.is_object()) problems_.Add(where_ + ": found " + object_.type_name() + ", wanted an object");
  }

  template <typename T>
  void Read(const char* key, T& value) {
    known_.emplace_back(key);
    if (!object_.is_object() || !object_.contains(key)) return;
    try {
      object_.at(key).get_to(value);
    } catch (const json::exception&) {
      problems_.Add(fmt::format("{}.{}: found {}, wanted another type", where_, key, Shorten(object_.at(key))));
    }
  }

  // A word out of a table of (value, name).
  template <typename Table, typename T, typename Member>
  void ReadWord(const char* key, const Table& table, Member member, T& value) {
    std::string word;
    Read(key, word);
    if (word.empty()) return;
    std::vector<std::string> names;
    for (const auto& row : table) {
      if (word == row.name) {
        value = row.*member;
        return;
      }
      names.emplace_back(row.name);
    }
    problems_.Add(fmt::format("{}.{}: found '{}', wanted one of {}", where_, key, word, fmt::join(names, ", ")));
  }

  // The object under `key`, or an empty one.
  json Child(const char* key) {
    known_.emplace_back(key);
    return object_.is_object() && object_.contains(key) ? object_.at(key) : json::object();
  }

  void ReportUnknown() {
    if (!object_.is_object()) return;
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      const std::string nearest = NearestWord(key, known_);
      problems_.Add(fmt::format("{}.{}: unknown field{}", where_, key,
                                nearest.empty() ? "" : fmt::format(", did you mean '{}'?", nearest)));
    }
  }

 private:
  static std::string Shorten(const json& value) {
    const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    return text.size() <= 40 ? text : text.substr(0, 37) + "...";
  }
  const json& object_;
  std::string where_;
  Problems& problems_;
  std::vector<std::string> known_;
};

void ReadInput(const json& object, Problems& problems, Preprocessing& input) {
  Fields fields(object, "input", problems);
  fields.ReadWord("resize", kResizes, &ResizeName::rule, input.resize);
  fields.Read("width", input.width);
  fields.Read("height", input.height);
  fields.Read("longest_side", input.longest_side);
  fields.Read("size_multiple", input.size_multiple);
  fields.Read("enlarge", input.enlarge);
  std::string channels = input.channels == ChannelOrder::kRgb ? "RGB" : "BGR";
  fields.Read("channels", channels);
  if (channels != "RGB" && channels != "BGR") {
    problems.Add("input.channels: found '" + channels + "', wanted RGB or BGR");
  }
  input.channels = channels == "BGR" ? ChannelOrder::kBgr : ChannelOrder::kRgb;
  fields.Read("mean", input.mean);
  fields.Read("std", input.std);
  fields.Read("pad_value", input.pad_value);
  fields.ReportUnknown();
}

json InputToJson(const Preprocessing& input) {
  json object;
  for (const ResizeName& row : kResizes) {
    if (row.rule == input.resize) object["resize"] = row.name;
  }
  if (input.resize == ResizeRule::kFitLongest) {
    object["longest_side"] = input.longest_side;
    object["size_multiple"] = input.size_multiple;
    object["enlarge"] = input.enlarge;
  } else {
    object["width"] = input.width;
    object["height"] = input.height;
  }
  object["channels"] = input.channels == ChannelOrder::kRgb ? "RGB" : "BGR";
  object["mean"] = input.mean;
  object["std"] = input.std;
  object["pad_value"] = input.pad_value;
  return object;
}

void ValidateInput(const Preprocessing& input, Problems& problems) {
  const auto side = [&](const char* field, int value) {
    problems.Require(value >= 1 && value <= 8192, field, std::to_string(value), "1..8192 pixels");
  };
  if (input.resize == ResizeRule::kFitLongest) {
    side("input.longest_side", input.longest_side);
    problems.Require(input.size_multiple >= 1 && input.size_multiple <= 1024, "input.size_multiple",
                     std::to_string(input.size_multiple), "1..1024 pixels");
  } else {
    side("input.width", input.width);
    side("input.height", input.height);
  }
  for (const float s : input.std) problems.Require(s > 0 && s < 1e6f, "input.std", fmt::format("{}", s), "above 0");
  for (const float m : input.mean) {
    problems.Require(m > -1e6f && m < 1e6f, "input.mean", fmt::format("{}", m), "a finite number");
  }
}

void ValidateDecoding(const ModelRecord& record, Problems& problems) {
  const Decoding& decoding = record.decoding;
  static const std::vector<std::string> kKinds = {"retinaface", "ssd_aizoo"};
  problems.Require(std::find(kKinds.begin(), kKinds.end(), decoding.kind) != kKinds.end(), "decoding.kind",
                   "'" + decoding.kind + "'", "retinaface or ssd_aizoo");
  problems.Require(!decoding.boxes_output.empty(), "decoding.boxes_output", "''", "the name of a graph output");
  problems.Require(!decoding.scores_output.empty(), "decoding.scores_output", "''", "the name of a graph output");
  if (decoding.kind != "retinaface") return;
  problems.Require(
      !decoding.strides.empty() && decoding.strides.size() == decoding.min_sizes.size(), "decoding.strides",
      fmt::format("{} strides and {} lists of min_sizes", decoding.strides.size(), decoding.min_sizes.size()),
      "as many of one as of the other");
  for (const int stride : decoding.strides) {
    problems.Require(stride >= 1 && stride <= 1024, "decoding.strides", std::to_string(stride), "1..1024");
  }
  for (const auto& sizes : decoding.min_sizes) {
    problems.Require(!sizes.empty() && sizes.size() <= 16, "decoding.min_sizes", fmt::format("{} sizes", sizes.size()),
                     "1..16");
    for (const float size : sizes) {
      problems.Require(size > 0 && size < 1e5f, "decoding.min_sizes", fmt::format("{}", size), "above 0 pixels");
    }
  }
}

}  // namespace

void ModelRecord::Validate() const {
  Problems problems;
  ValidateInput(input, problems);
  problems.Require(!classes.empty(), "classes", "none", "at least one");
  problems.Require(std::set<std::string>(classes.begin(), classes.end()).size() == classes.size(), "classes",
                   fmt::format("{}", fmt::join(classes, ", ")), "each name once");
  if (task != ModelTask::kMaskClassifier) ValidateDecoding(*this, problems);
  const auto share = [&](const char* field, float value) {
    problems.Require(value >= 0 && value <= 1, field, fmt::format("{}", value), "0..1");
  };
  share("thresholds.score", thresholds.score);
  share("thresholds.nms_iou", thresholds.nms_iou);
  share("thresholds.confidence", thresholds.confidence);
  problems.Require(thresholds.min_face >= 0 && thresholds.min_face < 1e6f, "thresholds.min_face",
                   fmt::format("{}", thresholds.min_face), "0 or more pixels");
  problems.Require(thresholds.min_sharpness >= 0 && thresholds.min_sharpness < 1e9f, "thresholds.min_sharpness",
                   fmt::format("{}", thresholds.min_sharpness), "0 or more");
  problems.Require(temperature > 0 && temperature < 1e4f, "temperature", fmt::format("{}", temperature), "above 0");
  problems.Require(crop.margin >= 0 && crop.margin <= 10, "crop.margin", fmt::format("{}", crop.margin), "0..10");
  problems.ThrowIfAny(ErrorKind::kBadModel, "model record");
}

json ToJson(const ModelRecord& record) {
  json object;
  object["schema"] = kModelRecordSchema;
  for (const TaskName& row : kTasks) {
    if (row.task == record.task) object["task"] = row.name;
  }
  object["name"] = record.name;
  object["architecture"] = record.architecture;
  object["classes"] = record.classes;
  object["input"] = InputToJson(record.input);
  if (record.task == ModelTask::kMaskClassifier) {
    object["crop"] = {{"margin", record.crop.margin}, {"square", record.crop.square}};
  } else {
    const Decoding& d = record.decoding;
    object["decoding"] = {{"kind", d.kind},
                          {"strides", d.strides},
                          {"min_sizes", d.min_sizes},
                          {"variances", d.variances},
                          {"boxes_output", d.boxes_output},
                          {"scores_output", d.scores_output},
                          {"landmarks_output", d.landmarks_output}};
  }
  const Thresholds& t = record.thresholds;
  object["thresholds"] = {{"score", t.score},
                          {"nms_iou", t.nms_iou},
                          {"confidence", t.confidence},
                          {"min_face", t.min_face},
                          {"min_sharpness", t.min_sharpness}};
  object["temperature"] = record.temperature;
  object["provenance"] = record.provenance;
  object["measured"] = record.measured;
  object["licence"] = record.licence;
  return object;
}

ModelRecord ModelRecordFromJson(const json& object, const std::string& source) {
  const std::string what = source + ": model record";
  if (!object.is_object()) throw Error(ErrorKind::kBadModel, what + " is not a JSON object");
  const std::string schema =
      object.contains("schema") && object["schema"].is_string() ? object["schema"].get<std::string>() : "";
  if (schema != kModelRecordSchema) {
    const bool newer = schema.rfind("maskscope.model/", 0) == 0;
    throw Error(newer ? ErrorKind::kUnsupported : ErrorKind::kBadModel,
                fmt::format("{} has schema '{}', wanted '{}'", what, schema, kModelRecordSchema));
  }
  Problems problems;
  ModelRecord record;
  Fields fields(object, "record", problems);
  std::string known_schema;
  fields.Read("schema", known_schema);
  fields.ReadWord("task", kTasks, &TaskName::task, record.task);
  fields.Read("name", record.name);
  fields.Read("architecture", record.architecture);
  fields.Read("classes", record.classes);
  ReadInput(fields.Child("input"), problems, record.input);
  const json crop_object = fields.Child("crop"), decoding_object = fields.Child("decoding"),
             thresholds_object = fields.Child("thresholds");
  Fields crop(crop_object, "crop", problems);
  crop.Read("margin", record.crop.margin);
  crop.Read("square", record.crop.square);
  crop.ReportUnknown();
  Fields decoding(decoding_object, "decoding", problems);
  decoding.Read("kind", record.decoding.kind);
  decoding.Read("strides", record.decoding.strides);
  decoding.Read("min_sizes", record.decoding.min_sizes);
  decoding.Read("variances", record.decoding.variances);
  decoding.Read("boxes_output", record.decoding.boxes_output);
  decoding.Read("scores_output", record.decoding.scores_output);
  decoding.Read("landmarks_output", record.decoding.landmarks_output);
  decoding.ReportUnknown();
  Fields thresholds(thresholds_object, "thresholds", problems);
  thresholds.Read("score", record.thresholds.score);
  thresholds.Read("nms_iou", record.thresholds.nms_iou);
  thresholds.Read("confidence", record.thresholds.confidence);
  thresholds.Read("min_face", record.thresholds.min_face);
  thresholds.Read("min_sharpness", record.thresholds.min_sharpness);
  thresholds.ReportUnknown();
  fields.Read("temperature", record.temperature);
  record.provenance = fields.Child("provenance");
  record.measured = fields.Child("measured");
  fields.Read("licence", record.licence);
  fields.ReportUnknown();
  problems.ThrowIfAny(ErrorKind::kBadModel, what);
  try {
    record.Validate();
  } catch (const Error& error) {
    throw Error(error.kind(), source + ": " + error.what());
  }
  return record;
}

std::optional<ModelRecord> ReadModelRecord(const Graph& graph, const std::string& source) {
  const auto found = graph.metadata.find(kModelRecordKey);
  if (found == graph.metadata.end()) return std::nullopt;
  const json object = json::parse(found->second, nullptr, false);
  if (object.is_discarded()) throw Error(ErrorKind::kBadModel, source + ": the model record is not JSON");
  return ModelRecordFromJson(object, source);
}

void StoreModelRecord(const ModelRecord& record, Graph& graph) {
  record.Validate();
  graph.metadata[kModelRecordKey] = ToJson(record).dump(1, ' ', false, json::error_handler_t::replace);
}

}  // namespace maskscope
