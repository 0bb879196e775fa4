#include "cli/model_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "analyze/preprocess.h"
#include "base/error.h"
#include "graph/cost.h"
#include "graph/onnx_io.h"

namespace maskscope {
namespace {

constexpr int kLargestSide = 1 << 15;

std::string ShapeText(const std::vector<Dim>& shape) {
  std::string text;
  for (const Dim& dim : shape) {
    text += text.empty() ? "" : ", ";
    text += dim.value >= 0 ? std::to_string(dim.value) : dim.symbol.empty() ? "?" : dim.symbol;
  }
  return "[" + text + "]";
}

std::string Line(std::string_view name, std::string_view value) { return fmt::format("  {:<14} {}\n", name, value); }

// Values of a record's JSON as people read them, nested ones indented below their name.
std::string RecordText(const nlohmann::json& json, const std::string& indent) {
  std::string text;
  for (const auto& [key, value] : json.items()) {
    if (value.is_object() && !value.empty()) {
      text += indent + key + "\n" + RecordText(value, indent + "  ");
    } else {
      const std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
      text += fmt::format("{}{:<{}} {}\n", indent, key, 26 - static_cast<int>(indent.size()), shown);
    }
  }
  return text;
}

nlohmann::ordered_json ToJson(const std::vector<ValueInfo>& values) {
  auto list = nlohmann::ordered_json::array();
  for (const ValueInfo& value : values) {
    auto shape = nlohmann::ordered_json::array();
    for (const Dim& dim : value.shape) {
      if (dim.value >= 0) {
        shape.push_back(dim.value);
      } else {
        shape.push_back(dim.symbol);
      }
    }
    list.push_back({{"name", value.name}, {"type", DataTypeName(value.type)}, {"shape", shape}});
  }
  return list;
}

}  // namespace

NetworkSize ParseNetworkSize(const std::string& text) {
  const auto parse = [&text](std::string_view part) {
    int value = 0;
    const auto [rest, code] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (code != std::errc() || rest != part.data() + part.size() || value < 1 || value > kLargestSide) {
      throw Error(ErrorKind::kUsage, "--size: found '" + text + "', wanted WIDTHxHEIGHT in pixels, like 640x480");
    }
    return value;
  };
  const size_t cross = text.find('x');
  if (cross == std::string::npos) return {parse(text), parse(text)};
  return {parse(std::string_view(text).substr(0, cross)), parse(std::string_view(text).substr(cross + 1))};
}

std::optional<NetworkSize> ChooseNetworkSize(const Graph& graph, const std::optional<ModelRecord>& record,
                                             const std::optional<NetworkSize>& asked) {
  if (asked) return asked;
  if (record) {
    const int longest = std::max(record->input.longest_side, 1);
    const InputSize size = DetectorInputSize(record->input, longest, std::max(longest * 3 / 4, 1));
    return NetworkSize{size.width, size.height};
  }
  for (const ValueInfo& input : graph.inputs) {
    if (input.shape.size() != 4 || input.shape[2].value < 1 || input.shape[3].value < 1) continue;
    return NetworkSize{static_cast<int>(std::min<int64_t>(input.shape[3].value, kLargestSide)),
                       static_cast<int>(std::min<int64_t>(input.shape[2].value, kLargestSide))};
  }
  return std::nullopt;
}

InputShapes ConcreteInputs(const Graph& graph, const NetworkSize& size, int64_t batch) {
  InputShapes shapes;
  for (const ValueInfo& input : graph.inputs) {
    Shape& shape = shapes[input.name];
    for (size_t i = 0; i < input.shape.size(); ++i) {
      int64_t wanted = input.shape[i].value;
      const bool picture = input.shape.size() == 4;
      if (i == 0 && (wanted < 0 || batch != 1)) wanted = batch;
      if (picture && i == 2) wanted = size.height;
      if (picture && i == 3) wanted = size.width;
      if (wanted < 0 || (input.shape[i].value >= 0 && input.shape[i].value != wanted)) {
        throw Error(ErrorKind::kUsage,
                    fmt::format("input '{}' is {}: dimension {} cannot become {}", input.name, ShapeText(input.shape),
                                i, wanted < 0 ? "known" : std::to_string(wanted)));
      }
      shape.push_back(wanted);
    }
  }
  return shapes;
}

std::map<std::string, int64_t> CountOperators(const Graph& graph) {
  std::map<std::string, int64_t> counts;
  for (const Node& node : graph.nodes) ++counts[node.op];
  return counts;
}

void AddModelSource(CLI::App& app, ModelSource& source) {
  app.add_option("FILE", source.file, "an ONNX file");
  app.add_option("--arch", source.architecture, "in place of a file, an architecture (see maskscope model list)")
      ->option_text("NAME");
  app.add_option("--classes", source.classes, "classes of the architecture; default: as published")->option_text("N");
  app.add_option("--width", source.width, "channel multiplier of the architecture, where it has one")->option_text("W");
  app.add_option("--size", source.size, "input size in pixels; default: the model's own")->option_text("WxH");
}

OpenedModel OpenModel(const ModelSource& source, bool draw_weights) {
  if (source.file.empty() == source.architecture.empty()) {
    throw Error(ErrorKind::kUsage, "wanted either a FILE or --arch NAME (maskscope model list names them)");
  }
  const std::optional<NetworkSize> asked =
      source.size.empty() ? std::nullopt : std::optional(ParseNetworkSize(source.size));
  OpenedModel model;
  if (source.architecture.empty()) {
    if (source.classes || source.width) throw Error(ErrorKind::kUsage, "--classes and --width belong to --arch");
    model.name = source.file;
    model.graph = ReadOnnx(source.file);
    model.record = ReadModelRecord(model.graph, source.file);
    model.size = ChooseNetworkSize(model.graph, model.record, asked);
    return model;
  }
  const int own = FindArchitecture(source.architecture).input_size;
  model.name = source.architecture;
  model.size = asked.value_or(NetworkSize{own, own});
  ArchitectureOptions options;
  options.classes = source.classes;
  options.width = source.width;
  options.input_size = std::max(model.size->width, model.size->height);
  options.draw_weights = draw_weights;
  model.graph = BuildArchitecture(source.architecture, options);
  return model;
}

ModelSummary SummarizeModel(const ModelSource& source) {
  ModelSummary summary;
  summary.model = OpenModel(source, false);
  const OpenedModel& model = summary.model;
  if (source.file.empty()) {
    summary.architecture = &FindArchitecture(source.architecture);
  } else {
    std::error_code code;
    summary.file_bytes = static_cast<int64_t>(std::filesystem::file_size(source.file, code));
    if (code) summary.file_bytes = 0;  // a device or gone meanwhile; the model itself has been read
  }
  summary.parameters = CountLearnedParameters(model.graph);
  if (model.size) {
    const InferredShapes inferred = InferShapes(model.graph, ConcreteInputs(model.graph, *model.size, 1));
    summary.multiply_adds = CountMultiplyAdds(model.graph, inferred);
  }
  return summary;
}

std::string LargeNumber(double value) {
  if (value >= 1e9) return fmt::format("{:.2f} G", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.2f} M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:.1f} k", value / 1e3);
  return fmt::format("{:.0f}", value);
}

