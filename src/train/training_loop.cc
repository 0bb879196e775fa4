#include "train/training_loop.h"

#include <fmt/format.h>
#include <malloc.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "base/threads.h"
#include "graph/onnx_io.h"
#include "report/event_file.h"
#include "train/checkpoint.h"
#include "train/environment.h"
#include "train/run_charts.h"

namespace maskscope {

namespace {

// A step asks for the same large blocks as the one before. glibc gives those back to the system and has them zeroed
// anew each time, which takes a third of the time of a small network's step; kept, they are there at once.
void KeepFreedMemory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
#endif
}

constexpr double kDivergence = 2;  // mean loss of an epoch, in means of the first

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

nlohmann::json NumbersToJson(const NamedNumbers& numbers) {
  nlohmann::json json = nlohmann::json::array();
  // JSON has no NaN: null stands for it.
  for (const auto& [name, value] : numbers) {
    json.push_back({name, std::isfinite(value) ? nlohmann::json(value) : nlohmann::json()});
  }
  return json;
}

NamedNumbers NumbersFromJson(const nlohmann::json& json) {
  NamedNumbers numbers;
  for (const nlohmann::json& pair : json) {
    const double value = pair.at(1).is_null() ? std::nan("") : pair.at(1).get<double>();
    numbers.emplace_back(pair.at(0).get<std::string>(), value);
  }
  return numbers;
}

// Sums over the steps of an epoch.
struct EpochSums {
  int64_t steps = 0, images = 0;
  double loss = 0, seconds = 0, waited = 0;
  NamedNumbers parts;

  double WaitingShare() const { return seconds > 0 ? waited / seconds : 0; }

  void Add(const StepResult& step, double step_loss) {
    ++steps;
    images += step.images;
    loss += step_loss;
    waited += step.waited;
    if (parts.empty()) {
      parts = step.parts;
    } else {
      for (size_t i = 0; i < parts.size(); ++i) parts[i].second += step.parts.at(i).second;
    }
  }
};

class Loop {
 public:
  Loop(TorchGraph& graph, TrainingTask& task, const LoopOptions& options, const RunFolder& folder,
       const LoopHooks& hooks)
      : graph_(graph),
        task_(task),
        options_(options),
        folder_(folder),
        hooks_(hooks),
        optimizer_(graph.parameters(), options.optimizer),
        average_(graph.parameters(), graph.buffers(), options.average_decay) {
    for (int epoch = 0; epoch < options.epochs; ++epoch) {
      epoch_starts_.push_back(total_steps_);
      total_steps_ += task.StepsPerEpoch(epoch);
    }
  }

  void Resume();
  void Join();
  LoopResult Run();

 private:
  bool writes() const { return hooks_.peers == nullptr || hooks_.peers->writes(); }
  bool RunEpoch();
  bool RunStep(int64_t step);
  void Exchange();
  void FinishEpoch();
  void ValidateAndWrite();
  NamedNumbers EpochRow() const;
  bool EndsEarly();
  bool Ends();
  void SaveState();

  TorchGraph& graph_;
  TrainingTask& task_;
  const LoopOptions& options_;
  const RunFolder& folder_;
  const LoopHooks& hooks_;
  Optimizer optimizer_;
  WeightAverage average_;
  std::vector<int64_t> epoch_starts_;
  int64_t total_steps_ = 0;

