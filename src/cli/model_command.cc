#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/threads.h"
#include "cli/command.h"
#include "cli/model_summary.h"
#include "cli/result_output.h"
#include "cli/step_times.h"
#include "engine/engine.h"

namespace maskscope {
namespace {

struct InfoOptions {
  ModelSource source;
  bool json = false;
};

struct BenchOptions {
  ModelSource source;
  std::string precision = "auto";
  int64_t batch = 1;
  std::vector<int> threads;
  int runs = 100;
  bool nodes = false;
  bool json = false;
};

int RunInfo(const InfoOptions& options) {
  const ModelSummary summary = SummarizeModel(options.source);
  OutputStream("-").Write(options.json ? ToJson(summary).dump(2) + "\n" : ToText(summary));
  return 0;
}

double Milliseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

struct BenchRow {
  int threads = 0;
  std::string precision;
  double compile = 0, median = 0, fastest = 0, p90 = 0;  // milliseconds
  double arena_megabytes = 0;
  std::vector<StepTime> steps;
};

BenchRow Measure(const Graph& graph, const InputShapes& shapes, int threads, const BenchOptions& options,
                 Progress& progress) {
  EngineOptions engine_options;
  engine_options.precision = ParsePrecision(options.precision);
  engine_options.threads = threads;
  Engine engine(graph, engine_options);
  BenchRow row;
  row.threads = threads;
  row.precision = PrecisionName(engine.precision());
  const auto before = std::chrono::steady_clock::now();
  engine.Prepare(shapes);
  row.compile = Milliseconds(std::chrono::steady_clock::now() - before);
  row.arena_megabytes = static_cast<double>(engine.arena_bytes(shapes)) / 1e6;
  const NoiseInputs inputs(shapes);
  for (int i = 0; i < std::max(3, options.runs / 10); ++i) engine.Run(inputs.views);  // caches and clocks settle
  std::vector<double> times;
  for (int i = 0; i < options.runs; ++i) {
    const auto started = std::chrono::steady_clock::now();
    engine.Run(inputs.views);
    times.push_back(Milliseconds(std::chrono::steady_clock::now() - started));
    progress.Step();
  }
  std::sort(times.begin(), times.end());
  row.median = times[times.size() / 2];
  row.fastest = times.front();
  row.p90 = times[times.size() * 9 / 10];
  if (options.nodes) row.steps = FastestSteps(engine, inputs, options.runs);
  return row;
}

std::string ToText(const BenchRow& row, int64_t batch) {
  std::string text = fmt::format("{:>7} {:>9} {:>10.3f} {:>10.3f} {:>10.3f} {:>11.1f} {:>11.1f} {:>10.1f}\n",
                                 row.threads, row.precision, row.median, row.fastest, row.p90,
                                 1000.0 * static_cast<double>(batch) / row.median, row.compile, row.arena_megabytes);
  if (row.steps.empty()) return text;
  double sum = 0;
  for (const StepTime& step : row.steps) sum += step.milliseconds;
  for (const StepTime& step : row.steps) {
    text += fmt::format("  {:>9.4f} ms {:>5.1f} %  {:<28} {:<28} {}\n", step.milliseconds,
                        sum > 0 ? 100 * step.milliseconds / sum : 0, step.op, step.kernel, step.node);
  }
  text += fmt::format("  {:>9.4f} ms together, each step's fastest run\n", sum);
  return text;
}

nlohmann::ordered_json ToJson(const BenchRow& row) {
  nlohmann::ordered_json json = {
      {"threads", row.threads},         {"precision", row.precision}, {"median_ms", row.median},
      {"fastest_ms", row.fastest},      {"p90_ms", row.p90},          {"compile_ms", row.compile},
      {"arena_mb", row.arena_megabytes}};
  for (const StepTime& step : row.steps) {
    json["steps"].push_back({{"node", step.node}, {"op", step.op}, {"kernel", step.kernel}, {"ms", step.milliseconds}});
  }
  return json;
}

void Validate(const BenchOptions& options) {
  Problems problems;
  problems.Require(options.batch >= 1 && options.batch <= 1024, "--batch", std::to_string(options.batch), "1 to 1024");
  problems.Require(options.runs >= 1 && options.runs <= 1'000'000, "--runs", std::to_string(options.runs),
                   "1 to 1000000");
  problems.ThrowIfAny(ErrorKind::kUsage, "model bench");
}

int RunBench(BenchOptions options, const CommandContext& context) {
  Validate(options);
  if (options.threads.empty()) options.threads = CoreCount() > 1 ? std::vector{1, CoreCount()} : std::vector{1};
  for (int& threads : options.threads) threads = ResolveThreads(threads, "--threads");
  const OpenedModel model = OpenModel(options.source, true);
  const auto size = model.size;
  if (!size) throw Error(ErrorKind::kUsage, "'" + model.name + "' fixes no input size: give --size WIDTHxHEIGHT");
  const InputShapes shapes = ConcreteInputs(model.graph, *size, options.batch);

  OutputStream out("-");
  nlohmann::ordered_json json = {{"schema", "maskscope.model_bench/1"},
                                 {"file", model.name},
                                 {"width", size->width},
                                 {"height", size->height},
                                 {"batch", options.batch},
                                 {"runs", options.runs}};
  if (!options.json) {
    out.Write(fmt::format("{}  {}x{}, batch {}, {} runs\n", model.name, size->width, size->height, options.batch,
                          options.runs));
    out.Write("threads precision  median ms fastest ms     p90 ms  pictures/s  compile ms   arena MB\n");
  }
  const auto progress = context.MakeProgress();
  progress->Start("measure", static_cast<int64_t>(options.threads.size()) * options.runs, "runs");
  for (const int threads : options.threads) {
    const BenchRow row = Measure(model.graph, shapes, threads, options, *progress);
    if (options.json) {
      json["results"].push_back(ToJson(row));
    } else {
      out.Write(ToText(row, options.batch));
    }
  }
  progress->Finish();
  if (options.json) out.Write(json.dump(2) + "\n");
  return 0;
}

void AddInfo(CLI::App& model, CommandContext& context) {
  auto options = std::make_shared<InfoOptions>();
  CLI::App& app = AddCommand(model, context, "info", "say what a model is, computes and was made from",
                             "  maskscope model info models/mask-classifier.onnx\n"
                             "  maskscope model info net.onnx --size 640x480 --json\n"
                             "  maskscope model info --arch resnet50 --classes 3\n",
                             [options] { return RunInfo(*options); });
  AddModelSource(app, options->source);
  app.add_flag("--json", options->json, "as JSON");
}

void AddBench(CLI::App& model, CommandContext& context) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App& app = AddCommand(model, context, "bench", "measure how fast a model runs on this machine",
                             "  maskscope model bench models/face-detector.onnx --size 640x480 --threads 1,2\n"
                             "  maskscope model bench net.onnx --nodes      where the time goes\n"
                             "  maskscope model bench --arch efficientnet_b0   with drawn weights\n",
                             [options, &context] { return RunBench(*options, context); });
  AddModelSource(app, options->source);
  app.add_option("--batch", options->batch, "pictures in one run; default 1")->option_text("N");
  app.add_option("--threads", options->threads, "thread counts to measure, \"1,2\"; default: 1 and all cores")
      ->delimiter(',')
      ->option_text("N,N");
  app.add_option("--precision", options->precision, "auto, f32 or bf16")->option_text("P");
  app.add_option("--runs", options->runs, "timed runs of each; default 100")->option_text("N");
  app.add_flag("--nodes", options->nodes, "fastest time of every step of the compiled network");
  app.add_flag("--json", options->json, "as JSON");
}

}  // namespace

void AddModelCommand(CLI::App& root, CommandContext& context) {
  CLI::App& model = AddCommandGroup(root, "model",
                                    "look at models and architectures, and make them of others: info, list, bench, "
                                    "describe, import");
  AddInfo(model, context);
  AddModelListCommand(model, context);
  AddBench(model, context);
  AddModelDescribeCommand(model, context);
  AddModelAverageCommand(model, context);
  AddModelImportCommand(model, context);
}

}  // namespace maskscope
