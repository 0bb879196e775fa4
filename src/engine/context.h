#ifndef MASKSCOPE_ENGINE_CONTEXT_H_
#define MASKSCOPE_ENGINE_CONTEXT_H_

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/plan.h"

namespace maskscope {

// The memory of one run of a plan, used by one thread at a time.
class Context {
 public:
  // Errors: kResource.
  explicit Context(std::shared_ptr<const Plan> plan);
  void Run(const std::map<std::string, TensorView>& inputs);
  std::vector<StepTime> Profile(const std::map<std::string, TensorView>& inputs);
  const float* Output(const Place& place) const;
  const Plan& plan() const { return *plan_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  void SetInputs(const std::map<std::string, TensorView>& inputs);

  std::shared_ptr<const Plan> plan_;
  std::unique_ptr<std::byte, Free> arena_;
  Bases bases_;
  std::vector<Work> work_;
};

// A plan with the contexts that wait for the next run.
class PlanEntry {
 public:
  explicit PlanEntry(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}
  const std::shared_ptr<const Plan>& plan() const { return plan_; }
  std::unique_ptr<Context> Take();
  void Return(std::unique_ptr<Context> context);

 private:
  std::shared_ptr<const Plan> plan_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Context>> idle_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_CONTEXT_H_
