#include "data/duplicates/view_code.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace maskscope {
namespace {

constexpr int kMostFrequency = 7;
constexpr float kLength = 180;  // a single term rarely passes 127 then

struct Terms {
  std::array<uint8_t, kCodeTerms> u{}, v{}, transposed{};  // transposed: where (v, u) stands
};

constexpr Terms MakeTerms() {
  Terms terms;
  int count = 0;
  for (int frequency = 1; frequency <= kMostFrequency; ++frequency) {
    for (int u = 0; u <= frequency; ++u) {
      terms.u[count] = static_cast<uint8_t>(u);
      terms.v[count] = static_cast<uint8_t>(frequency - u);
      terms.transposed[count] = static_cast<uint8_t>(count + frequency - 2 * u);
      ++count;
    }
  }
  return terms;
}

constexpr Terms kTerms = MakeTerms();

using Basis = std::array<std::array<float, kCodeCells>, kMostFrequency + 1>;

const Basis& Cosines() {
  static const Basis basis = [] {
    Basis made;
    for (int k = 0; k <= kMostFrequency; ++k) {
      for (int x = 0; x < kCodeCells; ++x) {
        made[k][x] = static_cast<float>(std::cos((x + 0.5) * k * std::numbers::pi / kCodeCells) *
                                        (k > 0 ? std::numbers::sqrt2 : 1.0));
      }
    }
    return made;
  }();
  return basis;
}

}  // namespace

ViewCode MakeViewCode(std::span<const float, kCodeCells * kCodeCells> cells) {
  const Basis& basis = Cosines();
  std::array<std::array<float, kMostFrequency + 1>, kCodeCells> rows;  // [y][u]
  for (int y = 0; y < kCodeCells; ++y) {
    for (int u = 0; u <= kMostFrequency; ++u) {
      float sum = 0;
      for (int x = 0; x < kCodeCells; ++x) sum += basis[u][x] * cells[size_t(y) * kCodeCells + x];
      rows[y][u] = sum;
    }
  }
  std::array<float, kCodeTerms> values;
  float squares = 0;
  for (int term = 0; term < kCodeTerms; ++term) {
    const int u = kTerms.u[term], v = kTerms.v[term];
    float sum = 0;
    for (int y = 0; y < kCodeCells; ++y) sum += basis[v][y] * rows[y][u];
    values[term] = sum * static_cast<float>(u + v);
    squares += values[term] * values[term];
  }
  ViewCode code;
  if (squares < 1e-6f) return code;
  const float scale = kLength / std::sqrt(squares);
  for (int term = 0; term < kCodeTerms; ++term) {
    code.terms[term] = static_cast<int8_t>(std::lround(std::clamp(values[term] * scale, -127.0f, 127.0f)));
  }
  return code;
}

float CodeDistance(const ViewCode& a, const ViewCode& b) {
  int squares = 0;
  for (int term = 0; term < kCodeTerms; ++term) {
    const int difference = a.terms[term] - b.terms[term];
    squares += difference * difference;
  }
  return static_cast<float>(squares) / (2 * kLength * kLength);
}

int TermFrequency(int term) { return kTerms.u[term] + kTerms.v[term]; }

ViewCode InPose(const ViewCode& code, int pose) {
  ViewCode laid;
  for (int term = 0; term < kCodeTerms; ++term) {
    const int8_t value = code.terms[(pose & 4) != 0 ? kTerms.transposed[term] : term];
    const bool negated = ((pose & 1) != 0 && kTerms.u[term] % 2 == 1) != ((pose & 2) != 0 && kTerms.v[term] % 2 == 1);
    laid.terms[term] = static_cast<int8_t>(negated ? -value : value);
  }
  return laid;
}

Affine PoseMap(int pose) {
  const Affine mirrored = (pose & 1) != 0 ? Affine{-1, 0, 1, 0, 1, 0} : Affine{};
  const Affine flipped = (pose & 2) != 0 ? Affine{1, 0, 0, 0, -1, 1} : Affine{};
  const Affine transposed = (pose & 4) != 0 ? Affine{0, 1, 0, 1, 0, 0} : Affine{};
  return transposed.After(flipped.After(mirrored));
}

int CanonicalPose(const ViewCode& code) {
  // Terms 0 and 1 are (0, 1) and (1, 0).
  const int transposed = std::abs(code.terms[1]) < std::abs(code.terms[0]) ? 4 : 0;
  const ViewCode laid = InPose(code, transposed);
  return transposed + (laid.terms[1] < 0 ? 1 : 0) + (laid.terms[0] < 0 ? 2 : 0);
}

}  // namespace maskscope
