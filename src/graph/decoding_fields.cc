#include "graph/decoding_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace maskscope {
namespace {

using nlohmann::json;

// What a kind of head needs said. Every other field is an error in its record: it would look as if it did something.
struct KindRow {
  const char* kind;
  std::set<std::string> required;
  std::set<std::string> optional;
};

const std::vector<KindRow>& KindRows() {
  static const std::vector<KindRow> rows = {
      {"retinaface", {"boxes_output", "scores_output", "strides", "min_sizes"}, {"landmarks_output", "variances"}},
      {"ssd_aizoo", {"boxes_output", "scores_output"}, {"landmarks_output", "variances", "strides", "min_sizes"}},
      {"ssd",
       {"boxes_output", "scores_output", "strides", "map_sizes", "min_sizes", "max_sizes", "aspect_ratios"},
       {"variances"}},
      {"yolov5", {"boxes_output"}, {}},
      {"yolov5_raw", {"boxes_output", "strides", "anchors"}, {}},
      {"yolov8", {"boxes_output"}, {}},
      {"scrfd", {"boxes_outputs", "scores_outputs", "strides"}, {"landmarks_outputs", "anchors_per_cell"}},
      {"yunet", {"boxes_outputs", "scores_outputs", "objectness_outputs", "strides"}, {"landmarks_outputs"}},
      {"mtcnn", {"boxes_output", "scores_output", "landmarks_output", "min_sizes"}, {"cascade_scores", "scale_factor"}},
  };
  return rows;
}

const std::vector<std::string> kNmsNames = {"plain", "plus_one", "per_class"};

const KindRow* FindRow(const std::string& kind) {
  const auto found = std::ranges::find_if(KindRows(), [&](const KindRow& row) { return kind == row.kind; });
  return found == KindRows().end() ? nullptr : &*found;
}

// The checks of one decoding, which ask for a field only where its kind has it.
class Checker {
 public:
  Checker(const Decoding& decoding, const KindRow& row, FieldProblems& problems)
      : decoding_(decoding), row_(row), problems_(problems) {}

  void Check() {
    Output("boxes_output", decoding_.boxes_output);
    Output("scores_output", decoding_.scores_output);
    Output("landmarks_output", decoding_.landmarks_output);
    Strides();
    Lists("min_sizes", decoding_.min_sizes, 1, 1e5f);
    if (decoding_.kind == "mtcnn" && !decoding_.min_sizes.empty() && !decoding_.min_sizes[0].empty()) {
      Within("min_sizes", decoding_.min_sizes[0][0], 12.0f, 1e5f);  // the network's window: no picture is enlarged
    }
    Lists("anchors", decoding_.anchors, 2, 1e5f);
    Lists("aspect_ratios", decoding_.aspect_ratios, 0, 100);
    Numbers("map_sizes", decoding_.map_sizes, 1, 8192);
    Numbers("max_sizes", decoding_.max_sizes, 0.001f, 1e5f);
    Outputs("boxes_outputs", decoding_.boxes_outputs);
    Outputs("scores_outputs", decoding_.scores_outputs);
    Outputs("objectness_outputs", decoding_.objectness_outputs);
    Outputs("landmarks_outputs", decoding_.landmarks_outputs);
    for (const float variance : decoding_.variances) Within("variances", variance, 0.0f, 100.0f, true);
    Within("anchors_per_cell", decoding_.anchors_per_cell, 1, 16);
    for (const float score : decoding_.cascade_scores) Within("cascade_scores", score, 0.0f, 1.0f);
    Within("scale_factor", decoding_.scale_factor, 0.1f, 0.95f);
  }

 private:
  bool Has(const std::string& field) const { return row_.required.contains(field) || row_.optional.contains(field); }
  bool Needs(const std::string& field) const { return row_.required.contains(field); }

  void Require(bool ok, const std::string& field, const std::string& found, const std::string& wanted) {
    problems_.Require(ok, "decoding." + field, found, wanted);
  }

  template <typename T>
  void Within(const std::string& field, T value, T low, T high, bool above = false) {
    if (!Has(field)) return;
    const bool ok = value >= low && value <= high && !(above && value == low);
    Require(ok, field, fmt::format("{}", value),
            above ? fmt::format("above {}, at most {}", low, high) : fmt::format("{}..{}", low, high));
  }

  void Output(const std::string& field, const std::string& name) {
    if (Needs(field)) Require(!name.empty(), field, "nothing", "the name of a graph output");
  }

  void Strides() {
    if (!Needs("strides")) return;
    Require(!decoding_.strides.empty() && decoding_.strides.size() <= 16, "strides",
            fmt::format("{} strides", decoding_.strides.size()), "1..16");
    for (const int stride : decoding_.strides) Within("strides", stride, 1, 1024);
  }

  // As many entries as strides, which a cascade has not.
  template <typename T>
  void OnePerStride(const std::string& field, const std::vector<T>& list, const char* what) {
    const bool cascade = !Has("strides");
    Require(cascade ? list.size() == 1 : list.size() == decoding_.strides.size(), field,
            cascade ? fmt::format("{} {}", list.size(), what)
                    : fmt::format("{} {} for {} strides", list.size(), what, decoding_.strides.size()),
            cascade ? "one" : "one for each stride");
  }

