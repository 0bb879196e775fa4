#ifndef MASKSCOPE_TRAIN_PEERS_H_
#define MASKSCOPE_TRAIN_PEERS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "train/optimizer.h"

// Several processes that learn together: each sees its share of every batch, gradients are averaged, so all hold the
// same weights at all times. torch's own c10d over Gloo (TCP).
namespace maskscope {

struct PeersOptions {
  int rank = 0;                       // 0 to size - 1; 0 writes the files
  int size = 1;                       // processes
  std::string address = "127.0.0.1";  // of rank 0
  int port = 29500;
  double timeout = 300;   // seconds until a silent peer counts as lost
  void Validate() const;  // Errors: kUsage

  // From MASTER_ADDR, MASTER_PORT, RANK and WORLD_SIZE, as torchrun and cluster managers set them; size 1 without
  // WORLD_SIZE. Errors: kUsage naming the variable.
  static PeersOptions FromEnvironment();
};

// Every call is a meeting: all peers must make the same calls in the same order. Errors of all: kResource naming the
// rank when a peer is lost or silent.
class Peers {
 public:
  // Waits for all to come.
  explicit Peers(const PeersOptions& options);
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  int rank() const { return options_.rank; }
  int size() const { return options_.size; }
  bool writes() const { return options_.rank == 0; }

  // The sum over all peers; differentiable (the gradient is summed as well).
  at::Tensor Sum(const at::Tensor& tensor);
  // Replaces every gradient by the mean over the peers, in one message, and returns the sum of `flag` over the peers.
  // A parameter has a gradient on all peers or on none.
  double AverageGradients(const NamedTensors& parameters, double flag);
  // Replaces the tensors by those of rank 0.
  void TakeFromFirst(const NamedTensors& tensors);

 private:
  struct Group;
  PeersOptions options_;
  std::unique_ptr<Group> group_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_PEERS_H_