  int epoch_ = 0;
  int64_t step_ = 0;  // within the epoch
  bool stop_ = false;
  std::optional<int64_t> resumed_at_;  // an epoch, counted from 1, until it is written
  EpochSums sums_;
  std::vector<NamedNumbers> rows_;
  LoopResult result_;
};

// Weights, statistics, optimizer and place of the first process become everyone's.
void Loop::Join() {
  if (hooks_.peers == nullptr) return;
  if (options_.joined_statistics) graph_.sum_over_peers = [this](const at::Tensor& t) { return hooks_.peers->Sum(t); };
  for (const NamedTensors& group : {graph_.parameters(), graph_.buffers()}) hooks_.peers->TakeFromFirst(group);
  NamedTensors optimizer = optimizer_.State(), average = average_.State();
  hooks_.peers->TakeFromFirst(optimizer);
  hooks_.peers->TakeFromFirst(average);
  optimizer_.LoadState(optimizer);
  average_.LoadState(average);
  const at::Tensor place = torch::tensor({static_cast<double>(epoch_), static_cast<double>(step_)}, at::kDouble);
  hooks_.peers->TakeFromFirst({{"place", place}});
  epoch_ = static_cast<int>(place[0].item<double>());
  step_ = place[1].item<int64_t>();
}

void Loop::Exchange() {
  if (hooks_.peers == nullptr) return;
  const bool asked = hooks_.stop_requested && hooks_.stop_requested();
  try {
    stop_ = hooks_.peers->AverageGradients(graph_.parameters(), asked ? 1 : 0) > 0;
  } catch (const Error&) {
    if (hooks_.progress) hooks_.progress->Finish();
    SaveState();
    throw;
  }
}

void Loop::SaveState() {
  if (!writes()) return;
  Checkpoint checkpoint;
  for (const auto* group : {&graph_.parameters(), &graph_.buffers()}) {
    for (const auto& [name, tensor] : *group) checkpoint.tensors.emplace("graph/" + name, tensor);
  }
  checkpoint.tensors.merge(optimizer_.State());
  checkpoint.tensors.merge(average_.State());
  nlohmann::json rows = nlohmann::json::array();
  for (const NamedNumbers& row : rows_) rows.push_back(NumbersToJson(row));
  checkpoint.state = {{"epoch", epoch_},
                      {"step", step_},
                      {"sums",
                       {{"steps", sums_.steps},
                        {"images", sums_.images},
                        {"loss", sums_.loss},
                        {"seconds", sums_.seconds},
                        {"waited", sums_.waited},
                        {"parts", NumbersToJson(sums_.parts)}}},
                      {"rows", rows},
                      {"best_epoch", result_.best_epoch},
                      {"best_score", result_.best_score}};
  SaveCheckpoint(checkpoint, folder_.checkpoint());
}

void Loop::Resume() {
  Checkpoint checkpoint = LoadCheckpoint(folder_.checkpoint());
  try {
    const nlohmann::json& state = checkpoint.state;
    epoch_ = state.at("epoch").get<int>();
    step_ = state.at("step").get<int64_t>();
    const nlohmann::json& sums = state.at("sums");
    sums_ = {sums.at("steps").get<int64_t>(),  sums.at("images").get<int64_t>(), sums.at("loss").get<double>(),
             sums.at("seconds").get<double>(), sums.value("waited", 0.0),        NumbersFromJson(sums.at("parts"))};
    for (const nlohmann::json& row : state.at("rows")) rows_.push_back(NumbersFromJson(row));
    result_.best_epoch = state.at("best_epoch").get<int>();
    result_.best_score = state.at("best_score").get<double>();
  } catch (const nlohmann::json::exception& error) {
    throw Error{ErrorKind::kBadData, folder_.checkpoint().string() + ": " + error.what()};
  }
  resumed_at_ = epoch_ + 1;
  const at::NoGradGuard no_grad;
  for (const auto* group : {&graph_.parameters(), &graph_.buffers()}) {
    for (const auto& [name, tensor] : *group) {
      const auto saved = checkpoint.tensors.find("graph/" + name);
      if (saved == checkpoint.tensors.end() || saved->second.sizes() != tensor.sizes()) {
        throw Error{ErrorKind::kBadData, folder_.checkpoint().string() + " is of another network: tensor '" + name +
                                             "' is missing or has another shape"};
      }
      at::Tensor live = tensor;
      live.copy_(saved->second);
    }
  }
  optimizer_.LoadState(checkpoint.tensors);
  average_.LoadState(checkpoint.tensors);
}

LoopResult Loop::Run() {
  result_.epochs_done = epoch_;
  if (Ends()) return result_;
  while (epoch_ < options_.epochs) {
    if (!RunEpoch()) break;
    FinishEpoch();
    if (Ends()) break;
  }
  result_.epochs_done = epoch_;
  return result_;
}

// A resumed training comes to the same answer: everything asked is in the rows and the best epoch.
bool Loop::EndsEarly() {
  const double first = FindNumber(rows_.front(), "loss"), last = FindNumber(rows_.back(), "loss");
  if (last > kDivergence * first && first > 0) {
    result_.stopped_because =
        fmt::format("the loss has grown from {:.4g} in epoch 1 to {:.4g} in epoch {}: lower the learning rate", first,
                    last, epoch_);
    return true;
  }
  result_.lost_patience = options_.patience > 0 && epoch_ - 1 - result_.best_epoch >= options_.patience;
  return result_.lost_patience;
}

// What the writing process finds, so that all end together.
bool Loop::Ends() {
  bool ends = writes() && !rows_.empty() && EndsEarly();
  if (hooks_.peers == nullptr) return ends;
  const at::Tensor verdict =
      torch::tensor({ends ? 1.0 : 0.0, static_cast<double>(result_.best_epoch), result_.best_score}, at::kDouble);
  hooks_.peers->TakeFromFirst({{"verdict", verdict}});
  result_.best_epoch = static_cast<int>(verdict[1].item<double>());
  result_.best_score = verdict[2].item<double>();
  return verdict[0].item<double>() > 0;
}

bool Loop::RunEpoch() {
  const int64_t steps = task_.StepsPerEpoch(epoch_);
  if (hooks_.progress) {
    hooks_.progress->Start(fmt::format("epoch {}/{}", epoch_ + 1, options_.epochs),
                           task_.PicturesPerEpoch(epoch_) - sums_.images, "pictures");
  }
  task_.PrepareGraph(graph_, epoch_);
  task_.BeginEpoch(epoch_, step_);
  while (step_ < steps) {
    if (!RunStep(step_)) return false;
    if (hooks_.peers == nullptr) stop_ = hooks_.stop_requested && hooks_.stop_requested();
    if (stop_) {
      result_.interrupted = true;
      SaveState();
      if (hooks_.progress) hooks_.progress->Finish();
      return false;
    }
  }
  if (hooks_.progress) hooks_.progress->Finish();
  return true;
}

bool Loop::RunStep(int64_t step) {
  const double begin = Now();
  // Every process drops out values of its own.
  torch::manual_seed(
      StepSeed(options_.seed, epoch_, step, hooks_.peers ? static_cast<uint64_t>(hooks_.peers->rank()) : 0));
  optimizer_.ZeroGradients();
  const StepResult made = task_.Step(graph_, epoch_, step);
  const double loss = made.loss.item<double>();
  double norm = loss;
  if (std::isfinite(loss)) {
    made.loss.backward();
    Exchange();
    const int64_t overall = epoch_starts_[static_cast<size_t>(epoch_)] + step;
    norm = optimizer_.Step(options_.schedule.At(overall, total_steps_));
  }
  if (!std::isfinite(norm)) {
    result_.stopped_because =
        fmt::format("the {} was not finite in epoch {}, step {}: lower the learning rate or look at the data",
                    std::isfinite(loss) ? "gradient" : "loss", epoch_ + 1, step + 1);
    if (hooks_.progress) hooks_.progress->Finish();
    return false;
  }
  average_.Update(graph_.parameters(), graph_.buffers());
  sums_.Add(made, loss);
  sums_.seconds += Now() - begin;
  step_ = step + 1;
  if (hooks_.progress) {
    hooks_.progress->Step(made.images);
    hooks_.progress->Note(fmt::format("loss {:.4f}  {:.0f} % waiting for pictures  {:.0f} MB",
                                      sums_.loss / static_cast<double>(sums_.steps), 100 * sums_.WaitingShare(),
                                      ResidentMegabytes()));
  }
  return true;
}

NamedNumbers Loop::EpochRow() const {
  const double steps = static_cast<double>(std::max<int64_t>(sums_.steps, 1));
  const int64_t last = epoch_starts_[static_cast<size_t>(epoch_)] + std::max<int64_t>(sums_.steps - 1, 0);
  NamedNumbers row{{"epoch", epoch_ + 1.0},
                   {"seconds", sums_.seconds},
                   {"pictures_per_second", sums_.seconds > 0 ? static_cast<double>(sums_.images) / sums_.seconds : 0.0},
                   {"waiting_share", sums_.WaitingShare()},
                   {"learning_rate", options_.schedule.At(last, total_steps_)},
                   {"loss", sums_.loss / steps}};
  for (const auto& [name, sum] : sums_.parts) row.emplace_back(name, sum / steps);
  return row;
}

void Loop::ValidateAndWrite() {
  average_.Swap(graph_.parameters(), graph_.buffers());
  NamedNumbers validation;
  {
    const at::NoGradGuard no_grad;
    validation = task_.Validate(graph_, epoch_);
  }
  const Graph packaged = task_.Package(graph_.Export(), validation);
  average_.Swap(graph_.parameters(), graph_.buffers());
  NamedNumbers row = EpochRow();
  row.insert(row.end(), validation.begin(), validation.end());
  rows_.push_back(row);

  WriteOnnx(packaged, folder_.last_model());
  const double score = FindNumber(validation, "score");
  if (std::isfinite(score) && (result_.best_epoch < 0 || score > result_.best_score)) {
    result_.best_score = score;
    result_.best_epoch = epoch_;
    WriteOnnx(packaged, folder_.best_model());
    task_.DrawBest(folder_);
  }
  // TensorBoard forgets what an epoch that was begun again had written before.
  EventFile(folder_.path() / EventFile::kName, std::exchange(resumed_at_, {})).Add(epoch_ + 1, row);
  folder_.WriteResults(rows_);
  folder_.Write("results.svg", ToSvg(ResultsChart(rows_)));
  std::string text;
  for (const auto& [name, value] : row) text += fmt::format(" {} {:.4g}", name, value);
  Log(LogLevel::kInfo, "{}", text.substr(1));
}

void Loop::FinishEpoch() {
  if (writes()) ValidateAndWrite();
  ++epoch_;
  step_ = 0;
  sums_ = {};
  SaveState();
  if (hooks_.epoch_done && writes()) hooks_.epoch_done(rows_.back());
}

}  // namespace

