#include "graph/model_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "graph/decoding_fields.h"
#include "graph/json_fields.h"

namespace maskscope {
namespace {

using nlohmann::json;

// In the order of the enums.
const std::vector<std::string> kTaskNames = {"face_detector", "mask_classifier", "mask_detector"};
const std::vector<std::string> kResizeNames = {"stretch", "letterbox", "fit_longest"};
const std::vector<std::string> kChannelNames = {"RGB", "BGR"};

// JSON nested deeper than this is no record; walking it would recurse as deeply.
constexpr int kMostLevels = 32;

template <typename Enum>
const std::string& NameOf(const std::vector<std::string>& names, Enum value) {
  return names.at(static_cast<size_t>(value));
}

template <typename Enum>
void ReadEnum(JsonFields& fields, const char* key, const std::vector<std::string>& names, Enum& value, bool required) {
  auto index = static_cast<size_t>(value);
  fields.ReadWord(key, names, index, required);
  value = static_cast<Enum>(index);
}

// ---- Checking

class Ranges {
 public:
  explicit Ranges(FieldProblems& problems) : problems_(problems) {}
  // Also refuses what is not a number.
  template <typename T>
  void Within(const char* field, T value, T low, T high, const char* unit = "") {
    problems_.Require(value >= low && value <= high, field, fmt::format("{}", value),
                      fmt::format("{}..{}{}", low, high, unit));
  }
  void Positive(const char* field, float value, float most) {
    problems_.Require(value > 0 && value <= most, field, fmt::format("{}", value),
                      fmt::format("above 0, at most {}", most));
  }

