#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "zoo/weights.h"

namespace maskscope {

namespace {

// Where a group of channels is read: from `offset` on among a convolution's input channels.
struct Reader {
  std::string conv;
  int64_t offset = 0;
};
// Channels that must be cut alike: those of several layers when their outputs are added up.
struct ChannelGroup {
  std::vector<std::string> makers;  // "fpn.output2": convolution .0, BatchNorm .1
  std::vector<Reader> readers;
};

class Cutter {
 public:
  explicit Cutter(std::map<std::string, Tensor> weights) : weights_(std::move(weights)) {}

  // Keeps `keep` channels of the group; offsets of groups that follow in the same reader shift by themselves because
  // callers cut from the back.
  void Cut(const ChannelGroup& group, int64_t keep) {
    const int64_t have = At(group.makers[0] + ".0.weight").shape[0];
    if (keep >= have) return;
    const std::vector<double> importance = Importance(group, have);
    std::vector<int64_t> order(static_cast<size_t>(have));
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return importance[static_cast<size_t>(a)] > importance[static_cast<size_t>(b)];
    });
    order.resize(static_cast<size_t>(keep));
    std::sort(order.begin(), order.end());
    for (const std::string& maker : group.makers) {
      for (const char* part : {".0.weight", ".1.weight", ".1.bias", ".1.running_mean", ".1.running_var"}) {
        Select(At(maker + part), 0, order);
      }
    }
    for (const Reader& reader : group.readers) {
      Tensor& tensor = At(reader.conv);
      std::vector<int64_t> columns;
      for (int64_t i = 0; i < tensor.shape[1]; ++i) {
        const bool outside = i < reader.offset || i >= reader.offset + have;
        if (outside || std::binary_search(order.begin(), order.end(), i - reader.offset)) columns.push_back(i);
      }
      Select(tensor, 1, columns);
    }
  }

  std::map<std::string, Tensor> Take() { return std::move(weights_); }

 private:
  Tensor& At(const std::string& name) {
    const auto found = weights_.find(name);
    if (found == weights_.end() || !found->second.is_float() || found->second.shape.empty()) {
      throw Error{ErrorKind::kBadModel, "RetinaFace weights cannot be narrowed: tensor '" + name + "' is missing"};
    }
    return found->second;
  }

  std::vector<double> Importance(const ChannelGroup& group, int64_t channels) {
    std::vector<double> strength(static_cast<size_t>(channels), 0.0), importance = strength;
    for (const std::string& maker : group.makers) {
      const Tensor& scale = At(maker + ".1.weight");
      const Tensor& shift = At(maker + ".1.bias");
      for (size_t i = 0; i < strength.size() && i < scale.floats.size() && i < shift.floats.size(); ++i) {
        // Mean of a rectified normal variable grows with both, roughly.
        strength[i] += std::fabs(scale.floats[i]) * 0.4 + std::max(0.0f, shift.floats[i]);
      }
    }
    for (const Reader& reader : group.readers) {
      const Tensor& tensor = At(reader.conv);
      const int64_t inputs = tensor.shape.at(1), inner = ElementCount(tensor.shape) / tensor.shape[0] / inputs;
      for (int64_t o = 0; o < tensor.shape[0]; ++o) {
        for (int64_t i = 0; i < channels; ++i) {
          for (int64_t k = 0; k < inner; ++k) {
            importance[static_cast<size_t>(i)] +=
                std::fabs(tensor.floats[static_cast<size_t>((o * inputs + reader.offset + i) * inner + k)]);
          }
        }
      }
    }
    for (size_t i = 0; i < importance.size(); ++i) importance[i] *= strength[i];
    return importance;
  }

  static void Select(Tensor& tensor, size_t axis, const std::vector<int64_t>& keep) {
    int64_t outer = 1, inner = 1;
    for (size_t i = 0; i < axis; ++i) outer *= tensor.shape[i];
    for (size_t i = axis + 1; i < tensor.shape.size(); ++i) inner *= tensor.shape[i];
    std::vector<float> values;
    for (int64_t o = 0; o < outer; ++o) {
      for (const int64_t i : keep) {
        const auto from = tensor.floats.begin() + (o * tensor.shape[axis] + i) * inner;
        values.insert(values.end(), from, from + inner);
      }
    }
    tensor.shape[axis] = static_cast<int64_t>(keep.size());
    tensor.floats = std::move(values);
  }

  std::map<std::string, Tensor> weights_;
};

// Convolutions that read the feature map in front of an SSH module.
std::vector<Reader> SshReaders(const std::string& ssh) {
  return {{ssh + ".conv3X3.0.weight"}, {ssh + ".conv5X5_1.0.weight"}};
}

void CutSsh(Cutter& cutter, int level, int neck) {
  const std::string ssh = "ssh" + std::to_string(level + 1);
  const auto heads = [&](int64_t offset) {
    std::vector<Reader> readers;
    for (const char* head : {"ClassHead", "BboxHead", "LandmarkHead"}) {
      readers.push_back({std::string(head) + "." + std::to_string(level) + ".conv1x1.weight", offset});
    }
    return readers;
  };
  constexpr int64_t kHalf = 32, kQuarter = 16;  // of the published 64
  cutter.Cut({{ssh + ".conv7x7_3"}, heads(kHalf + kQuarter)}, neck / 4);
  cutter.Cut({{ssh + ".conv5X5_2"}, heads(kHalf)}, neck / 4);
  cutter.Cut({{ssh + ".conv3X3"}, heads(0)}, neck / 2);
  cutter.Cut({{ssh + ".conv7X7_2"}, {{ssh + ".conv7x7_3.0.weight"}}}, neck / 4);
  cutter.Cut({{ssh + ".conv5X5_1"}, {{ssh + ".conv5X5_2.0.weight"}, {ssh + ".conv7X7_2.0.weight"}}}, neck / 4);
}

}  // namespace

std::map<std::string, Tensor> NarrowRetinaFace(const std::map<std::string, Tensor>& weights, int neck_channels) {
  if (neck_channels < 8 || neck_channels > 64 || neck_channels % 4 != 0) {
    throw Error{ErrorKind::kUsage,
                "neck_channels: found " + std::to_string(neck_channels) + ", wanted a multiple of 4, 8 to 64"};
  }
  Cutter cutter(weights);
  for (int level = 0; level < 3; ++level) CutSsh(cutter, level, neck_channels);
  const auto with = [](std::vector<Reader> readers, const char* conv) {
    readers.push_back({conv});
    return readers;
  };
  cutter.Cut({{"fpn.merge1"}, SshReaders("ssh1")}, neck_channels);
  cutter.Cut({{"fpn.output1", "fpn.merge2"}, with(SshReaders("ssh2"), "fpn.merge1.0.weight")}, neck_channels);
  cutter.Cut({{"fpn.output2", "fpn.output3"}, with(SshReaders("ssh3"), "fpn.merge2.0.weight")}, neck_channels);
  return cutter.Take();
}

}  // namespace maskscope
