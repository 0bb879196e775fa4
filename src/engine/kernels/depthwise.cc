#include <algorithm>

#include "engine/kernels/kernels.h"
#include "engine/kernels/parallel.h"
#include "engine/kernels/stages.h"

namespace maskscope::kernels {

inner::DepthwiseTask DepthwiseTaskFor(const DepthwiseWeights& weights, const WindowGeometry& geometry, int block) {
  inner::DepthwiseTask task;
  task.in_width = geometry.in_width;
  task.out_width = geometry.out_width;
  task.stride = weights.stride;
  task.pad_left = geometry.pad_left;
  task.weights = weights.weights.data() + int64_t{block} * 144;
  task.bias = weights.bias.data() + int64_t{block} * 16;
  task.activation = weights.activation;
  return task;
}

int64_t WorkspaceFloats(const DepthwiseWeights&, const DepthwiseRun&, int) { return 0; }

void Run(const DepthwiseWeights& weights, const DepthwiseRun& run, int threads, float*) {
  const WindowGeometry& g = run.geometry;
  const int blocks = BlocksOf(weights.channels);
  const int planes = g.batch * blocks;
  const int parts = planes % threads == 0 ? 1 : std::min(threads, g.out_height);
  ParallelFor(planes * parts, threads, [&](int job, int) {
    const int plane = job / parts;
    const int64_t image = plane / blocks, block = plane % blocks;
    const Span rows = Part(g.out_height, parts, job % parts);
    const float* src = run.src.data + image * run.src.batch_stride + block * run.src.block_stride;
    float* dst = run.dst.data + image * run.dst.batch_stride + block * run.dst.block_stride;
    inner::DepthwiseTask task = DepthwiseTaskFor(weights, g, static_cast<int>(block));
    for (int y = rows.begin; y < rows.end; ++y) {
      for (int k = 0; k < 3; ++k) {
        const int row = y * weights.stride - g.pad_top + k;
        task.rows[k] = row < 0 || row >= g.in_height ? nullptr : src + int64_t{16} * row * g.in_width;
      }
      task.dst = dst + int64_t{16} * y * g.out_width;
      inner::DepthwiseRow(task);
    }
  });
}

}  // namespace maskscope::kernels
