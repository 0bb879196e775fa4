#ifndef MASKSCOPE_ENGINE_KERNELS_KERNELS_H_
#define MASKSCOPE_ENGINE_KERNELS_KERNELS_H_

#include <cstdint>
#include <limits>
#include <vector>

#include "engine/kernels/aligned_floats.h"

// Convolutions for small CPU networks (MobileNet, RetinaFace), hand-tuned for AVX-512. Tensors are f32; the products of
// 1x1 convolutions may be taken in bf16 (see Products), all else is f32.
//
// Activations are blocked by 16 channels: element (n, c, y, x) lies at
//   data[n * batch_stride + (c / 16) * block_stride + (y * width + x) * 16 + c % 16]
// which is oneDNN's nChw16c when block_stride = height * width * 16 and batch_stride = blocks * block_stride. Laying
// the images of a batch side by side inside each block (batch_stride = height * width * 16, block_stride = batch *
// batch_stride) is as good for every kernel and better for 1x1 convolutions of small maps: the batch becomes one image.
// Channels beyond the real ones, up to a multiple of 16, are written by every kernel (as the activation of 0) and are
// read by none in a way that matters (their weights are 0), so they must only be finite. `data` is 64-byte aligned;
// strides are multiples of 16. src, dst and residual of one run may not overlap, except that residual may be dst.
//
// Weights are packed once and are read-only afterwards. Every Run is thread-safe as long as dst and workspace are its
// own. `workspace` has WorkspaceFloats(...) floats (64-byte aligned, may be null when that is 0). The functions assume
// KernelsSupported() and sane arguments: asking is the caller's task. Errors: Pack and Run throw nothing but
// std::bad_alloc.
namespace maskscope::kernels {

// The CPU (and the build) can run these kernels: AVX-512 F, DQ, BW, VL and FMA.
bool KernelsSupported();
// And AVX512-BF16, which Products::kBf16 asks for.
bool Bf16Supported();

struct Activation {
  // ReLU is clip(0, inf), ReLU6 is clip(0, 6). kSwish: x / (1 + e^-x); kHardSwish: x * clip(x / 6 + 1 / 2, 0, 1).
  enum class Kind { kNone, kClip, kLeaky, kSwish, kHardSwish };
  Kind kind = Kind::kNone;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  float slope = 0;  // of kLeaky: x < 0 ? slope * x : x, slope in 0..1

