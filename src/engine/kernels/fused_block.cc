#include <algorithm>

#include "engine/kernels/kernels.h"
#include "engine/kernels/parallel.h"
#include "engine/kernels/ring.h"
#include "engine/kernels/stages.h"

// Two ways through a block, by the size of its maps.
//
// Rows: each thread takes a run of output rows and walks down them a few at a time. The head's rows go into a ring that
// holds just the rows the depthwise window still needs, with zero columns beside them, so nothing is computed twice but
// the one or two rows where two threads meet.
//
// Channels, for small maps: each thread takes a part of the depthwise channels over whole pictures, then a part of the
// output channels. No row is computed twice, each thread reads only its part of the weights, and every image of the
// batch uses a weight while it is near.
namespace maskscope::kernels {
namespace {

using Head = FusedBlockWeights::Head;

constexpr int kGroup = 2;                   // depthwise blocks taken at a time: they stay in the first-level cache
constexpr int kStepPixels = 56;             // output pixels of one step: enough to fill the tiles of the projection
constexpr int kSmallMapPixels = 256;        // input pixels up to which channels are split, not rows
constexpr int kSmallMapFloats = 96 * 1024;  // depthwise output that fits the second-level cache beside the weights

int64_t Align16(int64_t floats) { return (floats + 15) / 16 * 16; }

struct Plan {
  bool by_channels = false;
  int blocks = 0;        // of the depthwise convolution
  int row_parts = 1;     // of an image
  int step_rows = 1;     // output rows a step
  int ring_rows = 0;     // input rows of the depthwise convolution held at once
  int padded_width = 0;  // of a ring row
  int images_at_once = 1;
  int64_t ring_floats = 0, middle_floats = 0, offset_floats = 0;  // middle: the depthwise output
  int64_t source_floats = 0;                                      // the head's input in bf16
  int64_t ThreadFloats() const {
    return ring_floats + offset_floats + source_floats + (by_channels ? 0 : middle_floats);
  }
};

Plan MakePlan(const FusedBlockWeights& weights, const FusedBlockRun& run, int threads) {
  const WindowGeometry& g = run.geometry;
  const int stride = weights.depthwise.stride;
  Plan plan;
  plan.blocks = BlocksOf(weights.depthwise.channels);
  plan.padded_width = PaddedWidth(g, stride);
  const int64_t out_pixels = int64_t{g.out_height} * g.out_width;
  const int64_t image_floats = out_pixels * plan.blocks * 16;
  plan.by_channels = weights.head != Head::kStem && g.in_height * g.in_width <= kSmallMapPixels;
  if (plan.by_channels) {
    plan.ring_rows = g.in_height;
    plan.step_rows = g.out_height;
    plan.images_at_once =
        static_cast<int>(std::clamp<int64_t>(kSmallMapFloats / std::max<int64_t>(1, image_floats), 1, g.batch));
    plan.ring_floats = int64_t{kGroup} * plan.ring_rows * plan.padded_width * 16;
    plan.middle_floats = image_floats * plan.images_at_once;
  } else {
    plan.row_parts = g.batch % threads == 0 ? 1 : std::min(threads, g.out_height);
    const int part_rows = (g.out_height + plan.row_parts - 1) / plan.row_parts;
    plan.step_rows = std::clamp((kStepPixels + g.out_width - 1) / g.out_width, 1, part_rows);
    plan.ring_rows = (plan.step_rows - 1) * stride + 3;
    plan.ring_floats = int64_t{plan.blocks} * plan.ring_rows * plan.padded_width * 16;
    plan.middle_floats = int64_t{plan.blocks} * plan.step_rows * g.out_width * 16;
  }
  if (weights.head == Head::kNone) plan.ring_floats = 0;
  plan.offset_floats = weights.head == Head::kExpand ? Align16(int64_t{plan.ring_rows} * g.in_width) : 0;
  if (weights.project.bf16()) plan.middle_floats = Align16((plan.middle_floats + 1) / 2);
  if (weights.head == Head::kExpand && weights.expand.bf16()) {
    const int64_t images = plan.by_channels ? plan.images_at_once : 1;
    plan.source_floats = RoundedFloats(weights.expand.in_channels, int64_t{plan.ring_rows} * g.in_width) * images;
  }
  return plan;
}

// The depthwise output, in f32 or bf16.
struct Middle {
  float* data = nullptr;
  bool bf16 = false;
  uint16_t* halves() const { return reinterpret_cast<uint16_t*>(data); }
  Middle At(int64_t element) const {
    return {bf16 ? reinterpret_cast<float*>(halves() + element) : data + element, bf16};
  }
};

class Worker {
 public:
  Worker(const FusedBlockWeights& weights, const FusedBlockRun& run, const Plan& plan, float* scratch)
      : weights_(weights), run_(run), g_(run.geometry), plan_(plan) {
    ring_ = {scratch, plan.ring_rows, plan.padded_width, g_.pad_left};
    offsets_ = reinterpret_cast<int32_t*>(scratch + plan.ring_floats);
    source_ = reinterpret_cast<uint16_t*>(scratch + plan.ring_floats + plan.offset_floats);
    middle_ = {scratch + plan.ring_floats + plan.offset_floats + plan.source_floats, weights.project.bf16()};
  }

