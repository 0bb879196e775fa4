#include <algorithm>

#include "engine/kernels/inner.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/parallel.h"

// The output is cut into tiles of 4x4 pixels. A job transforms some tiles of all input channels; then, one output block
// at a time, come 36 small matrix products, done by the 1x1 kernel with tiles for pixels, and the transform back while
// they are near. The weights of a whole layer may exceed the second-level cache, but each serves all tiles of the job.
namespace maskscope::kernels {
namespace {

constexpr int kMaxTiles = 28;  // what the 1x1 kernel takes at once

struct Plan {
  int tiles_y = 0, tiles_x = 0;
  int tiles = 0;  // of all images
  int jobs = 1;
  int most = 1;  // tiles of one job
  int in_blocks = 0, out_blocks = 0;
  int64_t before() const { return int64_t{inner::kWinogradProducts} * most * in_blocks * 16; }
  int64_t after() const { return int64_t{inner::kWinogradProducts} * most * 16; }  // of one output block
};

Plan MakePlan(const Conv3x3Weights& weights, const Conv3x3Run& run, int threads) {
  Plan plan;
  plan.tiles_y = (run.geometry.out_height + 3) / 4;
  plan.tiles_x = (run.geometry.out_width + 3) / 4;
  plan.tiles = plan.tiles_y * plan.tiles_x * run.geometry.batch;
  plan.in_blocks = BlocksOf(weights.in_channels);
  plan.out_blocks = BlocksOf(weights.out_channels);
  plan.jobs = (plan.tiles + kMaxTiles - 1) / kMaxTiles;
  plan.jobs = std::min(plan.tiles, (plan.jobs + threads - 1) / threads * threads);
  plan.most = (plan.tiles + plan.jobs - 1) / plan.jobs;
  return plan;
}

struct TilePlace {
  int64_t image;
  int y, x;  // of its top left output pixel
};

TilePlace PlaceOf(const Plan& plan, int tile) {
  const int per_image = plan.tiles_y * plan.tiles_x, rest = tile % per_image;
  return {tile / per_image, rest / plan.tiles_x * 4, rest % plan.tiles_x * 4};
}

void TransformInput(const Conv3x3Run& run, const Plan& plan, Span tiles, float* products) {
  const int count = tiles.end - tiles.begin;
  inner::WinogradInput in;
  in.height = run.geometry.in_height;
  in.width = run.geometry.in_width;
  in.stride = int64_t{16} * count * plan.in_blocks;
  for (int t = tiles.begin; t < tiles.end; ++t) {
    const TilePlace place = PlaceOf(plan, t);
    in.y = place.y - run.geometry.pad_top;
    in.x = place.x - run.geometry.pad_left;
    for (int block = 0; block < plan.in_blocks; ++block) {
      in.src = run.src.data + place.image * run.src.batch_stride + block * run.src.block_stride;
      in.dst = products + (int64_t{block} * count + t - tiles.begin) * 16;
      inner::WinogradInputTile(in);
    }
  }
}

void Multiply(const Conv3x3Weights& weights, const Plan& plan, int block, int count, const float* before,
              float* after) {
  inner::PointwiseTask task;
  task.packed_in = PackedChannels(weights.in_channels);
  task.pixels = count;
  task.out_blocks = 1;
  task.src_block_stride = int64_t{16} * count;
  const int64_t product = int64_t{task.packed_in} * 16;
  for (int64_t p = 0; p < inner::kWinogradProducts; ++p) {
    task.src = before + p * task.src_block_stride * plan.in_blocks;
    task.weights = weights.weights.data() + (block * inner::kWinogradProducts + p) * product;
    task.dst = after + p * task.src_block_stride;
    inner::PointwisePixels(task);
  }
}

void TransformOutput(const Conv3x3Weights& weights, const Conv3x3Run& run, const Plan& plan, int block, Span tiles,
                     const float* products) {
  const WindowGeometry& g = run.geometry;
  const bool second = run.second.data && block >= run.second_from;
  const BlockedOut& to = second ? run.second : run.dst;
  float* dst = to.data + (second ? block - run.second_from : block) * to.block_stride;
  inner::WinogradOutput out;
  out.stride = int64_t{16} * (tiles.end - tiles.begin);
  out.width = g.out_width;
  out.bias = weights.bias.data() + int64_t{block} * 16;
  out.activation = weights.activations[static_cast<size_t>(block)];
  for (int t = tiles.begin; t < tiles.end; ++t) {
    const TilePlace place = PlaceOf(plan, t);
    out.rows = std::min(4, g.out_height - place.y);
    out.columns = std::min(4, g.out_width - place.x);
    out.src = products + (t - tiles.begin) * 16;
    out.dst = dst + place.image * to.batch_stride + (int64_t{place.y} * g.out_width + place.x) * 16;
    inner::WinogradOutputTile(out);
  }
}

}  // namespace

int64_t WorkspaceFloats(const Conv3x3Weights& weights, const Conv3x3Run& run, int threads) {
  const Plan plan = MakePlan(weights, run, threads);
  return (plan.before() + plan.after()) * threads;
}

void Run(const Conv3x3Weights& weights, const Conv3x3Run& run, int threads, float* workspace) {
  const Plan plan = MakePlan(weights, run, threads);
  ParallelFor(plan.jobs, threads, [&](int job, int thread) {
    float* before = workspace + (plan.before() + plan.after()) * thread;
    float* after = before + plan.before();
    const Span tiles = Part(plan.tiles, plan.jobs, job);
    TransformInput(run, plan, tiles, before);
    for (int block = 0; block < plan.out_blocks; ++block) {
      Multiply(weights, plan, block, tiles.end - tiles.begin, before, after);
      TransformOutput(weights, run, plan, block, tiles, after);
    }
  });
}

}  // namespace maskscope::kernels