  static Activation None() { return {}; }
  static Activation Clip(float low, float high) { return {Kind::kClip, low, high, 0}; }
  static Activation Relu() { return Clip(0, std::numeric_limits<float>::infinity()); }
  static Activation Relu6() { return Clip(0, 6); }
  static Activation Leaky(float slope) { return {Kind::kLeaky, 0, 0, slope}; }
  static Activation Swish() { return {Kind::kSwish, 0, 0, 0}; }
  static Activation HardSwish() { return {Kind::kHardSwish, 0, 0, 0}; }
};

// A blocked activation tensor owned by someone else; strides in floats.
struct BlockedIn {
  const float* data = nullptr;
  int64_t block_stride = 0;
  int64_t batch_stride = 0;
};
struct BlockedOut {
  float* data = nullptr;
  int64_t block_stride = 0;
  int64_t batch_stride = 0;
};

// Ordinary NCHW planes with up to 4 channels (the picture); strides in floats, rows are dense.
struct PlanesIn {
  const float* data = nullptr;
  int64_t plane_stride = 0;
  int64_t batch_stride = 0;
};

inline constexpr int BlocksOf(int channels) { return (channels + 15) / 16; }
// Input channels as packed: the inner loops take them by fours.
inline constexpr int PackedChannels(int channels) { return (channels + 3) / 4 * 4; }

// ---- 1x1 convolution, stride 1
// ----------------------------------------------------------------------------------------

// kBf16 rounds weights and inputs to bf16 (to nearest, ties to even) and sums their products in f32: twice the
// multiplications an instruction, for 8 bits of mantissa. Inside a fused block the depthwise output is kept in bf16.
enum class Products { kF32, kBf16 };

struct PointwiseWeights {
  int in_channels = 0;
  int out_channels = 0;
  Activation activation;
  AlignedFloats weights;  // kF32: [out block][PackedChannels(in_channels)][16]
  AlignedHalves pairs;    // kBf16: [out block][PackedChannels(in_channels) / 2][16][2]
  AlignedFloats bias;     // [out block * 16]
  bool bf16() const { return !pairs.empty(); }
};

// weights: [out_channels][in_channels]; bias: [out_channels] or null.
PointwiseWeights PackPointwise(const float* weights, const float* bias, int in_channels, int out_channels,
                               const Activation& activation, Products products = Products::kF32);

struct PointwiseRun {
  int batch = 1;
  int height = 0;
  int width = 0;
  BlockedIn src;
  BlockedOut dst;
  // Added to the result when residual.data is set; after the activation unless add_first. A residual of another size
  // (residual_height, residual_width; 0 means the same) is read by nearest neighbour: row y takes y * residual_height /
  // height.
  BlockedIn residual;
  int residual_height = 0;
  int residual_width = 0;
  bool add_first = false;
};
int64_t WorkspaceFloats(const PointwiseWeights& weights, const PointwiseRun& run, int threads);
void Run(const PointwiseWeights& weights, const PointwiseRun& run, int threads, float* workspace);

// ---- depthwise 3x3 convolution, stride 1 or 2
// -------------------------------------------------------------------------

struct DepthwiseWeights {
  int channels = 0;
  int stride = 1;
  Activation activation;
  AlignedFloats weights;  // [block][9][16]
  AlignedFloats bias;     // [block * 16]
};

// weights: [channels][3][3]; bias: [channels] or null.
DepthwiseWeights PackDepthwise(const float* weights, const float* bias, int channels, int stride,
                               const Activation& activation);

// Geometry of a 3x3 window: input row of tap k of output row y is y * stride - pad_top + k; what lies outside is 0. The
// pads at the bottom and right follow from the output size. Pads are 0..2.
struct WindowGeometry {
  int batch = 1;
  int in_height = 0;
  int in_width = 0;
  int out_height = 0;
  int out_width = 0;
  int pad_top = 1;
  int pad_left = 1;
};

struct DepthwiseRun {
  WindowGeometry geometry;
  BlockedIn src;
  BlockedOut dst;
};
int64_t WorkspaceFloats(const DepthwiseWeights& weights, const DepthwiseRun& run, int threads);
void Run(const DepthwiseWeights& weights, const DepthwiseRun& run, int threads, float* workspace);

// ---- dense 3x3 convolution from planes (first layer), stride 1 or 2
// ---------------------------------------------------

struct StemWeights {
  int in_channels = 0;  // 1..4
  int out_channels = 0;
  int stride = 2;
  Activation activation;
  AlignedFloats weights;  // [out block][in channel][9][16]
  AlignedFloats bias;
};

// weights: [out_channels][in_channels][3][3]; bias: [out_channels] or null.
StemWeights PackStem(const float* weights, const float* bias, int in_channels, int out_channels, int stride,
                     const Activation& activation);

struct StemRun {
  WindowGeometry geometry;
  PlanesIn src;
  BlockedOut dst;
};
int64_t WorkspaceFloats(const StemWeights& weights, const StemRun& run, int threads);
void Run(const StemWeights& weights, const StemRun& run, int threads, float* workspace);

// ---- dense 3x3 convolution, stride 1
// ---------------------------------------------------------------------------------- Winograd's F(4x4, 3x3) (Lavin and
// Gray, "Fast Algorithms for Convolutional Neural Networks", 2015): a quarter of the multiplications. The result
// differs from the plain sum by rounding, about 1e-5 of the typical output. Meant for 16 channels and more on either
// side.

struct Conv3x3Weights {
  int in_channels = 0;
  int out_channels = 0;
  std::vector<Activation> activations;  // one an output block
  AlignedFloats weights;                // [out block][36][PackedChannels(in_channels)][16]
  AlignedFloats bias;
};

// weights: [out_channels][in_channels][3][3]; bias: [out_channels] or null. activations: one for all, or one an output
// block of 16, so that two convolutions of the same input can run as one (give the first a multiple of 16 channels).
Conv3x3Weights PackConv3x3(const float* weights, const float* bias, int in_channels, int out_channels,
                           const std::vector<Activation>& activations);

struct Conv3x3Run {
  WindowGeometry geometry;
  BlockedIn src;
  BlockedOut dst;
  // Output blocks from `second_from` on go to `second` (its block 0 is block `second_from`), when second.data is set.
  BlockedOut second;
  int second_from = 0;
};
int64_t WorkspaceFloats(const Conv3x3Weights& weights, const Conv3x3Run& run, int threads);
void Run(const Conv3x3Weights& weights, const Conv3x3Run& run, int threads, float* workspace);

// ---- fused block: [expand 1x1 | stem 3x3 | nothing] -> depthwise 3x3 -> project 1x1 [+ input]
// -------------------------- The inverted residual of MobileNetV2, the depthwise-separable block of MobileNetV1 and
// either network's first layers in one pass: the tensors in between live in the caches, a few rows at a time.

struct FusedBlockWeights {
  enum class Head { kNone, kExpand, kStem };
  Head head = Head::kNone;
  PointwiseWeights expand;  // head == kExpand
  StemWeights stem;         // head == kStem
  DepthwiseWeights depthwise;
  PointwiseWeights project;
};

struct FusedBlockRun {
  WindowGeometry geometry;       // of the depthwise convolution: its input size is the expanded tensor's
  BlockedIn src;                 // head kNone or kExpand
  PlanesIn planes;               // head kStem
  WindowGeometry stem_geometry;  // head kStem: out size equals geometry's in size
  BlockedOut dst;
  BlockedIn residual;  // optional, the size of dst; added after the projection's activation
};
int64_t WorkspaceFloats(const FusedBlockWeights& weights, const FusedBlockRun& run, int threads);
void Run(const FusedBlockWeights& weights, const FusedBlockRun& run, int threads, float* workspace);

// ---- chain of fused blocks
// -------------------------------------------------------------------------------------------- Several fused blocks,
// each one's output the next one's input, a row at a time: no tensor between them is ever whole. Worth it where those
// tensors would leave the second-level cache (from about 1 MB on), that is for the first blocks of large pictures.

struct FusedChainRun {
  struct Block {
    const FusedBlockWeights* weights = nullptr;  // head kStem only in the first block
    WindowGeometry geometry;                     // of its depthwise convolution, as in FusedBlockRun
    bool add_input = false;  // adds its input to its output (same size and channels; head kExpand or kNone)
  };
  std::vector<Block> blocks;
  BlockedIn src;                 // of the first block, head kNone or kExpand
  PlanesIn planes;               // head kStem
  WindowGeometry stem_geometry;  // head kStem
  BlockedOut dst;
};
int64_t WorkspaceFloats(const FusedChainRun& run, int threads);
void Run(const FusedChainRun& run, int threads, float* workspace);

}  // namespace maskscope::kernels

#endif  // MASKSCOPE_ENGINE_KERNELS_KERNELS_H_