  void Rows(int64_t image, Span rows) {
    if (weights_.head != Head::kNone) ring_.ZeroColumns(plan_.blocks, g_.in_width);
    const int stride = weights_.depthwise.stride;
    int next = std::clamp(rows.begin * stride - g_.pad_top, 0, g_.in_height);  // first input row not in the ring
    for (int y = rows.begin; y < rows.end; y += plan_.step_rows) {
      const int count = std::min(plan_.step_rows, rows.end - y);
      const int end = std::clamp((y + count - 1) * stride - g_.pad_top + 3, next, g_.in_height);
      next = std::max(next, std::min(end, y * stride - g_.pad_top));
      const Span fresh{next, end};
      if (weights_.head == Head::kStem) StemRows(image, fresh);
      if (weights_.head == Head::kExpand) FillOffsets(fresh);
      RoundInput(image, fresh, 0);
      const int64_t middle_stride = int64_t{16} * count * g_.out_width;
      for (int block = 0; block < plan_.blocks; block += kGroup) {
        const int blocks = std::min(kGroup, plan_.blocks - block);
        if (weights_.head == Head::kExpand) Expand(image, fresh, block, blocks, block, 0);
        for (int b = block; b < block + blocks; ++b) {
          Depthwise(image, {y, y + count}, b, b, middle_.At(b * middle_stride));
        }
      }
      Project(image, {y, y + count}, middle_, middle_stride, 0, BlocksOf(weights_.project.out_channels));
      next = end;
    }
  }

  // What Group reads of images [first, first + count), all of which must fit at once.
  void RoundInputs(int64_t first, int count) {
    for (int i = 0; i < count; ++i) RoundInput(first + i, {0, g_.in_height}, i);
  }

  // Depthwise blocks [block, block + kGroup) of images [first, first + count) into middle: [image][block][pixels][16].
  void Group(int64_t first, int count, int block, const Middle& middle) {
    const int blocks = std::min(kGroup, plan_.blocks - block);
    const int64_t middle_stride = int64_t{16} * g_.out_height * g_.out_width;
    if (weights_.head == Head::kExpand) {
      ring_.ZeroColumns(blocks, g_.in_width);
      FillOffsets({0, g_.in_height});
    }
    for (int i = 0; i < count; ++i) {
      if (weights_.head == Head::kExpand) Expand(first + i, {0, g_.in_height}, block, blocks, 0, i);
      for (int b = 0; b < blocks; ++b) {
        const Middle dst = middle.At((int64_t{i} * plan_.blocks + block + b) * middle_stride);
        Depthwise(first + i, {0, g_.out_height}, block + b, b, dst);
      }
    }
  }

  // Output blocks of output rows `rows` from the depthwise output of those rows.
  void Project(int64_t image, Span rows, const Middle& middle, int64_t middle_stride, int block, int blocks) {
    inner::PointwiseTask task = PointwiseTaskFor(weights_.project, block, blocks);
    const int64_t first = int64_t{16} * rows.begin * g_.out_width;
    task.src = middle.bf16 ? nullptr : middle.data;
    task.src_bf16 = middle.bf16 ? middle.halves() : nullptr;
    task.src_block_stride = middle_stride;
    task.pixels = (rows.end - rows.begin) * g_.out_width;
    task.dst = run_.dst.data + image * run_.dst.batch_stride + block * run_.dst.block_stride + first;
    task.dst_block_stride = run_.dst.block_stride;
    if (run_.residual.data) {
      task.residual =
          run_.residual.data + image * run_.residual.batch_stride + block * run_.residual.block_stride + first;
      task.residual_block_stride = run_.residual.block_stride;
    }
    inner::PointwisePixels(task);
  }

 private:
  void FillOffsets(Span rows) {
    int32_t* at = offsets_;
    for (int y = rows.begin; y < rows.end; ++y) {
      const int32_t row = ring_.RowOffset(y);
      for (int x = 0; x < g_.in_width; ++x) *at++ = row + x * 16;
    }
  }

  void StemRows(int64_t image, Span rows) {
    inner::StemTask task = StemTaskFor(weights_.stem, run_.stem_geometry);
    task.dst_block_stride = ring_.block_stride();
    for (int y = rows.begin; y < rows.end; ++y) {
      SetStemRows(run_.planes, run_.stem_geometry, image, y, &task);
      task.dst = ring_.Row(0, y);
      inner::StemRow(task);
    }
  }

  uint16_t* Source(int input) const {
    const int64_t pixels = int64_t{plan_.ring_rows} * g_.in_width;
    return source_ + 2 * RoundedFloats(weights_.expand.in_channels, pixels) * input;
  }