  void Lists(const std::string& field, const std::vector<std::vector<float>>& lists, size_t multiple, float most) {
    if (!Needs(field)) return;
    OnePerStride(field, lists, "lists");
    for (const std::vector<float>& list : lists) {
      const bool ok = list.size() <= 32 && (multiple == 0 || (!list.empty() && list.size() % multiple == 0));
      Require(ok, field, fmt::format("{} numbers", list.size()), multiple == 2 ? "pairs of sides" : "at most 32");
      for (const float value : list) Within(field, value, 0.0f, most, true);
    }
  }

  template <typename T>
  void Numbers(const std::string& field, const std::vector<T>& list, T low, T high) {
    if (!Needs(field)) return;
    OnePerStride(field, list, "numbers");
    for (const T value : list) Within(field, value, low, high);
  }

  void Outputs(const std::string& field, const std::vector<std::string>& names) {
    if (!Has(field) || (names.empty() && !Needs(field))) return;
    OnePerStride(field, names, "names");
    const bool empty = std::ranges::any_of(names, [](const std::string& name) { return name.empty(); });
    Require(!empty, field, "an empty name", "names of graph outputs");
  }

  const Decoding& decoding_;
  const KindRow& row_;
  FieldProblems& problems_;
};

}  // namespace

const std::vector<std::string>& DecodingKinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> names;
    for (const KindRow& row : KindRows()) names.emplace_back(row.kind);
    return names;
  }();
  return kinds;
}

void CheckDecoding(const Decoding& decoding, FieldProblems& problems) {
  const KindRow* row = FindRow(decoding.kind);
  const std::string nearest = NearestWord(decoding.kind, DecodingKinds());
  problems.Require(row != nullptr, "decoding.kind", "'" + decoding.kind + "'",
                   fmt::format("one of {}{}", fmt::join(DecodingKinds(), ", "),
                               nearest.empty() ? "" : " (did you mean '" + nearest + "'?)"));
  if (row != nullptr) Checker(decoding, *row, problems).Check();
  const bool known = decoding.nms.empty() || std::ranges::find(kNmsNames, decoding.nms) != kNmsNames.end();
  problems.Require(known, "decoding.nms", "'" + decoding.nms + "'",
                   fmt::format("one of {}", fmt::join(kNmsNames, ", ")));
}

void ReadDecoding(const json& object, FieldProblems& problems, Decoding& decoding) {
  JsonFields fields(object, "decoding", problems);
  fields.Read("kind", decoding.kind);
  const KindRow* row = FindRow(decoding.kind);
  // Of an unknown kind nobody can say which fields it has.
  const auto read = [&](const char* field, auto& value) {
    if (row == nullptr || row->required.contains(field) || row->optional.contains(field)) fields.Read(field, value);
  };
  read("boxes_output", decoding.boxes_output);
  read("scores_output", decoding.scores_output);
  read("landmarks_output", decoding.landmarks_output);
  read("boxes_outputs", decoding.boxes_outputs);
  read("scores_outputs", decoding.scores_outputs);
  read("objectness_outputs", decoding.objectness_outputs);
  read("landmarks_outputs", decoding.landmarks_outputs);
  read("strides", decoding.strides);
  read("min_sizes", decoding.min_sizes);
  read("variances", decoding.variances);
  read("anchors", decoding.anchors);
  read("anchors_per_cell", decoding.anchors_per_cell);
  read("map_sizes", decoding.map_sizes);
  read("max_sizes", decoding.max_sizes);
  read("aspect_ratios", decoding.aspect_ratios);
  read("cascade_scores", decoding.cascade_scores);
  read("scale_factor", decoding.scale_factor);
  fields.Read("nms", decoding.nms);
  fields.ReportUnknown();
}

json DecodingToJson(const Decoding& decoding) {
  const json all = {{"boxes_output", decoding.boxes_output},
                    {"scores_output", decoding.scores_output},
                    {"landmarks_output", decoding.landmarks_output},
                    {"boxes_outputs", decoding.boxes_outputs},
                    {"scores_outputs", decoding.scores_outputs},
                    {"objectness_outputs", decoding.objectness_outputs},
                    {"landmarks_outputs", decoding.landmarks_outputs},
                    {"strides", decoding.strides},
                    {"min_sizes", decoding.min_sizes},
                    {"variances", decoding.variances},
                    {"anchors", decoding.anchors},
                    {"anchors_per_cell", decoding.anchors_per_cell},
                    {"map_sizes", decoding.map_sizes},
                    {"max_sizes", decoding.max_sizes},
                    {"aspect_ratios", decoding.aspect_ratios},
                    {"cascade_scores", decoding.cascade_scores},
                    {"scale_factor", decoding.scale_factor}};
  json object = {{"kind", decoding.kind}};
  if (const KindRow* row = FindRow(decoding.kind)) {
    for (const auto& [field, value] : all.items()) {
      if (row->required.contains(field) || row->optional.contains(field)) object[field] = value;
    }
  }
  if (!decoding.nms.empty()) object["nms"] = decoding.nms;
  return object;
}

}  // namespace maskscope