 private:
  FieldProblems& problems_;
};

void CheckSides(const Preprocessing& input, FieldProblems& problems) {
  if (input.sides.empty()) return;
  bool good = input.resize == ResizeRule::kStretch && input.sides.size() <= 16 && input.sides.front() >= 1 &&
              input.sides.back() == input.width && input.sides.back() == input.height;
  for (size_t i = 1; i < input.sides.size(); ++i) good = good && input.sides[i - 1] < input.sides[i];
  problems.Require(good, "input.sides", fmt::format("{}", nlohmann::json(input.sides).dump()),
                   "at most 16 ascending sides of a stretched input, the last equal to width and height");
}

void CheckInput(const Preprocessing& input, FieldProblems& problems) {
  Ranges ranges(problems);
  CheckSides(input, problems);
  if (input.resize == ResizeRule::kFitLongest) {
    ranges.Within("input.longest_side", input.longest_side, 1, 8192, " pixels");
    ranges.Within("input.size_multiple", input.size_multiple, 1, 1024, " pixels");
  } else {
    ranges.Within("input.width", input.width, 1, 8192, " pixels");
    ranges.Within("input.height", input.height, 1, 8192, " pixels");
  }
  for (const float value : input.std) ranges.Positive("input.std", value, 1e6f);
  for (const float value : input.mean) ranges.Within("input.mean", value, -1e6f, 1e6f);
  ranges.Within("input.pad_value", input.pad_value, 0.0f, 255.0f);
}

void CheckThresholds(const Thresholds& thresholds, FieldProblems& problems) {
  Ranges ranges(problems);
  ranges.Within("thresholds.score", thresholds.score, 0.0f, 1.0f);
  ranges.Within("thresholds.nms_iou", thresholds.nms_iou, 0.0f, 1.0f);
  ranges.Within("thresholds.confidence", thresholds.confidence, 0.0f, 1.0f);
  ranges.Within("thresholds.min_face", thresholds.min_face, 0.0f, 1e6f, " pixels");
  ranges.Within("thresholds.min_sharpness", thresholds.min_sharpness, 0.0f, 1e9f);
}

void Check(const ModelRecord& record, FieldProblems& problems) {
  CheckInput(record.input, problems);
  problems.Require(!record.classes.empty(), "classes", "none", "at least one");
  const std::set<std::string> distinct(record.classes.begin(), record.classes.end());
  problems.Require(distinct.size() == record.classes.size() && !distinct.contains(""), "classes",
                   fmt::format("{}", fmt::join(record.classes, ", ")), "names that are not empty, each once");
  if (record.task != ModelTask::kMaskClassifier) CheckDecoding(record.decoding, problems);
  CheckThresholds(record.thresholds, problems);
  Ranges(problems).Positive("temperature", record.temperature, 1e4f);
  Ranges(problems).Within("crop.margin", record.crop.margin, 0.0f, 10.0f);
  problems.Require(record.provenance.is_object(), "provenance", JsonFields::Shorten(record.provenance), "an object");
  problems.Require(record.measured.is_object(), "measured", JsonFields::Shorten(record.measured), "an object");
}

// ---- Reading

void ReadInput(const json& object, FieldProblems& problems, Preprocessing& input) {
  JsonFields fields(object, "input", problems);
  ReadEnum(fields, "resize", kResizeNames, input.resize, true);
  fields.Read("width", input.width);
  fields.Read("height", input.height);
  fields.Read("sides", input.sides);
  fields.Read("longest_side", input.longest_side);
  fields.Read("size_multiple", input.size_multiple);
  fields.Read("enlarge", input.enlarge);
  ReadEnum(fields, "channels", kChannelNames, input.channels, true);
  fields.Read("mean", input.mean);
  fields.Read("std", input.std);
  fields.Read("pad_value", input.pad_value);
  fields.ReportUnknown();
}

void ReadCrop(const json& object, FieldProblems& problems, CropRule& crop) {
  JsonFields fields(object, "crop", problems);
  fields.Read("margin", crop.margin);
  fields.Read("square", crop.square);
  fields.ReportUnknown();
}

void ReadThresholds(const json& object, FieldProblems& problems, Thresholds& thresholds) {
  JsonFields fields(object, "thresholds", problems);
  fields.Read("score", thresholds.score);
  fields.Read("nms_iou", thresholds.nms_iou);
  fields.Read("confidence", thresholds.confidence);
  fields.Read("min_face", thresholds.min_face);
  fields.Read("min_sharpness", thresholds.min_sharpness);
  fields.ReportUnknown();
}

void CheckSchema(const json& object, const std::string& what) {
  const auto found = object.find("schema");
  const std::string schema = found != object.end() && found->is_string() ? found->get<std::string>() : "";
  if (schema == kModelRecordSchema) return;
  const bool other_version = schema.starts_with("maskscope.model/");
  throw Error(other_version ? ErrorKind::kUnsupported : ErrorKind::kBadModel,
              fmt::format("{}: schema: found '{}', wanted '{}'", what, schema, kModelRecordSchema));
}

// ---- Writing

json InputToJson(const Preprocessing& input) {
  json object = {{"resize", NameOf(kResizeNames, input.resize)},
                 {"channels", NameOf(kChannelNames, input.channels)},
                 {"mean", input.mean},
                 {"std", input.std},
                 {"pad_value", input.pad_value}};
  if (input.resize == ResizeRule::kFitLongest) {
    object["longest_side"] = input.longest_side;
    object["size_multiple"] = input.size_multiple;
    object["enlarge"] = input.enlarge;
  } else {
    object["width"] = input.width;
    object["height"] = input.height;
    if (!input.sides.empty()) object["sides"] = input.sides;
  }
  return object;
}

json ThresholdsToJson(const Thresholds& thresholds) {
  return {{"score", thresholds.score},
          {"nms_iou", thresholds.nms_iou},
          {"confidence", thresholds.confidence},
          {"min_face", thresholds.min_face},
          {"min_sharpness", thresholds.min_sharpness}};
}

json ParseShallow(const std::string& text, const std::string& what) {
  const auto limit_depth = [&](int depth, json::parse_event_t, json&) {
    if (depth > kMostLevels) {
      throw Error(ErrorKind::kBadModel, fmt::format("{} is nested more than {} levels deep", what, kMostLevels));
    }
    return true;
  };
  json object = json::parse(text, limit_depth, false);
  if (object.is_discarded()) throw Error(ErrorKind::kBadModel, what + " is not JSON");
  return object;
}

}  // namespace

void ModelRecord::Validate() const {
  FieldProblems problems;
  Check(*this, problems);
  problems.ThrowIfAny(ErrorKind::kBadModel, "model record");
}

json ToJson(const ModelRecord& record) {
  json object = {{"schema", kModelRecordSchema},
                 {"task", NameOf(kTaskNames, record.task)},
                 {"name", record.name},
                 {"architecture", record.architecture},
                 {"classes", record.classes},
                 {"input", InputToJson(record.input)},
                 {"thresholds", ThresholdsToJson(record.thresholds)},
                 {"temperature", record.temperature},
                 {"provenance", record.provenance},
                 {"measured", record.measured},
                 {"licence", record.licence}};
  if (record.task == ModelTask::kMaskClassifier) {
    object["crop"] = {{"margin", record.crop.margin}, {"square", record.crop.square}};
  } else {
    object["decoding"] = DecodingToJson(record.decoding);
  }
  return object;
}

ModelRecord ModelRecordFromJson(const json& object, const std::string& source) {
  const std::string what = source + ": model record";
  if (!object.is_object())
    throw Error(ErrorKind::kBadModel, what + " is " + JsonFields::Shorten(object) + ", wanted an object");
  CheckSchema(object, what);
  ModelRecord record;
  FieldProblems problems;
  JsonFields fields(object, "", problems);
  std::string schema;
  fields.Read("schema", schema);
  ReadEnum(fields, "task", kTaskNames, record.task, true);
  fields.Read("name", record.name);
  fields.Read("architecture", record.architecture);
  fields.Read("classes", record.classes);
  ReadInput(fields.Child("input"), problems, record.input);
  ReadCrop(fields.Child("crop"), problems, record.crop);
  ReadDecoding(fields.Child("decoding"), problems, record.decoding);
  ReadThresholds(fields.Child("thresholds"), problems, record.thresholds);
  fields.Read("temperature", record.temperature);
  record.provenance = fields.Child("provenance");
  record.measured = fields.Child("measured");
  fields.Read("licence", record.licence);
  fields.ReportUnknown();
  Check(record, problems);
  problems.ThrowIfAny(ErrorKind::kBadModel, what);
  return record;
}

std::optional<ModelRecord> ReadModelRecord(const Graph& graph, const std::string& source) {
  const auto found = graph.metadata.find(kModelRecordKey);
  if (found == graph.metadata.end()) return std::nullopt;
  return ModelRecordFromJson(ParseShallow(found->second, source + ": model record"), source);
}

void StoreModelRecord(const ModelRecord& record, Graph& graph) {
  record.Validate();
  graph.metadata[kModelRecordKey] = ToJson(record).dump(1, ' ', false, json::error_handler_t::replace);
}

}  // namespace maskscope
