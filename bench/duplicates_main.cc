// How the search for likely copies grows with the number of pictures: bench_duplicates [--whole-only] N...
// Prints are drawn (noise with the spectrum of photos), one in a hundred is another's mirror image with its brightness
// changed: reading pictures takes the same time for each and is left out.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/threads.h"
#include "data/duplicates/candidates.h"

namespace maskscope {
namespace {

constexpr size_t kCopyEvery = 100;

// Noise at 2, 4, ... kPrintSide cells a side, each octave as strong as its wavelength, laid over each other.
PicturePrint DrawPrint(uint64_t seed) {
  Random random(seed);
  PicturePrint print;
  print.width = print.height = 640;
  print.content = {0, 0, 640, 640};
  std::vector<double> sum(print.grey.size());
  for (int cells = 2; cells <= kPrintSide; cells *= 2) {
    std::vector<double> noise(size_t(cells + 1) * size_t(cells + 1));
    for (double& value : noise) value = random.Uniform(-1, 1) / cells;
    for (int y = 0; y < kPrintSide; ++y) {
      const double v = double(y) * cells / kPrintSide;
      const auto row = static_cast<size_t>(v);
      for (int x = 0; x < kPrintSide; ++x) {
        const double u = double(x) * cells / kPrintSide;
        const auto column = static_cast<size_t>(u);
        const double* at = &noise[row * size_t(cells + 1) + column];
        const double fx = u - double(column), fy = v - double(row);
        sum[size_t(y * kPrintSide + x)] +=
            (1 - fy) * ((1 - fx) * at[0] + fx * at[1]) + fy * ((1 - fx) * at[cells + 1] + fx * at[cells + 2]);
      }
    }
  }
  for (size_t i = 0; i < sum.size(); ++i)
    print.grey[i] = static_cast<uint8_t>(std::clamp(128 + 140 * sum[i], 0., 255.));
  return print;
}

PicturePrint MirroredAndDarker(const PicturePrint& original) {
  PicturePrint copy = original;
  for (int y = 0; y < kPrintSide; ++y) {
    for (int x = 0; x < kPrintSide; ++x) {
      copy.grey[size_t(y * kPrintSide + x)] =
          static_cast<uint8_t>(10 + original.grey[size_t(y * kPrintSide + kPrintSide - 1 - x)] * 3 / 4);
    }
  }
  return copy;
}

double ProcessorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_utime.tv_sec) + double(usage.ru_utime.tv_usec) / 1e6 + double(usage.ru_stime.tv_sec);
}

void Measure(size_t count, const CandidateOptions& options) {
  std::vector<PicturePrint> prints(count);
  ParallelFor(count, 0, [&](size_t i) {
    if (i % kCopyEvery != 0) prints[i] = DrawPrint(i + 1);
  });
  for (size_t i = 0; i + 1 < count; i += kCopyEvery) prints[i] = MirroredAndDarker(prints[i + 1]);
  std::vector<const PicturePrint*> pointers;
  for (const PicturePrint& print : prints) pointers.push_back(&print);
  CandidateCounts counts;
  const double start = ProcessorSeconds();
  const std::vector<PrintCandidate> found = FindCandidates(
      pointers, options, [] { return true; }, &counts);
  const double seconds = ProcessorSeconds() - start;
  const auto copies = std::count_if(found.begin(), found.end(), [](const PrintCandidate& c) {
    return c.first % kCopyEvery == 0 && c.second == c.first + 1;
  });
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%9zu pictures: %9.1f s of processor time, %6.2f ms a picture, %5.0f codes compared and %.2f near a look-up, "
      "%.1f pairs laid over each other a picture, %ld of %zu copies "
      "and %ld other candidates, peak %.1f GB\n",
      count, seconds, 1000 * seconds / double(count), double(counts.compared) / double(counts.searches),
      double(counts.hits) / double(counts.searches), double(counts.pairs) / double(count), long(copies),
      (count + kCopyEvery - 1) / kCopyEvery, long(found.size()) - long(copies), double(usage.ru_maxrss) / 1e6);
  std::fflush(stdout);
}

}  // namespace
}  // namespace maskscope

int main(int argc, char** argv) {
  maskscope::CandidateOptions options;
  int counts = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--whole-only") {
      options.views = {false, false};
    } else {
      maskscope::Measure(std::strtoull(argv[i], nullptr, 10), options);
      ++counts;
    }
  }
  return counts > 0 ? 0 : 2;
}
