#include "train/peers.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "data/test_folder.h"
#include "train/checkpoint.h"
#include "train/test_faces.h"
#include "zoo/builder.h"

// Processes are this test program again, told by the environment what to do.
namespace maskscope {
namespace {

constexpr const char* kFolder = "MASKSCOPE_TEST_PEERS_FOLDER";
constexpr const char* kLeaveAfter = "MASKSCOPE_TEST_PEERS_LEAVE_AFTER";  // steps, of the last rank
constexpr int kLost = 42;

ClassifierTrainingOptions JoinedOptions() {
  ClassifierTrainingOptions options = Options(2);
  options.batch = 8;
  options.loop.optimizer.kind = OptimizerKind::kSgd;  // Adam would blow up rounding where gradients are nearly zero
  options.loop.schedule.peak = 0.01;
  return options;
}

// Shallow, so that rounding is not blown up as it is by the tiny batches of single pixels deep in a whole network.
Graph ShallowNet(uint64_t seed) {
  GraphBuilder builder("shallow", seed);
  const std::string conv =
      builder.Conv("conv", "input", {.in = 3, .out = 8, .kernel = 3, .stride = 2, .pads = {1, 1, 1, 1}});
  const std::string norm = builder.BatchNorm("bn", conv, 8, {"bn.scale", "bn.shift", "bn.mean", "bn.variance"});
  const std::string act = builder.Node("Relu", "act", {norm});
  const std::string flat = builder.Node("Flatten", "flat", {builder.Node("GlobalAveragePool", "pool", {act})});
  const std::string weight = builder.Constant("fc.weight", builder.DrawNormal({kMaskStates, 8}, 0.3));
  const std::string bias = builder.Constant("fc.bias", Tensor::Filled({kMaskStates}, 0));
  builder.Output(builder.Node("Gemm", "logits", {flat, weight, bias}, {{"transB", int64_t{1}}}),
                 {Dim::Symbol("batch"), Dim::Fixed(kMaskStates)});
  return builder.Finish();
}

LoopResult Train(const RunFolder& folder, Peers* peers, int leave_after) {
  const ClassifierTrainingOptions options = JoinedOptions();
  const BatchShare share = peers ? BatchShare{peers->rank(), peers->size()} : BatchShare{};
  ClassifierTask task(Faces(), options, Record(), share);
  // The others begin with weights of their own: they must take those of the first.
  TorchGraph graph(ShallowNet(1 + static_cast<uint64_t>(share.index)));
  LoopHooks hooks;
  hooks.peers = peers;
  hooks.stop_requested = [&leave_after] {
    if (--leave_after == 0) std::_Exit(0);
    return false;
  };
  return RunTrainingLoop(graph, task, options.loop, folder, false, hooks);
}

// What a spawned process does; in an ordinary run of the tests nothing.
TEST(PeersProcess, Trains) {
  const char* const folder = std::getenv(kFolder);
  if (folder == nullptr) GTEST_SKIP() << "only for processes that other tests start";
  PeersOptions options = PeersOptions::FromEnvironment();
  options.timeout = 20;
  const char* const leave = std::getenv(kLeaveAfter);
  const bool leaves = leave != nullptr && options.rank == options.size - 1;
  try {
    Peers peers(options);
    const RunFolder run = peers.writes() ? RunFolder::Create(folder, "run") : RunFolder::Nowhere();
    Train(run, &peers, leaves ? std::atoi(leave) : -1);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(error.kind() == ErrorKind::kResource ? kLost : 1);
  }
}

// The port is the starting process's: tests that run at once do not meet.
pid_t Start(const TestFolder& folder, int rank, int size, int leave_after) {
  const std::string port = std::to_string(20000 + getpid() % 20000);
  const pid_t child = fork();
  if (child != 0) return child;
  setenv(kFolder, folder.path().c_str(), 1);
  setenv("RANK", std::to_string(rank).c_str(), 1);
  setenv("WORLD_SIZE", std::to_string(size).c_str(), 1);
  setenv("MASTER_ADDR", "127.0.0.1", 1);
  setenv("MASTER_PORT", port.c_str(), 1);
  if (leave_after > 0) setenv(kLeaveAfter, std::to_string(leave_after).c_str(), 1);
  execl("/proc/self/exe", "train_test", "--gtest_filter=PeersProcess.Trains", nullptr);
  std::_Exit(127);
}

int ExitCodeOf(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(Peers, TwoProcessesReachTheWeightsOfOne) {
  const TestFolder folder;
  const RunFolder alone = RunFolder::Create(folder.path(), "alone");
  Train(alone, nullptr, -1);
  const pid_t first = Start(folder, 0, 2, 0), second = Start(folder, 1, 2, 0);
  ASSERT_EQ(ExitCodeOf(first), 0);
  ASSERT_EQ(ExitCodeOf(second), 0);
  const Checkpoint expected = LoadCheckpoint(alone.checkpoint());
  const Checkpoint found = LoadCheckpoint(folder / "run" / "weights" / "checkpoint.safetensors");
  ASSERT_EQ(expected.tensors.size(), found.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    const double most = std::max(1e-3, tensor.abs().max().item<double>());
    EXPECT_LT((tensor - found.tensors.at(name)).abs().max().item<double>(), 1e-4 * most) << name;
  }
}

TEST(Peers, ALostOneEndsTheRunAndLeavesACheckpoint) {
  const TestFolder folder;
  const pid_t first = Start(folder, 0, 2, 2), second = Start(folder, 1, 2, 2);
  EXPECT_EQ(ExitCodeOf(second), 0);  // it left, as told
  EXPECT_EQ(ExitCodeOf(first), kLost);
  const Checkpoint checkpoint = LoadCheckpoint(folder / "run" / "weights" / "checkpoint.safetensors");
  EXPECT_EQ(checkpoint.state.at("step"), 1);  // the other left in the exchange of the second step
}

TEST(PeersOptions, ComeFromTheEnvironment) {
  setenv("WORLD_SIZE", "4", 1);
  setenv("RANK", "3", 1);
  setenv("MASTER_PORT", "1234", 1);
  const PeersOptions options = PeersOptions::FromEnvironment();
  EXPECT_EQ(options.size, 4);
  EXPECT_EQ(options.rank, 3);
  EXPECT_EQ(options.port, 1234);
  setenv("RANK", "4", 1);
  ExpectError(ErrorKind::kUsage, {"RANK", "WORLD_SIZE"}, [] { PeersOptions::FromEnvironment(); });
  setenv("RANK", "first", 1);
  ExpectError(ErrorKind::kUsage, {"RANK", "'first'"}, [] { PeersOptions::FromEnvironment(); });
  for (const char* name : {"WORLD_SIZE", "RANK", "MASTER_PORT"}) unsetenv(name);
  EXPECT_EQ(PeersOptions::FromEnvironment().size, 1);
}

}  // namespace
}  // namespace maskscope
