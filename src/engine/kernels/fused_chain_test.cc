#include "engine/kernels/test_reference.h"

namespace maskscope::kernels::test {
namespace {

using Head = FusedBlockWeights::Head;

struct Link {
  FusedBlockWeights weights;
  FusedChainRun::Block block;
};

// Adds one random block behind `x`, and replaces `x` by what the block should give.
void Append(Dice& dice, Head head, Products products, Plain* x, WindowGeometry* stem,
            std::vector<std::unique_ptr<Link>>* chain) {
  const bool add = head == Head::kExpand && dice.Int(0, 1) > 0;
  const int in = x->channels, middle = head == Head::kNone ? in : dice.Int(1, 40), out = add ? in : dice.Int(1, 40);
  const int stride = add ? 1 : dice.Int(1, 2), taps = head == Head::kStem ? 9 : 1;
  const Activation activation = dice.AnyActivation();
  const auto w1 = dice.Weights(middle * in * taps, in * taps), b1 = dice.Floats(middle);
  const auto w2 = dice.Weights(middle * 9, 9), b2 = dice.Floats(middle);
  const auto w3 = dice.Weights(out * middle, middle), b3 = dice.Floats(out);
  auto link = std::make_unique<Link>();
  link->weights.head = head;
  const Plain input = *x;
  if (head == Head::kExpand) {
    link->weights.expand = PackPointwise(w1.data(), b1.data(), in, middle, activation, products);
    *x = ReferenceConv(AsMultiplied(*x, products), AsMultiplied(w1, products), b1,
                       {middle, 1, 1, 0, 0, x->height, x->width, 1}, activation);
  } else if (head == Head::kStem) {
    const int height = (x->height - 1) / 2 + 1, width = (x->width - 1) / 2 + 1;
    link->weights.stem = PackStem(w1.data(), b1.data(), in, middle, 2, activation);
    *stem = {x->batch, x->height, x->width, height, width, 1, 1};
    *x = ReferenceConv(*x, w1, b1, {middle, 3, 2, 1, 1, height, width, 1}, activation);
  }
  const int top = add ? 1 : dice.Int(0, 1), left = add ? 1 : dice.Int(0, 1), extra = add ? 1 : dice.Int(0, 1);
  const int height = std::max(0, x->height + top + extra - 3) / stride + 1;
  const int width = std::max(0, x->width + left + extra - 3) / stride + 1;
  link->weights.depthwise = PackDepthwise(w2.data(), b2.data(), middle, stride, activation);
  link->weights.project = PackPointwise(w3.data(), b3.data(), middle, out, Activation::None(), products);
  link->block = {&link->weights, {x->batch, x->height, x->width, height, width, top, left}, add};
  *x = ReferenceConv(*x, w2, b2, {middle, 3, stride, top, left, height, width, middle}, activation);
  *x = ReferenceConv(AsMultiplied(*x, products), AsMultiplied(w3, products), b3, {out, 1, 1, 0, 0, height, width, 1},
                     Activation::None());
  for (size_t i = 0; i < x->data.size() && add; ++i) x->data[i] += input.data[i];
  chain->push_back(std::move(link));
}

void CheckRandom(Products products) {
  for (unsigned seed = 0; seed < 60 && !::testing::Test::HasFailure(); ++seed) {
    Dice dice(seed);
    const bool stem = dice.Int(0, 1) > 0;
    const int batch = dice.Int(1, 2), threads = dice.Int(1, 3), links = dice.Int(1, 4);
    const Plain x = dice.Tensor(batch, stem ? 3 : dice.Int(1, 40), dice.Int(5, 50), dice.Int(5, 50));
    std::vector<std::unique_ptr<Link>> chain;
    FusedChainRun run;
    Plain want = x;
    for (int i = 0; i < links; ++i) {
      const Head head = stem && i == 0 ? Head::kStem : dice.Pick<Head>({Head::kNone, Head::kExpand});
      Append(dice, head, products, &want, &run.stem_geometry, &chain);
      run.blocks.push_back(chain.back()->block);
    }
    std::ostringstream shape;
    shape << "seed " << seed << ": " << links << " blocks, stem " << stem << ", " << batch << "x" << x.channels << "x"
          << x.height << "x" << x.width << " threads " << threads;
    SCOPED_TRACE(shape.str());

    const Blocked src(x, false);
    Blocked dst(batch, want.channels, want.height, want.width, false);
    run.src = src.In();
    run.planes = {x.data.data(), int64_t{x.height} * x.width, int64_t{x.channels} * x.height * x.width};
    run.dst = dst.Out();
    Workspace workspace(WorkspaceFloats(run, threads));
    kernels::Run(run, threads, workspace.data());
    // Sums that differ in their last bits may round to neighbours in bf16, 2^-8 apart, once a link.
    EXPECT_EQ(Difference(dst.ToPlain(), want, products == Products::kBf16 ? 5e-3 : 1e-5), "");
    EXPECT_TRUE(dst.GuardIsWhole());
    EXPECT_TRUE(workspace.GuardIsWhole());
  }
}

TEST(FusedChain, EqualsItsStagesOnRandomChains) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  CheckRandom(Products::kF32);
}

TEST(FusedChain, EqualsItsStagesInBf16) {
  MASKSCOPE_SKIP_WITHOUT_BF16();
  CheckRandom(Products::kBf16);
}

}  // namespace
}  // namespace maskscope::kernels::test
