#ifndef MASKSCOPE_METRICS_DISTRIBUTION_H_
#define MASKSCOPE_METRICS_DISTRIBUTION_H_

#include <cstddef>
#include <vector>

// Samples of one quantity as pure numbers. All functions are pure and may be called from many threads.
namespace maskscope {

// Linear between order statistics; share in 0..1. NaN without values; `sorted` ascends and holds no NaN.
double Quantile(const std::vector<double>& sorted, double share);

// The two-sample Kolmogorov-Smirnov statistic: the greatest distance between the two empirical distribution functions,
// 0 (alike) to 1 (nothing in common). NaN values are left out; NaN when either sample is then empty.
double KolmogorovSmirnov(std::vector<double> a, std::vector<double> b);

// What that statistic exceeds by chance in 5 % of the cases when both samples come from one distribution (Smirnov 1948,
// the asymptotic 1.358 sqrt((n + m) / nm)). NaN when either is empty.
double KolmogorovSmirnovBound(size_t n, size_t m);

}  // namespace maskscope

#endif  // MASKSCOPE_METRICS_DISTRIBUTION_H_
