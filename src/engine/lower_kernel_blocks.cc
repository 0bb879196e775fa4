#include "engine/kernel_conv.h"

// The inverted residual and depthwise-separable blocks of the MobileNets, one step each, and rows of them as one.
namespace maskscope {

namespace {

using namespace kernel_conv;  // this file is written in its terms

struct Block {
  std::optional<Conv> head;  // expand or stem
  Conv depthwise;
  Conv project;
};

std::optional<Block> MatchBlock(const PlanBuilder& builder, const Conv& first) {
  Block block;
  if (first.kind == Kind::kDepthwise) {
    block.depthwise = first;
  } else if (first.kind == Kind::kPointwise || first.kind == Kind::kStem) {
    const std::optional<Conv> depthwise = MatchNext(builder, first, Kind::kDepthwise);
    if (!depthwise) return std::nullopt;
    block.head = first;
    block.depthwise = *depthwise;
  } else {
    return std::nullopt;
  }
  const std::optional<Conv> project = MatchNext(builder, block.depthwise, Kind::kPointwise);
  if (!project || project->epilogue.activation_of_sum) return std::nullopt;
  block.project = *project;
  return block;
}

kernels::FusedBlockWeights PackBlock(const Block& block, const PlanOptions& options) {
  kernels::FusedBlockWeights packed;
  if (block.head && block.head->kind == Kind::kStem) {
    packed.head = kernels::FusedBlockWeights::Head::kStem;
    packed.stem = PackStem(*block.head);
  } else if (block.head) {
    packed.head = kernels::FusedBlockWeights::Head::kExpand;
    packed.expand = PackPointwise(*block.head, options);
  }
  packed.depthwise = PackDepthwise(block.depthwise);
  packed.project = PackPointwise(block.project, options);
  return packed;
}

// From this size on a tensor between two blocks would leave the second-level cache.
constexpr int64_t kChainBytes = 1 << 20;

// Blocks of large maps that follow one another, each the only reader of the one before.
std::vector<Block> MatchChain(const PlanBuilder& builder, const Block& first) {
  std::vector<Block> chain = {first};
  while (true) {
    const Conv& last = chain.back().project;
    const Node* reader = builder.OnlyReader(last.epilogue.value);
    const bool large = kernels::BlocksOf(static_cast<int>(last.out[1])) * 64 * last.out[2] * last.out[3] >= kChainBytes;
    if (reader == nullptr || !large || !last.epilogue.residual.empty()) return chain;
    const std::optional<Conv> next = Match(builder, *reader, false);
    if (!next || next->kind == Kind::kStem) return chain;
    std::optional<Block> block = MatchBlock(builder, *next);
    if (!block || !block->project.epilogue.residual.empty()) return chain;
    chain.push_back(*std::move(block));
  }
}

const Conv& FirstOf(const Block& block) { return block.head ? *block.head : block.depthwise; }

std::string OpOf(const Block& block) {
  const std::string head = block.head ? block.head->epilogue.op + "+" : "";
  return head + block.depthwise.epilogue.op + "+" + block.project.epilogue.op;
}

std::shared_ptr<const kernels::FusedBlockWeights> WeightsOf(PlanBuilder& builder, const Block& block) {
  return Shared<kernels::FusedBlockWeights>(builder, FirstOf(block).key() + "block|" + block.project.key(),
                                            [&] { return PackBlock(block, builder.options()); });
}

void MarkBlock(PlanBuilder& builder, const Block& block) {
  if (block.head) MarkGroup(builder, *block.head);
  MarkGroup(builder, block.depthwise);
  MarkGroup(builder, block.project);
}

void EmitChain(PlanBuilder& builder, const std::vector<Block>& chain) {
  const Conv& first = FirstOf(chain.front());
  const bool stem = first.kind == Kind::kStem;
  const std::string& input = first.node->inputs[0];
  const Place src = stem ? ReadPlanes(builder, input) : ReadBlocked(builder, input);
  kernels::FusedChainRun run;
  if (stem) run.stem_geometry = GeometryOf(first);
  std::vector<std::shared_ptr<const kernels::FusedBlockWeights>> weights;
  std::string op;
  for (const Block& block : chain) {
    MarkBlock(builder, block);
    weights.push_back(WeightsOf(builder, block));
    run.blocks.push_back({weights.back().get(), GeometryOf(block.depthwise), false});
    op += (op.empty() ? "" : "+") + OpOf(block);
  }
  const Place dst = builder.Write(chain.back().project.epilogue.value, {Format::kBlocked});
  const int threads = builder.options().threads;
  const int scratch = builder.Scratch(kernels::WorkspaceFloats(run, threads) * 4);
  Step step = StepFor(first, op, "chain");
  step.reads = {src.buffer};
  step.writes = {dst.buffer, scratch};
  // `weights` keeps alive what the run points to.
  step.bind = [=](const Bases& bases) -> Work {
    return [=, from = bases.At(src), to = bases.At(dst), spare = bases.At(scratch), filled = run]() mutable {
      if (stem) {
        filled.planes = Planes(src, from);
      } else {
        filled.src = In(src, from);
      }
      filled.dst = Out(dst, to);
      kernels::Run(filled, threads, weights.empty() ? nullptr : spare.floats());
    };
  };
  builder.Emit(std::move(step));
}

void EmitBlock(PlanBuilder& builder, const Block& block) {
  const Conv& first = FirstOf(block);
  const bool stem = first.kind == Kind::kStem;
  const std::string& input = first.node->inputs[0];
  const Place src = stem ? ReadPlanes(builder, input) : ReadBlocked(builder, input);
  std::optional<Place> residual;
  if (!block.project.epilogue.residual.empty()) residual = ReadBlocked(builder, block.project.epilogue.residual);
  MarkBlock(builder, block);
  const Place dst = builder.Write(block.project.epilogue.value, {Format::kBlocked});
  Step step = StepFor(first, OpOf(block), stem ? "stem_block" : block.head ? "inverted_residual" : "separable");
  step.reads = {src.buffer};
  if (residual) step.reads.push_back(residual->buffer);
  step.writes = {dst.buffer};
  kernels::FusedBlockRun run;
  run.geometry = GeometryOf(block.depthwise);
  if (stem) run.stem_geometry = GeometryOf(first);
  const auto weights = WeightsOf(builder, block);
  // The workspace may depend on whether there is a residual, not on where it lies.
  EmitKernel(builder, std::move(step), weights, run, [=](const Bases& bases) {
    return [=, from = bases.At(src), to = bases.At(dst),
            add = residual ? bases.At(*residual) : Pointer()](kernels::FusedBlockRun& filled) {
      if (stem) {
        filled.planes = Planes(src, from);
      } else {
        filled.src = In(src, from);
      }
      filled.dst = Out(dst, to);
      if (residual) filled.residual = In(*residual, add);
    };
  });
}

}  // namespace

bool LowerKernelBlock(PlanBuilder& builder, const Node& node) {
  if (!KernelsServe(builder.options())) return false;
  const std::optional<Conv> first = Match(builder, node, true);
  if (!first) return false;
  const std::optional<Block> block = MatchBlock(builder, *first);
  if (!block) return false;
  const std::vector<Block> chain = MatchChain(builder, *block);
  if (chain.size() > 1) {
    EmitChain(builder, chain);
  } else {
    EmitBlock(builder, *block);
  }
  return true;
}

}  // namespace maskscope
