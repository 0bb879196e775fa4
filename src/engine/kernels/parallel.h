#ifndef MASKSCOPE_ENGINE_KERNELS_PARALLEL_H_
#define MASKSCOPE_ENGINE_KERNELS_PARALLEL_H_

#include <omp.h>

namespace maskscope::kernels {

// Calls job(i, thread) for i in [0, jobs), neighbouring jobs on the same thread; thread is in [0, threads). job may not
// throw.
template <typename Job>
void ParallelFor(int jobs, int threads, const Job& job) {
  if (threads <= 1 || jobs <= 1) {
    for (int i = 0; i < jobs; ++i) job(i, 0);
    return;
  }
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int i = 0; i < jobs; ++i) job(i, omp_get_thread_num());
}

// Part i of [0, total) cut into `parts` as equal as may be.
struct Span {
  int begin = 0;
  int end = 0;
};
inline Span Part(int total, int parts, int i) {
  const auto cut = [&](int k) { return static_cast<int>(static_cast<long long>(total) * k / parts); };
  return {cut(i), cut(i + 1)};
}

}  // namespace maskscope::kernels

#endif  // MASKSCOPE_ENGINE_KERNELS_PARALLEL_H_