  // These rows of the head's input, where it reads bf16.
  void RoundInput(int64_t image, Span rows, int input) {
    if (weights_.head != Head::kExpand || !weights_.expand.bf16() || rows.begin >= rows.end) return;
    inner::PointwiseTask task;
    task.src = run_.src.data + image * run_.src.batch_stride + int64_t{16} * rows.begin * g_.in_width;
    task.src_block_stride = run_.src.block_stride;
    task.pixels = (rows.end - rows.begin) * g_.in_width;
    RoundSource(weights_.expand.in_channels, Source(input), &task);
  }

  // Blocks [block, block + blocks) of these input rows into ring blocks from `slot` on.
  void Expand(int64_t image, Span rows, int block, int blocks, int slot, int input) {
    if (rows.begin >= rows.end) return;
    inner::PointwiseTask task = PointwiseTaskFor(weights_.expand, block, blocks);
    task.src = run_.src.data + image * run_.src.batch_stride + int64_t{16} * rows.begin * g_.in_width;
    task.src_block_stride = run_.src.block_stride;
    task.pixels = (rows.end - rows.begin) * g_.in_width;
    task.dst = ring_.data + slot * ring_.block_stride();
    task.dst_block_stride = ring_.block_stride();
    task.dst_offsets = offsets_;
    if (weights_.expand.bf16()) {
      task.src_bf16 = Source(input);
      task.src_block_stride = int64_t{16} * task.pixels;
    }
    inner::PointwisePixels(task);
  }

  void Depthwise(int64_t image, Span rows, int block, int slot, Middle dst) {
    inner::DepthwiseTask task = DepthwiseTaskFor(weights_.depthwise, g_, block);
    const bool ring = weights_.head != Head::kNone;
    const float* src = ring ? nullptr : run_.src.data + image * run_.src.batch_stride + block * run_.src.block_stride;
    task.padded = ring;
    for (int y = rows.begin; y < rows.end; ++y, dst = dst.At(int64_t{16} * g_.out_width)) {
      for (int k = 0; k < 3; ++k) {
        const int row = y * task.stride - g_.pad_top + k;
        const bool inside = row >= 0 && row < g_.in_height;
        task.rows[k] = !inside ? nullptr : ring ? ring_.Row(slot, row) : src + int64_t{16} * row * g_.in_width;
      }
      task.dst = dst.bf16 ? nullptr : dst.data;
      task.dst_bf16 = dst.bf16 ? dst.halves() : nullptr;
      inner::DepthwiseRow(task);
    }
  }

  const FusedBlockWeights& weights_;
  const FusedBlockRun& run_;
  const WindowGeometry& g_;
  const Plan& plan_;
  Ring ring_;
  int32_t* offsets_ = nullptr;
  uint16_t* source_ = nullptr;
  Middle middle_;
};

void RunByChannels(const FusedBlockWeights& weights, const FusedBlockRun& run, const Plan& plan, int threads,
                   float* workspace) {
  const WindowGeometry& g = run.geometry;
  const int groups = (plan.blocks + kGroup - 1) / kGroup;
  const int64_t middle_stride = int64_t{16} * g.out_height * g.out_width;
  const Middle middle{workspace + plan.ThreadFloats() * threads, weights.project.bf16()};
  const int out_blocks = BlocksOf(weights.project.out_channels);
  for (int first = 0; first < g.batch; first += plan.images_at_once) {
    const int images = std::min(plan.images_at_once, g.batch - first);
    const int shares = std::min(threads, groups);
    ParallelFor(shares, threads, [&](int share, int thread) {
      Worker worker(weights, run, plan, workspace + plan.ThreadFloats() * thread);
      worker.RoundInputs(first, images);
      const Span own = Part(groups, shares, share);
      for (int group = own.begin; group < own.end; ++group) worker.Group(first, images, group * kGroup, middle);
    });
    const int parts = std::min(threads, out_blocks);
    ParallelFor(parts, threads, [&](int part, int) {
      const Span blocks = Part(out_blocks, parts, part);
      Worker worker(weights, run, plan, workspace);
      for (int i = 0; i < images; ++i) {
        worker.Project(first + i, {0, g.out_height}, middle.At(i * plan.blocks * middle_stride), middle_stride,
                       blocks.begin, blocks.end - blocks.begin);
      }
    });
  }
}

}  // namespace

int64_t WorkspaceFloats(const FusedBlockWeights& weights, const FusedBlockRun& run, int threads) {
  const Plan plan = MakePlan(weights, run, threads);
  return plan.ThreadFloats() * threads + (plan.by_channels ? plan.middle_floats : 0);
}

void Run(const FusedBlockWeights& weights, const FusedBlockRun& run, int threads, float* workspace) {
  const Plan plan = MakePlan(weights, run, threads);
  if (plan.by_channels) return RunByChannels(weights, run, plan, threads, workspace);
  ParallelFor(run.geometry.batch * plan.row_parts, threads, [&](int job, int thread) {
    Worker worker(weights, run, plan, workspace + plan.ThreadFloats() * thread);
    worker.Rows(job / plan.row_parts, Part(run.geometry.out_height, plan.row_parts, job % plan.row_parts));
  });
}

}  // namespace maskscope::kernels
