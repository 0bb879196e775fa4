#include "train/peers.h"

#include <torch/torch.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

#include "base/error.h"

namespace maskscope {

namespace {

std::string FromEnvironmentOr(const char* name, const std::string& otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr && *text != '\0' ? text : otherwise;
}

int NumberFromEnvironment(const char* name, int otherwise) {
  const std::string text = FromEnvironmentOr(name, std::to_string(otherwise));
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) {
    throw Error{ErrorKind::kUsage, std::string(name) + " is '" + text + "', wanted a whole number"};
  }
  return number;
}

// A copy that Gloo may work on: dense, and on the CPU.
at::Tensor ForGloo(const at::Tensor& tensor) {
  return tensor.detach().to(at::kCPU).clone(at::MemoryFormat::Contiguous);
}

using SumFunction = std::function<at::Tensor(const at::Tensor&)>;

// d(sum over peers)/dx of the peers' joint loss is the sum of what each peer's loss asks of the sum.
class SumOverPeers : public torch::autograd::Function<SumOverPeers> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& tensor, int64_t sum) {
    context->saved_data["sum"] = sum;
    return (*reinterpret_cast<const SumFunction*>(sum))(tensor);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto& sum = *reinterpret_cast<const SumFunction*>(context->saved_data["sum"].toInt());
    return {sum(gradients[0]), at::Tensor()};
  }
};

}  // namespace

struct Peers::Group {
  c10::intrusive_ptr<c10d::TCPStore> store;
  std::unique_ptr<c10d::ProcessGroupGloo> gloo;
  SumFunction sum;
};

void PeersOptions::Validate() const {
  Problems problems;
  problems.Require(size >= 1 && size <= 4096, "WORLD_SIZE", std::to_string(size), "1 to 4096");
  problems.Require(rank >= 0 && rank < size, "RANK", std::to_string(rank), "0 or more, below WORLD_SIZE");
  problems.Require(port >= 1 && port <= 65535, "MASTER_PORT", std::to_string(port), "1 to 65535");
  problems.Require(timeout > 0, "timeout", std::to_string(timeout), "more than 0");
  problems.ThrowIfAny(ErrorKind::kUsage, "training with several processes");
}

PeersOptions PeersOptions::FromEnvironment() {
  PeersOptions options;
  options.size = NumberFromEnvironment("WORLD_SIZE", 1);
  options.rank = NumberFromEnvironment("RANK", 0);
  options.port = NumberFromEnvironment("MASTER_PORT", options.port);
  options.address = FromEnvironmentOr("MASTER_ADDR", options.address);
  options.Validate();
  return options;
}

namespace {

// c10d's exceptions are torch's; what they say goes into ours.
template <typename Call>
auto Meet(const PeersOptions& options, const char* what, Call&& call) {
  try {
    return call();
  } catch (const std::exception& error) {
    const std::string text = error.what();
    throw Error{ErrorKind::kResource, "process " + std::to_string(options.rank) + " of " +
                                          std::to_string(options.size) + " lost the others while " + what + ": " +
                                          text.substr(0, text.find('\n'))};
  }
}

}  // namespace

Peers::Peers(const PeersOptions& options) : options_(options), group_(std::make_unique<Group>()) {
  options_.Validate();
  const auto timeout = std::chrono::milliseconds(static_cast<int64_t>(options_.timeout * 1000));
  Meet(options_, "waiting for all to come", [&] {
    c10d::TCPStoreOptions store;
    store.port = static_cast<uint16_t>(options_.port);
    store.isServer = options_.rank == 0;
    store.numWorkers = static_cast<size_t>(options_.size);
    store.timeout = timeout;
    group_->store = c10::make_intrusive<c10d::TCPStore>(options_.address, store);
    const auto gloo = c10d::ProcessGroupGloo::Options::create(timeout);
    gloo->devices.push_back(options_.address == "127.0.0.1" || options_.address == "localhost"
                                ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                : c10d::ProcessGroupGloo::createDefaultDevice());
    group_->gloo = std::make_unique<c10d::ProcessGroupGloo>(group_->store, options_.rank, options_.size, gloo);
    return 0;
  });
  group_->sum = [this](const at::Tensor& tensor) {
    std::vector<at::Tensor> sums{ForGloo(tensor)};
    Meet(options_, "adding up", [&] { return group_->gloo->allreduce(sums)->wait(); });
    return sums[0].to(tensor.device());
  };
}

Peers::~Peers() = default;

at::Tensor Peers::Sum(const at::Tensor& tensor) {
  return SumOverPeers::apply(tensor, reinterpret_cast<int64_t>(&group_->sum));
}

double Peers::AverageGradients(const NamedTensors& parameters, double flag) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> parts{at::full({1}, flag, at::kFloat)};
  for (const auto& [name, parameter] : parameters) {
    if (parameter.grad().defined()) parts.push_back(parameter.grad().to(at::kCPU).reshape({-1}));
  }
  std::vector<at::Tensor> joined{at::cat(parts)};
  Meet(options_, "averaging gradients", [&] { return group_->gloo->allreduce(joined)->wait(); });
  int64_t at = 1;
  for (const auto& [name, parameter] : parameters) {
    if (!parameter.grad().defined()) continue;
    const int64_t count = parameter.numel();
    at::Tensor gradient = parameter.grad();
    gradient.copy_(joined[0].slice(0, at, at + count).reshape(parameter.sizes()).div(options_.size));
    at += count;
  }
  return joined[0][0].item<double>();
}

void Peers::TakeFromFirst(const NamedTensors& tensors) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) {
    std::vector<at::Tensor> copies{ForGloo(tensor)};
    Meet(options_, "sharing weights", [&] { return group_->gloo->broadcast(copies)->wait(); });
    at::Tensor(tensor).copy_(copies[0]);
  }
}

}  // namespace maskscope
