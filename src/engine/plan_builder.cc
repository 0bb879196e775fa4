#include "engine/plan_builder.h"

#include <algorithm>

#include "base/error.h"
#include "engine/arena.h"
#include "engine/copy.h"
#include "engine/lowering.h"

namespace maskscope {

PlanBuilder::PlanBuilder(const Graph& graph, InferredShapes inferred, const PlanOptions& options, PackedWeights& packed)
    : graph_(graph), inferred_(std::move(inferred)), options_(options), packed_(packed) {
  plan_.threads = options.threads;
  for (const Node& node : graph.nodes) {
    if (IsKnown(node)) continue;
    for (const std::string& input : node.inputs) readers_[input].push_back(&node);
  }
  for (const ValueInfo& output : graph.outputs) outputs_.insert(output.name);
  for (const ValueInfo& input : graph.inputs) {
    PlanBuffer buffer;
    buffer.kind = PlanBuffer::Kind::kInput;
    buffer.input = input.name;
    plan_.buffers.push_back(std::move(buffer));
    const int id = static_cast<int>(plan_.buffers.size()) - 1;
    Alias(input.name, DensePlace(ShapeOf(input.name), Format::kPlain, ElementType::kF32, id));
  }
  FindTargets();
}

bool PlanBuilder::IsKnown(const Node& node) const {
  return std::ranges::all_of(
      node.outputs, [&](const std::string& output) { return output.empty() || ConstantOf(output) != nullptr; });
}

const Shape& PlanBuilder::ShapeOf(const std::string& value) const {
  const auto found = inferred_.shapes.find(value);
  if (found == inferred_.shapes.end()) throw Error{ErrorKind::kBadModel, "value '" + value + "' has no known shape"};
  return found->second;
}

const Tensor* PlanBuilder::ConstantOf(const std::string& value) const {
  if (const Tensor* initializer = graph_.FindInitializer(value)) return initializer;
  const auto found = inferred_.constants.find(value);
  return found == inferred_.constants.end() ? nullptr : &found->second;
}

const Node* PlanBuilder::OnlyReader(const std::string& value) const {
  const auto found = readers_.find(value);
  const bool only = found != readers_.end() && found->second.size() == 1 && !outputs_.contains(value);
  return only ? found->second.front() : nullptr;
}

const std::vector<const Node*>& PlanBuilder::Readers(const std::string& value) const {
  static const std::vector<const Node*> kNone;
  const auto found = readers_.find(value);
  return found == readers_.end() ? kNone : found->second;
}

bool PlanBuilder::IsReady(const std::string& value) const {
  return places_.contains(value) || deferred_.contains(value) || ConstantOf(value) != nullptr;
}

bool PlanBuilder::DiesWith(const Place& place, const std::set<const Node*>& readers) const {
  if (plan_.buffers[static_cast<size_t>(place.buffer)].kind != PlanBuffer::Kind::kArena) return false;
  const auto residents = residents_.find(place.buffer);
  if (residents == residents_.end()) return true;
  for (const auto& [value, deferred] : deferred_) {
    if (residents->second.contains(deferred.source)) return false;
  }
  for (const std::string& value : residents->second) {
    if (outputs_.contains(value)) return false;
    const auto found = readers_.find(value);
    if (found == readers_.end()) continue;
    for (const Node* reader : found->second) {
      if (!readers.contains(reader) && !done_.contains(reader)) return false;
    }
  }
  return true;
}

Place PlanBuilder::Read(const std::string& value, const std::vector<Format>& formats, ElementType type, bool dense) {
  if (const auto deferred = deferred_.find(value); deferred != deferred_.end()) {
    const std::function<void()> lower = std::move(deferred->second.lower);
    deferred_.erase(deferred);
    lower();
  }
  if (!places_.contains(value)) {
    const Tensor* constant = ConstantOf(value);
    if (constant == nullptr || !constant->is_float()) {
      throw Error{ErrorKind::kUnsupported, "value '" + value + "' is of integers that are only known at run time"};
    }
    PlanBuffer buffer;
    buffer.kind = PlanBuffer::Kind::kConstant;
    // The graph outlives the plan; what shape inference made does not.
    if (graph_.FindInitializer(value) == nullptr) {
      const auto kept = std::make_shared<const Tensor>(*constant);
      constant = kept.get();
      buffer.owner = kept;
    }
    buffer.data = constant->floats.data();
    plan_.buffers.push_back(std::move(buffer));
    const int id = static_cast<int>(plan_.buffers.size()) - 1;
    Alias(value, DensePlace(ShapeOf(value), Format::kPlain, ElementType::kF32, id));
  }
  for (const Format format : formats) {
    for (const Place& place : places_[value]) {
      if (place.format == format && place.type == type && (!dense || place.IsDense())) return place;
    }
  }
  const Place from = AnyPlace(value);
  const int buffer = NewBuffer(StorageElements(from.shape, formats.front()) * ElementBytes(type));
  const Place to = DensePlace(from.shape, formats.front(), type, buffer);
  EmitCopy(value, from, to);
  Alias(value, to);
  return to;
}

void PlanBuilder::DeferResize(const std::string& value, const std::string& source, std::function<void()> lower) {
  deferred_[value] = {source, std::move(lower)};
}

Place PlanBuilder::ReadUnresized(const std::string& value) {
  const auto deferred = deferred_.find(value);
  if (deferred == deferred_.end()) return Read(value, {Format::kBlocked}, ElementType::kF32, false);
  const std::string source = deferred->second.source;
  deferred_.erase(deferred);
  return Read(source, {Format::kBlocked}, ElementType::kF32, false);
}

// The images of a batch side by side inside each channel block: for 1x1 convolutions of small maps the batch is then
// one image. Only our own kernels read that.
Place PlanBuilder::FreshPlace(const Shape& shape, Format format, ElementType type, int buffer, bool strided) const {
  Place place = DensePlace(shape, format, type, buffer);
  if (format == Format::kBlocked && strided && type == ElementType::kF32 && KernelsServe(options_)) {
    place.batch_stride = BlockSize() * shape[2] * shape[3];
    place.block_stride = place.batch_stride * shape[0];
  }
  return place;
}

const Place& PlanBuilder::AnyPlace(const std::string& value) const {
  const auto found = places_.find(value);
  if (found == places_.end()) throw Error{ErrorKind::kInternal, "value '" + value + "' is read before it is made"};
  return found->second.front();
}

Place PlanBuilder::Write(const std::string& value, const std::vector<Format>& formats, ElementType type, bool strided) {
  const std::optional<Place> destination = Destination(value);
  if (destination) {
    const bool direct = std::ranges::find(formats, destination->format) != formats.end() && type == destination->type &&
                        (strided || destination->IsDense());
    if (direct) {
      Alias(value, *destination);
      return *destination;
    }
  }
  const Shape& shape = ShapeOf(value);
  const int buffer = NewBuffer(StorageElements(shape, formats.front()) * ElementBytes(type));
  const Place place = FreshPlace(shape, formats.front(), type, buffer, strided);
  Alias(value, place);
  if (destination) {
    Alias(value, *destination);
    pending_copies_.emplace_back(place, *destination);
  }
  return place;
}

void PlanBuilder::Alias(const std::string& value, const Place& place) {
  places_[value].push_back(place);
  residents_[place.buffer].insert(value);
}

bool PlanBuilder::LiesAt(const std::string& value, const Place& place) const {
  const auto found = places_.find(value);
  if (found == places_.end()) return false;
  return std::ranges::any_of(found->second, [&](const Place& other) {
    return other.buffer == place.buffer && other.offset == place.offset && other.format == place.format;
  });
}

int PlanBuilder::NewBuffer(int64_t bytes) {
  PlanBuffer buffer;
  buffer.bytes = bytes;
  plan_.buffers.push_back(std::move(buffer));
  return static_cast<int>(plan_.buffers.size()) - 1;
}

void PlanBuilder::Emit(Step step) {
  const std::string node = step.node;
  plan_.steps.push_back(std::move(step));
  std::vector<std::pair<Place, Place>> copies;
  copies.swap(pending_copies_);
  for (const auto& [from, to] : copies) EmitCopy(node, from, to);
}

void PlanBuilder::EmitCopy(const std::string& node, const Place& from, const Place& to) {
  Step step;
  step.node = node;
  step.op = "Copy";
  step.kernel = "copy";
  step.reads = {from.buffer};
  step.writes = {to.buffer};
  step.bind = [from, to, threads = options_.threads](const Bases& bases) -> Work {
    return [from, to, threads, src = bases.At(from), dst = bases.At(to)] {
      CopyPlace(from, src.As<void>(), to, dst.As<void>(), threads);
    };
  };
  plan_.steps.push_back(std::move(step));
}

void PlanBuilder::AddOutputs() {
  for (const ValueInfo& output : graph_.outputs) {
    Place place = Read(output.name, {Format::kPlain});
    if (plan_.buffers[static_cast<size_t>(place.buffer)].kind != PlanBuffer::Kind::kArena) {
      // The caller's memory may go before the result does.
      const Place copy =
          DensePlace(place.shape, Format::kPlain, ElementType::kF32, NewBuffer(ElementCount(place.shape) * 4));
      EmitCopy(output.name, place, copy);
      place = copy;
    }
    plan_.outputs[output.name] = place;
  }
}

void PlanBuilder::PlaceInArena() {
  const int end = static_cast<int>(plan_.steps.size());
  std::vector<ArenaRequest> requests(plan_.buffers.size());
  for (size_t i = 0; i < requests.size(); ++i) requests[i] = {0, end, -1};
  for (int i = 0; i < end; ++i) {
    const Step& step = plan_.steps[static_cast<size_t>(i)];
    for (const auto* buffers : {&step.reads, &step.writes}) {
      for (const int buffer : *buffers) {
        if (buffer < 0) continue;
        ArenaRequest& request = requests[static_cast<size_t>(buffer)];
        request.first = std::min(request.first, i);
        request.last = std::max(request.last, i);
      }
    }
  }
  for (const auto& [name, place] : plan_.outputs) requests[static_cast<size_t>(place.buffer)].last = end;
  for (size_t i = 0; i < requests.size(); ++i) {
    if (plan_.buffers[i].kind == PlanBuffer::Kind::kArena && requests[i].last >= 0)
      requests[i].bytes = plan_.buffers[i].bytes;
  }
  const ArenaLayout layout = PlanArena(requests, options_.reuse_memory);
  for (size_t i = 0; i < requests.size(); ++i) plan_.buffers[i].arena_offset = layout.offsets[i];
  plan_.arena_bytes = layout.bytes;
}

Plan PlanBuilder::Finish() {
  AddOutputs();
  PlaceInArena();
  if (plan_.arena_bytes > options_.max_arena_bytes) {
    throw Error{ErrorKind::kResource, "the graph '" + graph_.name + "' needs " + std::to_string(plan_.arena_bytes) +
                                          " bytes of working memory for these input shapes; max_arena_bytes allows " +
                                          std::to_string(options_.max_arena_bytes)};
  }
  return std::move(plan_);
}

}  // namespace maskscope
