#include <algorithm>

#include "engine/kernels/kernels.h"
#include "engine/kernels/parallel.h"
#include "engine/kernels/stages.h"

namespace maskscope::kernels {

inner::StemTask StemTaskFor(const StemWeights& weights, const WindowGeometry& geometry) {
  inner::StemTask task;
  task.in_channels = weights.in_channels;
  task.in_width = geometry.in_width;
  task.out_width = geometry.out_width;
  task.stride = weights.stride;
  task.pad_left = geometry.pad_left;
  task.out_blocks = BlocksOf(weights.out_channels);
  task.weights = weights.weights.data();
  task.bias = weights.bias.data();
  task.activation = weights.activation;
  return task;
}

void SetStemRows(const PlanesIn& src, const WindowGeometry& geometry, int64_t image, int y, inner::StemTask* task) {
  for (int c = 0; c < task->in_channels; ++c) {
    const float* plane = src.data + image * src.batch_stride + c * src.plane_stride;
    for (int k = 0; k < 3; ++k) {
      const int row = y * task->stride - geometry.pad_top + k;
      const bool inside = row >= 0 && row < geometry.in_height;
      task->rows[c * 3 + k] = inside ? plane + int64_t{row} * geometry.in_width : nullptr;
    }
  }
}

int64_t WorkspaceFloats(const StemWeights&, const StemRun&, int) { return 0; }

void Run(const StemWeights& weights, const StemRun& run, int threads, float*) {
  const WindowGeometry& g = run.geometry;
  const int parts = g.batch % threads == 0 ? 1 : std::min(threads, g.out_height);
  ParallelFor(g.batch * parts, threads, [&](int job, int) {
    const int64_t image = job / parts;
    const Span rows = Part(g.out_height, parts, job % parts);
    inner::StemTask task = StemTaskFor(weights, g);
    task.dst_block_stride = run.dst.block_stride;
    for (int y = rows.begin; y < rows.end; ++y) {
      SetStemRows(run.src, g, image, y, &task);
      task.dst = run.dst.data + image * run.dst.batch_stride + int64_t{16} * y * g.out_width;
      inner::StemRow(task);
    }
  });
}

}  // namespace maskscope::kernels
