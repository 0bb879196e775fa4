#include <fmt/format.h>

#include <filesystem>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "cli/explain_commands.h"
#include "cli/model_summary.h"
#include "cli/result_output.h"
#include "cli/step_times.h"
#include "explain/network_drawing.h"
#include "graph/cost.h"
#include "report/table.h"

// `explain network`: a network drawn, and told node by node.
namespace maskscope {
namespace {

struct NetworkOptions {
  ModelSource source;
  std::string out, csv, precision = "auto";
  bool time = false;
  int runs = 50;
};

// Fastest time of the engine's steps on one thread, under the name of each step's first node.
std::map<std::string, double> Time(const Graph& graph, const InputShapes& shapes, const NetworkOptions& options) {
  EngineOptions engine_options;
  engine_options.precision = ParsePrecision(options.precision);
  Engine engine(graph, engine_options);
  std::map<std::string, double> milliseconds;
  for (const StepTime& step : FastestSteps(engine, NoiseInputs(shapes), options.runs)) {
    milliseconds[step.node] += step.milliseconds;
  }
  return milliseconds;
}

Table NodeTable(const Graph& graph, const InferredShapes& inferred, const std::map<std::string, double>& milliseconds) {
  Table table{"", {"node", "op", "output", "parameters", "multiply_adds"}, {}};
  if (!milliseconds.empty()) table.columns.emplace_back("milliseconds");
  const std::vector<NodeCost> costs = CountNodeCosts(graph, inferred);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    table.rows.push_back({node.name, node.op, ToString(inferred.shapes.at(node.outputs[0])),
                          static_cast<double>(costs[i].parameters), static_cast<double>(costs[i].multiply_adds)});
    if (milliseconds.empty()) continue;
    const auto found = milliseconds.find(node.name);
    table.rows.back().push_back(found == milliseconds.end() ? std::numeric_limits<double>::quiet_NaN() : found->second);
  }
  return table;
}

int RunExplainNetwork(const NetworkOptions& options, const CommandContext& context) {
  if (options.runs < 1 || options.runs > 100000) {
    throw Error(ErrorKind::kUsage, "--runs: found " + std::to_string(options.runs) + ", wanted 1 to 100000");
  }
  if (!options.out.empty() && std::filesystem::path(options.out).extension() != ".svg") {
    throw Error(ErrorKind::kUsage, "--out: found '" + options.out + "', wanted a name that ends in .svg");
  }
  const OpenedModel model = OpenModel(options.source, true);
  if (!model.size) throw Error(ErrorKind::kUsage, "'" + model.name + "' fixes no input size: give --size WIDTHxHEIGHT");
  const InputShapes shapes = ConcreteInputs(model.graph, *model.size, 1);
  const Graph graph = Specialize(model.graph, shapes);
  const InferredShapes inferred = InferShapes(graph, shapes);
  std::map<std::string, double> milliseconds;
  if (options.time) milliseconds = Time(model.graph, shapes, options);
  const Table table = NodeTable(graph, inferred, milliseconds);
  if (!options.csv.empty()) WriteFileAtomically(options.csv, ToCsv(table));
  if (!options.out.empty()) {
    const std::string name = std::filesystem::path(model.name).filename().string();
    const std::string title = fmt::format("{} at {} × {}", name, model.size->width, model.size->height);
    WriteFileAtomically(options.out, DrawNetwork(PlanNetwork(graph, inferred, milliseconds), title));
    context.Say("wrote " + options.out);
  }
  OutputStream("-").Write(ToMarkdown(table));
  return 0;
}

}  // namespace

void AddExplainNetworkCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<NetworkOptions>();
  CLI::App& app =
      AddCommand(group, context, "network", "draw a network, and list its nodes with shapes and costs",
                 "  maskscope explain network models/mask-classifier.onnx --out classifier.svg\n"
                 "  maskscope explain network --arch resnet50 --classes 3 --out resnet50.svg --csv nodes.csv\n"
                 "  maskscope explain network models/face-detector.onnx --time     milliseconds of each node\n"
                 "Nodes that run as one step (a convolution with its activation) have their time at the first of them.",
                 [options, &context] { return RunExplainNetwork(*options, context); });
  AddModelSource(app, options->source);
  app.add_option("--out", options->out, "the drawing")->option_text("FILE.svg");
  app.add_option("--csv", options->csv, "the table of nodes")->option_text("FILE");
  app.add_flag("--time", options->time, "measure each step on this machine, on one thread");
  app.add_option("--runs", options->runs, "runs of which the fastest counts")->option_text("N")->capture_default_str();
  app.add_option("--precision", options->precision, "auto, f32 or bf16")->option_text("P")->capture_default_str();
}

}  // namespace maskscope
