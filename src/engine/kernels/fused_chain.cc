#include <algorithm>

#include "engine/kernels/kernels.h"
#include "engine/kernels/parallel.h"
#include "engine/kernels/ring.h"
#include "engine/kernels/stages.h"

// Every block is a stage that makes its output rows in order, one at a time, asking the stage before it for the input
// rows it needs. Between two stages stands a ring of three rows, all that a 3x3 window sees. Threads take neighbouring
// runs of the last stage's rows; the few rows around a seam are made twice.
namespace maskscope::kernels {
namespace {

using Head = FusedBlockWeights::Head;

constexpr int kRingRows = 3;

int64_t RingFloats(int channels, int padded_width) {
  return int64_t{BlocksOf(channels)} * kRingRows * padded_width * 16;
}

// Where a stage finds the rows of its input or puts those of its output.
struct Rows {
  Ring ring;  // used when ring.data is set
  const float* tensor = nullptr;
  int64_t block_stride = 0;
  int width = 0;

  const float* At(int block, int y) const {
    return ring.data ? ring.Row(block, y) : tensor + block * block_stride + int64_t{16} * y * width;
  }
  int64_t stride() const { return ring.data ? ring.block_stride() : block_stride; }
};

class Stage {
 public:
  // Takes its scratch from *scratch on and moves it.
  Stage(const FusedChainRun& run, size_t index, float** scratch) : run_(run), block_(run.blocks[index]) {
    const WindowGeometry& g = block_.geometry;
    const FusedBlockWeights& w = *block_.weights;
    stride_ = w.depthwise.stride;
    if (w.head != Head::kNone) {
      ring_ = NewRing(w.depthwise.channels, PaddedWidth(g, stride_), g.pad_left, g.in_width, scratch);
    }
    middle_ = *scratch;
    *scratch += MiddleFloats(block_);
    source_ = reinterpret_cast<uint16_t*>(*scratch);
    *scratch += SourceFloats(block_);
    if (index + 1 < run.blocks.size()) {
      const FusedChainRun::Block& next = run.blocks[index + 1];
      const int padded = PaddedWidth(next.geometry, next.weights->depthwise.stride);
      output_.ring = NewRing(w.project.out_channels, padded, next.geometry.pad_left, next.geometry.in_width, scratch);
    }
  }

  static int64_t MiddleFloats(const FusedChainRun::Block& block) {
    const int channels = block.weights->depthwise.channels;
    if (block.weights->project.bf16()) return RoundedFloats(channels, block.geometry.out_width);
    return int64_t{16} * BlocksOf(channels) * block.geometry.out_width;
  }
  // A row of the head's input in bf16.
  static int64_t SourceFloats(const FusedChainRun::Block& block) {
    const FusedBlockWeights& w = *block.weights;
    const bool rounded = w.head == Head::kExpand && w.expand.bf16();
    return rounded ? RoundedFloats(w.expand.in_channels, block.geometry.in_width) : 0;
  }

  // Floats that the constructor takes.
  static int64_t ScratchFloats(const FusedChainRun& run, size_t index) {
    const FusedChainRun::Block& block = run.blocks[index];
    const FusedBlockWeights& w = *block.weights;
    int64_t floats = MiddleFloats(block) + SourceFloats(block);
    if (w.head != Head::kNone)
      floats += RingFloats(w.depthwise.channels, PaddedWidth(block.geometry, w.depthwise.stride));
    if (index + 1 < run.blocks.size()) {
      const FusedChainRun::Block& next = run.blocks[index + 1];
      floats += RingFloats(w.project.out_channels, PaddedWidth(next.geometry, next.weights->depthwise.stride));
    }
    return floats;
  }

  // Output rows from `row` on will be asked for, of this image.
  void Start(Stage* before, int64_t image, int row) {
    before_ = before;
    image_ = image;
    next_ = row;
    next_input_ = std::clamp(row * stride_ - block_.geometry.pad_top, 0, block_.geometry.in_height);
    if (before) {
      input_ = before->output_;
    } else {
      input_ = {{}, run_.src.data + image * run_.src.batch_stride, run_.src.block_stride, block_.geometry.in_width};
    }
    if (!output_.ring.data) {
      dst_ = run_.dst.data + image * run_.dst.batch_stride;
    }
  }
  int next_input() const { return next_input_; }

  // Makes all rows before `end` that are not made yet.
  void Ensure(int end) {
    for (; next_ < end; ++next_) Make(next_);
  }

 private:
  static Ring NewRing(int channels, int padded_width, int pad_left, int width, float** scratch) {
    const Ring ring{*scratch, kRingRows, padded_width, pad_left};
    ring.ZeroColumns(BlocksOf(channels), width);
    *scratch += RingFloats(channels, padded_width);
    return ring;
  }

  void Make(int y) {
    const int end = std::clamp(y * stride_ - block_.geometry.pad_top + 3, 0, block_.geometry.in_height);
    for (; next_input_ < end; ++next_input_) Fetch(next_input_);
    Depthwise(y);
    Project(y);
  }

