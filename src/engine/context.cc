#include "engine/context.h"

#include <cstring>
#include <new>

#include "base/error.h"
#include "engine/arena.h"

namespace maskscope {

namespace {

constexpr std::align_val_t kAlignment{static_cast<size_t>(kArenaAlignment)};
// Vector loads of a last block may reach beyond a value, never beyond this.
constexpr int64_t kMargin = 256;

}  // namespace

void Context::Free::operator()(std::byte* memory) const { ::operator delete(memory, kAlignment); }

Context::Context(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)), bases_(plan_->buffers.size()) {
  const auto bytes = static_cast<size_t>(plan_->arena_bytes + kMargin);
  arena_.reset(static_cast<std::byte*>(::operator new(bytes, kAlignment, std::nothrow)));
  if (!arena_) throw Error{ErrorKind::kResource, "no memory for an arena of " + std::to_string(bytes) + " bytes"};
  // Channels that fill up a block must be finite.
  std::memset(arena_.get(), 0, bytes);
  for (size_t i = 0; i < plan_->buffers.size(); ++i) {
    const PlanBuffer& buffer = plan_->buffers[i];
    if (buffer.kind == PlanBuffer::Kind::kArena) bases_.Set(static_cast<int>(i), arena_.get() + buffer.arena_offset);
    if (buffer.kind == PlanBuffer::Kind::kConstant) bases_.Set(static_cast<int>(i), buffer.data);
  }
  for (const Step& step : plan_->steps) work_.push_back(step.bind(bases_));
}

void Context::SetInputs(const std::map<std::string, TensorView>& inputs) {
  for (size_t i = 0; i < plan_->buffers.size(); ++i) {
    const PlanBuffer& buffer = plan_->buffers[i];
    if (buffer.kind == PlanBuffer::Kind::kInput) bases_.Set(static_cast<int>(i), inputs.at(buffer.input).data);
  }
}

void Context::Run(const std::map<std::string, TensorView>& inputs) {
  SetInputs(inputs);
  const ThreadCount threads(plan_->threads);
  for (const Work& work : work_) work();
}

std::vector<StepTime> Context::Profile(const std::map<std::string, TensorView>& inputs) {
  SetInputs(inputs);
  const ThreadCount threads(plan_->threads);
  std::vector<StepTime> times;
  for (size_t i = 0; i < work_.size(); ++i) {
    const auto start = std::chrono::steady_clock::now();
    work_[i]();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    const Step& step = plan_->steps[i];
    times.push_back({step.node, step.op, step.kernel, took.count()});
  }
  return times;
}

const float* Context::Output(const Place& place) const { return bases_.At(place).floats(); }

std::unique_ptr<Context> PlanEntry::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Context> context = std::move(idle_.back());
      idle_.pop_back();
      return context;
    }
  }
  return std::make_unique<Context>(plan_);
}

void PlanEntry::Return(std::unique_ptr<Context> context) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(context));
}

}  // namespace maskscope
