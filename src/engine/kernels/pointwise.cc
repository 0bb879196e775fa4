#include <algorithm>

#include "engine/kernels/kernels.h"
#include "engine/kernels/parallel.h"
#include "engine/kernels/stages.h"

namespace maskscope::kernels {
namespace {

// A piece of the input this large stays in the second-level cache while all output blocks read it.
constexpr int kChunkFloats = 32 * 1024;
constexpr int kMaxResizedPixels = 512;  // per chunk, when the residual needs a table of offsets

struct Plan {
  int images = 1;
  int pixels = 0;       // of one image
  int pixel_parts = 1;  // of one image
  int block_parts = 1;
};

bool Resizes(const PointwiseRun& run) {
  return run.residual.data && run.residual_height > 0 &&
         (run.residual_height != run.height || run.residual_width != run.width);
}

// Images side by side in every block are one long image.
bool BatchIsContiguous(const PointwiseRun& run) {
  const int64_t image = int64_t{16} * run.height * run.width;
  return run.src.batch_stride == image && run.dst.batch_stride == image &&
         (!run.residual.data || (run.residual.batch_stride == image && !Resizes(run)));
}

int ChunkPixels(const PointwiseWeights& weights) {
  return std::max(56, kChunkFloats / std::max(1, weights.in_channels));
}

Plan MakePlan(const PointwiseWeights& weights, const PointwiseRun& run, int threads) {
  Plan plan{run.batch, run.height * run.width, 1, 1};
  if (plan.images > 1 && BatchIsContiguous(run)) {
    plan.pixels *= plan.images;
    plan.images = 1;
  }
  const int blocks = BlocksOf(weights.out_channels);
  int chunk = ChunkPixels(weights);
  if (Resizes(run)) chunk = std::min(chunk, kMaxResizedPixels);
  plan.pixel_parts = (plan.pixels + chunk - 1) / chunk;
  if (threads > 1 && plan.images * plan.pixel_parts % threads != 0) {
    if (blocks * 16 > plan.pixels) {  // more weights than pixels: every thread reads its own part of the weights
      plan.block_parts = std::min(blocks, threads);
    } else {
      plan.pixel_parts = std::min(plan.pixels, (plan.pixel_parts + threads - 1) / threads * threads);
    }
  }
  return plan;
}

// Of a thread's input, rounded to bf16. Depends on nothing that is only known once the pointers are.
int64_t ThreadFloats(const PointwiseWeights& weights, const PointwiseRun& run) {
  const int64_t pixels = int64_t{run.batch} * run.height * run.width;
  return RoundedFloats(weights.in_channels, std::min<int64_t>(pixels, ChunkPixels(weights)));
}

void FillResizedOffsets(const PointwiseRun& run, Span pixels, int32_t* offsets) {
  for (int p = pixels.begin; p < pixels.end; ++p) {
    const int64_t y = int64_t{p / run.width} * run.residual_height / run.height;
    const int64_t x = int64_t{p % run.width} * run.residual_width / run.width;
    offsets[p - pixels.begin] = static_cast<int32_t>((y * run.residual_width + x) * 16);
  }
}

}  // namespace

void RoundSource(int channels, uint16_t* rounded, inner::PointwiseTask* task) {
  const int64_t stride = int64_t{16} * task->pixels;
  for (int64_t block = 0; block < BlocksOf(channels); ++block) {
    inner::RoundToBf16(task->src + block * task->src_block_stride, stride, rounded + block * stride);
  }
  task->src_bf16 = rounded;
  task->src_block_stride = stride;
}

inner::PointwiseTask PointwiseTaskFor(const PointwiseWeights& weights, int first, int count) {
  inner::PointwiseTask task;
  task.packed_in = PackedChannels(weights.in_channels);
  const int64_t skipped = int64_t{first} * task.packed_in * 16;
  if (weights.bf16()) {
    task.weights_bf16 = weights.pairs.data() + skipped;
  } else {
    task.weights = weights.weights.data() + skipped;
  }
  task.bias = weights.bias.data() + int64_t{first} * 16;
  task.out_blocks = count;
  task.activation = weights.activation;
  return task;
}

int64_t WorkspaceFloats(const PointwiseWeights& weights, const PointwiseRun& run, int threads) {
  return weights.bf16() ? ThreadFloats(weights, run) * threads : 0;
}

void Run(const PointwiseWeights& weights, const PointwiseRun& run, int threads, float* workspace) {
  const Plan plan = MakePlan(weights, run, threads);
  const bool resizes = Resizes(run);
  ParallelFor(plan.images * plan.pixel_parts * plan.block_parts, threads, [&](int job, int thread) {
    const int block_part = job % plan.block_parts;
    const int pixel_part = job / plan.block_parts % plan.pixel_parts;
    const int64_t image = job / plan.block_parts / plan.pixel_parts;
    const Span pixels = Part(plan.pixels, plan.pixel_parts, pixel_part);
    const Span blocks = Part(BlocksOf(weights.out_channels), plan.block_parts, block_part);
    const int64_t first = int64_t{16} * pixels.begin;

    inner::PointwiseTask task = PointwiseTaskFor(weights, blocks.begin, blocks.end - blocks.begin);
    task.src = run.src.data + image * run.src.batch_stride + first;
    task.src_block_stride = run.src.block_stride;
    task.dst = run.dst.data + image * run.dst.batch_stride + blocks.begin * run.dst.block_stride + first;
    task.dst_block_stride = run.dst.block_stride;
    task.pixels = pixels.end - pixels.begin;
    if (weights.bf16()) {
      float* rounded = workspace + ThreadFloats(weights, run) * thread;
      RoundSource(weights.in_channels, reinterpret_cast<uint16_t*>(rounded), &task);
    }
    int32_t offsets[kMaxResizedPixels];
    if (run.residual.data) {
      task.residual = run.residual.data + image * run.residual.batch_stride + blocks.begin * run.residual.block_stride;
      task.residual_block_stride = run.residual.block_stride;
      task.add_first = run.add_first;
      if (resizes) {
        FillResizedOffsets(run, pixels, offsets);
        task.residual_offsets = offsets;
      } else {
        task.residual += first;
      }
    }
    inner::PointwisePixels(task);
  });
}

}  // namespace maskscope::kernels
