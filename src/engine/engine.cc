#include "engine/engine.h"

#include <algorithm>
#include <list>

#include "base/error.h"
#include "engine/context.h"

namespace maskscope {

struct Engine::Impl {
  Graph given;
  Graph prepared;
  EngineOptions options;
  Precision precision = Precision::kF32;
  PackedWeights packed;
  std::mutex mutex;
  std::list<std::pair<InputShapes, std::shared_ptr<PlanEntry>>> entries;  // the last used first

  std::shared_ptr<PlanEntry> Find(const InputShapes& shapes);
  std::shared_ptr<PlanEntry> FindOrCompile(const InputShapes& shapes);
};

struct RunResult::Impl {
  std::shared_ptr<PlanEntry> entry;
  std::unique_ptr<Context> context;
  std::map<std::string, TensorView> outputs;
};

namespace {

InputShapes ShapesOf(const std::map<std::string, TensorView>& inputs) {
  InputShapes shapes;
  for (const auto& [name, view] : inputs) shapes[name] = view.shape;
  return shapes;
}

void CheckViews(const Graph& graph, const std::map<std::string, TensorView>& inputs) {
  std::vector<std::string> known;
  for (const ValueInfo& input : graph.inputs) known.push_back(input.name);
  for (const auto& [name, view] : inputs) {
    if (std::ranges::find(known, name) == known.end()) {
      const std::string near = NearestWord(name, known);
      throw Error{ErrorKind::kBadModel, "the graph '" + graph.name + "' has no input '" + name + "'" +
                                            (near.empty() ? "" : "; did you mean '" + near + "'?")};
    }
    if (view.data == nullptr) throw Error{ErrorKind::kBadModel, "input '" + name + "' has no data"};
  }
}

PlanOptions OptionsFor(const EngineOptions& options, Precision precision) {
  PlanOptions plan;
  plan.precision = precision == Precision::kBf16 ? ElementType::kBf16 : ElementType::kF32;
  plan.threads = options.threads;
  plan.max_arena_bytes = options.max_arena_bytes;
  return plan;
}

}  // namespace

std::shared_ptr<PlanEntry> Engine::Impl::Find(const InputShapes& shapes) {
  const std::lock_guard lock(mutex);
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    if (entry->first != shapes) continue;
    entries.splice(entries.begin(), entries, entry);
    return entries.front().second;
  }
  return nullptr;
}

// Compiling happens outside the lock, so that plans which exist go on running; of two threads that compile the same
// shapes at once the second drops its plan.
std::shared_ptr<PlanEntry> Engine::Impl::FindOrCompile(const InputShapes& shapes) {
  if (std::shared_ptr<PlanEntry> found = Find(shapes)) return found;
  const auto made = std::make_shared<PlanEntry>(CompilePlan(prepared, shapes, OptionsFor(options, precision), packed));
  if (std::shared_ptr<PlanEntry> found = Find(shapes)) return found;
  const std::lock_guard lock(mutex);
  entries.emplace_front(shapes, made);
  while (entries.size() > static_cast<size_t>(options.max_plans)) entries.pop_back();
  return made;
}

Engine::Engine(Graph graph, const EngineOptions& options) : impl_(std::make_unique<Impl>()) {
  options.Validate();
  impl_->options = options;
  const bool bf16 =
      options.precision == Precision::kBf16 || (options.precision == Precision::kAuto && CpuHasNativeBf16());
  impl_->precision = bf16 ? Precision::kBf16 : Precision::kF32;
  impl_->given = std::move(graph);
  impl_->prepared = PrepareForPlans(impl_->given);
}

Engine::~Engine() = default;

RunResult Engine::Run(const std::map<std::string, TensorView>& inputs) {
  CheckViews(impl_->given, inputs);
  auto result = std::make_unique<RunResult::Impl>();
  result->entry = impl_->FindOrCompile(ShapesOf(inputs));
  result->context = result->entry->Take();
  result->context->Run(inputs);
  for (const auto& [name, place] : result->context->plan().outputs) {
    result->outputs[name] = {result->context->Output(place), place.shape};
  }
  return RunResult(std::move(result));
}

void Engine::Prepare(const std::map<std::string, Shape>& inputs) {
  const std::shared_ptr<PlanEntry> entry = impl_->FindOrCompile(inputs);
  entry->Return(entry->Take());
}

std::vector<StepTime> Engine::Profile(const std::map<std::string, TensorView>& inputs) {
  CheckViews(impl_->given, inputs);
  const std::shared_ptr<PlanEntry> entry = impl_->FindOrCompile(ShapesOf(inputs));
  std::unique_ptr<Context> context = entry->Take();
  std::vector<StepTime> times = context->Profile(inputs);
  entry->Return(std::move(context));
  return times;
}

const Graph& Engine::graph() const { return impl_->given; }
Precision Engine::precision() const { return impl_->precision; }

int64_t Engine::arena_bytes(const std::map<std::string, Shape>& inputs) {
  return impl_->FindOrCompile(inputs)->plan()->arena_bytes;
}

RunResult::RunResult(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunResult::RunResult(RunResult&&) noexcept = default;

RunResult& RunResult::operator=(RunResult&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

RunResult::~RunResult() {
  if (impl_ && impl_->context) impl_->entry->Return(std::move(impl_->context));
}

const TensorView& RunResult::Get(const std::string& output) const {
  const auto found = impl_->outputs.find(output);
  if (found != impl_->outputs.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, view] : impl_->outputs) names.push_back(name);
  const std::string near = NearestWord(output, names);
  throw Error{ErrorKind::kBadModel,
              "the graph has no output '" + output + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?")};
}

}  // namespace maskscope