void LoopOptions::Validate() const {
  Problems problems;
  problems.Require(epochs >= 1 && epochs <= 100000, "epochs", std::to_string(epochs), "1 to 100000");
  problems.Require(patience >= 0, "patience", std::to_string(patience), "0 or more");
  problems.Require(threads >= 0 && threads <= 1024, "threads", std::to_string(threads), "0 to 1024");
  problems.Require(average_decay >= 0 && average_decay < 1, "average_decay", std::to_string(average_decay),
                   "0 or more, below 1");
  problems.Require(batch_norm_momentum > 0 && batch_norm_momentum <= 1, "batch_norm_momentum",
                   std::to_string(batch_norm_momentum), "more than 0, at most 1");
  problems.ThrowIfAny(ErrorKind::kUsage, "training");
  schedule.Validate();
  optimizer.Validate();
  ParseDevice(device);
}

void LoopHooks::PictureDone() const {
  if (progress) progress->Step();
  if (stop_requested && stop_requested()) throw Error{ErrorKind::kInterrupted, "stopped before the first step"};
}

uint64_t StepSeed(uint64_t seed, int epoch, int64_t step, uint64_t further) {
  uint64_t state = seed;
  for (const uint64_t part : {static_cast<uint64_t>(epoch), static_cast<uint64_t>(step), further}) {
    state = Random::SplitMix(state) ^ part;
  }
  return Random::SplitMix(state);
}

LoopResult RunTrainingLoop(TorchGraph& graph, TrainingTask& task, const LoopOptions& options, const RunFolder& folder,
                           bool resume, const LoopHooks& hooks) {
  options.Validate();
  const bool writes = hooks.peers == nullptr || hooks.peers->writes();
  const auto lock = writes ? std::make_unique<RunFolder::Lock>(folder) : nullptr;
  at::set_num_threads(ResolveThreads(options.threads, "threads"));
  KeepFreedMemory();
  graph.batch_norm_momentum = options.batch_norm_momentum;
  graph.precision = options.precision;
  Loop loop(graph, task, options, folder, hooks);
  if (resume && writes) loop.Resume();
  if (!resume && writes) folder.WriteEnvironment(DescribeEnvironment(options.threads, options.device));
  loop.Join();
  return loop.Run();
}

}  // namespace maskscope
