#ifndef MASKSCOPE_BASE_RANDOM_H_
#define MASKSCOPE_BASE_RANDOM_H_

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <utility>

namespace maskscope {

// Small, fast, the same on every machine (the standard library's distributions are not): xoshiro256** seeded by splitmix64
// (Blackman and Vigna 2018). Not for secrets.
class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) word = SplitMix(seed);
  }

  uint64_t Next() {
    const uint64_t result = Rotate(state_[1] * 5, 7) * 9;
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = Rotate(state_[3], 45);
    return result;
  }

  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }  // [0, 1)
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  // [0, n); n > 0. The bias of the modulo is below n / 2^64.
  uint64_t Below(uint64_t n) { return Next() % n; }
  int Int(int low, int high) { return low + static_cast<int>(Below(static_cast<uint64_t>(high - low) + 1)); }  // [low, high]
  bool Chance(double probability) { return Uniform() < probability; }
  // Standard normal (Box-Muller; one of the pair is dropped so that the state alone determines what follows).
  double Normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * Uniform());
  }

  template <typename Sequence>
  void Shuffle(Sequence& sequence) {
    for (size_t i = sequence.size(); i > 1; --i) std::swap(sequence[i - 1], sequence[Below(i)]);
  }

  static uint64_t SplitMix(uint64_t& state) {
    uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  static uint64_t Rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  uint64_t state_[4];
};

// FNV-1a, 64 bits: a stable hash of text (std::hash differs between machines).
inline uint64_t HashText(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_RANDOM_H_