  // Input row y of the depthwise convolution.
  void Fetch(int y) {
    const FusedBlockWeights& w = *block_.weights;
    if (w.head == Head::kStem) {
      inner::StemTask task = StemTaskFor(w.stem, run_.stem_geometry);
      SetStemRows(run_.planes, run_.stem_geometry, image_, y, &task);
      task.dst = ring_.Row(0, y);
      task.dst_block_stride = ring_.block_stride();
      return inner::StemRow(task);
    }
    if (before_) before_->Ensure(y + 1);
    if (w.head == Head::kNone) return;
    inner::PointwiseTask task = PointwiseTaskFor(w.expand, 0, BlocksOf(w.expand.out_channels));
    task.src = input_.At(0, y);
    task.src_block_stride = input_.stride();
    task.dst = ring_.Row(0, y);
    task.dst_block_stride = ring_.block_stride();
    task.pixels = block_.geometry.in_width;
    if (w.expand.bf16()) RoundSource(w.expand.in_channels, source_, &task);
    inner::PointwisePixels(task);
  }

  void Depthwise(int y) {
    const WindowGeometry& g = block_.geometry;
    const DepthwiseWeights& w = block_.weights->depthwise;
    const bool own_ring = block_.weights->head != Head::kNone;
    for (int block = 0; block < BlocksOf(w.channels); ++block) {
      inner::DepthwiseTask task = DepthwiseTaskFor(w, g, block);
      task.padded = own_ring || input_.ring.data;
      for (int k = 0; k < 3; ++k) {
        const int row = y * stride_ - g.pad_top + k;
        const bool inside = row >= 0 && row < g.in_height;
        task.rows[k] = !inside ? nullptr : own_ring ? ring_.Row(block, row) : input_.At(block, row);
      }
      const int64_t row = int64_t{16} * block * g.out_width;
      if (block_.weights->project.bf16()) {
        task.dst_bf16 = reinterpret_cast<uint16_t*>(middle_) + row;
      } else {
        task.dst = middle_ + row;
      }
      inner::DepthwiseRow(task);
    }
  }

  void Project(int y) {
    const WindowGeometry& g = block_.geometry;
    const PointwiseWeights& w = block_.weights->project;
    inner::PointwiseTask task = PointwiseTaskFor(w, 0, BlocksOf(w.out_channels));
    if (w.bf16()) {
      task.src_bf16 = reinterpret_cast<const uint16_t*>(middle_);
    } else {
      task.src = middle_;
    }
    task.src_block_stride = int64_t{16} * g.out_width;
    task.pixels = g.out_width;
    if (output_.ring.data) {
      task.dst = output_.ring.Row(0, y);
      task.dst_block_stride = output_.ring.block_stride();
    } else {
      task.dst = dst_ + int64_t{16} * y * g.out_width;
      task.dst_block_stride = run_.dst.block_stride;
    }
    if (block_.add_input) {
      task.residual = input_.At(0, y);
      task.residual_block_stride = input_.stride();
    }
    inner::PointwisePixels(task);
  }

  const FusedChainRun& run_;
  const FusedChainRun::Block& block_;
  int stride_ = 1;
  Stage* before_ = nullptr;
  int64_t image_ = 0;
  int next_ = 0;        // output row
  int next_input_ = 0;  // input row
  Rows input_;
  Rows output_;              // ring to the next stage, or none
  float* dst_ = nullptr;     // image of the last stage
  Ring ring_;                // of the head's output
  float* middle_ = nullptr;  // one row of the depthwise output, f32 or bf16
  uint16_t* source_ = nullptr;
};

int64_t ThreadFloats(const FusedChainRun& run) {
  int64_t floats = 0;
  for (size_t i = 0; i < run.blocks.size(); ++i) floats += Stage::ScratchFloats(run, i);
  return floats;
}

void RunRows(const FusedChainRun& run, int64_t image, Span rows, float* scratch) {
  std::vector<Stage> stages;
  stages.reserve(run.blocks.size());
  for (size_t i = 0; i < run.blocks.size(); ++i) stages.emplace_back(run, i, &scratch);
  int first = rows.begin;
  for (size_t i = stages.size(); i-- > 0;) {
    stages[i].Start(i > 0 ? &stages[i - 1] : nullptr, image, first);
    first = stages[i].next_input();
  }
  stages.back().Ensure(rows.end);
}

}  // namespace

int64_t WorkspaceFloats(const FusedChainRun& run, int threads) { return ThreadFloats(run) * threads; }

void Run(const FusedChainRun& run, int threads, float* workspace) {
  const WindowGeometry& last = run.blocks.back().geometry;
  const int parts = last.batch % threads == 0 ? 1 : std::min(threads, last.out_height);
  const int64_t floats = ThreadFloats(run);
  ParallelFor(last.batch * parts, threads, [&](int job, int thread) {
    RunRows(run, job / parts, Part(last.out_height, parts, job % parts), workspace + floats * thread);
  });
}

}  // namespace maskscope::kernels
