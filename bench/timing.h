#ifndef MASKSCOPE_BENCH_TIMING_H_
#define MASKSCOPE_BENCH_TIMING_H_

#include <chrono>
#include <cstdio>
#include <vector>

namespace maskscope::bench {

// Runs `work` `warmup` times unmeasured, then `runs` times, and prints the times in milliseconds as one JSON array on
// stdout.
template <typename Work>
void PrintTimes(int warmup, int runs, const Work& work) {
  for (int i = 0; i < warmup; ++i) work();
  std::printf("[");
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    std::printf("%s%.5f", i == 0 ? "" : ",", ms);
  }
  std::printf("]\n");
}

}  // namespace maskscope::bench

#endif  // MASKSCOPE_BENCH_TIMING_H_