std::string ToText(const ModelSummary& summary) {
  const Graph& graph = summary.model.graph;
  std::string text = summary.model.name + "\n";
  if (summary.architecture != nullptr) {
    text += Line("task", ArchitectureTaskName(summary.architecture->task));
    text += Line("description", summary.architecture->description);
    text += Line("source", summary.architecture->source);
  } else {
    text += Line("file size", fmt::format("{:.2f} MB", static_cast<double>(summary.file_bytes) / 1e6));
  }
  for (const ValueInfo& input : graph.inputs) {
    text += Line("input", fmt::format("{} {} {}", input.name, DataTypeName(input.type), ShapeText(input.shape)));
  }
  for (const ValueInfo& output : graph.outputs) {
    text += Line("output", fmt::format("{} {} {}", output.name, DataTypeName(output.type), ShapeText(output.shape)));
  }
  text += Line("parameters", LargeNumber(static_cast<double>(summary.parameters)));
  if (summary.multiply_adds) {
    text += Line("multiply-adds", fmt::format("{} at {}x{}", LargeNumber(static_cast<double>(*summary.multiply_adds)),
                                              summary.model.size->width, summary.model.size->height));
  } else {
    text += Line("multiply-adds", "give --size WIDTHxHEIGHT: the model fixes none");
  }
  std::string operators;
  for (const auto& [op, count] : CountOperators(graph)) {
    operators += fmt::format("{}{} {}", operators.empty() ? "" : ", ", op, count);
  }
  text += Line("operators", operators);
  if (summary.architecture != nullptr) return text;
  if (!summary.model.record) return text + Line("record", "none: maskscope does not know how to use this model");
  return text + "  record\n" + RecordText(maskscope::ToJson(*summary.model.record), "    ");
}

nlohmann::ordered_json ToJson(const ModelSummary& summary) {
  const OpenedModel& model = summary.model;
  nlohmann::ordered_json json;
  json["schema"] = "maskscope.model_info/1";
  if (summary.architecture != nullptr) {
    json["architecture"] = {{"name", model.name},
                            {"task", ArchitectureTaskName(summary.architecture->task)},
                            {"description", summary.architecture->description},
                            {"source", summary.architecture->source}};
  } else {
    json["file"] = model.name;
    json["file_bytes"] = summary.file_bytes;
  }
  json["inputs"] = ToJson(model.graph.inputs);
  json["outputs"] = ToJson(model.graph.outputs);
  json["parameters"] = summary.parameters;
  json["multiply_adds"] = nullptr;
  if (summary.multiply_adds) {
    json["multiply_adds"] = {
        {"width", model.size->width}, {"height", model.size->height}, {"count", *summary.multiply_adds}};
  }
  json["operators"] = CountOperators(model.graph);
  json["record"] = nullptr;
  if (model.record) json["record"] = maskscope::ToJson(*model.record);
  return json;
}

}  // namespace maskscope
