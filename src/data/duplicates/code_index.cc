#include "data/duplicates/code_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "base/threads.h"

namespace maskscope {
namespace {

constexpr int kFirstKeyTerm = 2;  // the signs of the first two are the same in every canonical pose
constexpr int kMostKeyBits = 26;
constexpr int kProbes = 64;
constexpr float kLeastPoseChance = 0.02f;

uint32_t KeyOf(const ViewCode& laid, const std::vector<uint8_t>& terms) {
  uint32_t key = 0;
  for (size_t bit = 0; bit < terms.size(); ++bit) key |= uint32_t{laid.terms[terms[bit]] > 0} << bit;
  return key;
}

// The chance that a like's value lies on the other side of a border `margin` away.
float ChanceBeyond(float margin, float spread) {
  return std::max(1e-4f, 0.5f * std::erfc(margin / (spread * 1.41421356f)));
}

// What it does to the logarithm of a chance that a term's sign stays, and further when it changes.
struct SignCosts {
  std::array<std::array<float, 128>, 8> stay, change;  // [frequency][size of the term]
};

const SignCosts& Costs() {
  static const SignCosts costs = [] {
    SignCosts made{};
    for (int frequency = 1; frequency < 8; ++frequency) {
      for (int size = 0; size < 128; ++size) {
        const float chance = ChanceBeyond(static_cast<float>(size), kTermSpread[frequency]);
        made.stay[frequency][size] = std::log(1 - chance);
        made.change[frequency][size] = std::log(chance / (1 - chance));
      }
    }
    return made;
  }();
  return costs;
}

}  // namespace

// A pose that may be the canonical one of a like.
struct CodeIndex::Laid {
  ViewCode code;
  uint8_t pose;
  float log_chance;
};

struct CodeIndex::Probe {
  uint8_t laid, table;
  uint32_t key;
};

CodeIndex::CodeIndex(std::vector<IndexedCode> entries, int threads) : entries_(std::move(entries)) {
  if (entries_.size() >= UINT32_MAX) {
    throw Error(ErrorKind::kTooLarge, "duplicates: found " + std::to_string(entries_.size()) +
                                          " views, wanted fewer than 2^32; compare parts of the set");
  }
  poses_.resize(entries_.size());
  constexpr size_t kBlock = 4096;
  ParallelFor((entries_.size() + kBlock - 1) / kBlock, threads, [&](size_t block) {
    for (size_t i = block * kBlock; i < std::min(entries_.size(), (block + 1) * kBlock); ++i) {
      poses_[i] = static_cast<uint8_t>(CanonicalPose(entries_[i].code));
      entries_[i].code = InPose(entries_[i].code, poses_[i]);
    }
  });
  const int needed = entries_.empty() ? 0 : std::bit_width(entries_.size() - 1) - 3;
  const int key_bits = std::clamp(needed, 10, kMostKeyBits);
  Random random(1);
  for (Table& table : tables_) {
    for (uint8_t term = kFirstKeyTerm; term < kCodeTerms; ++term) table.terms.push_back(term);
    random.Shuffle(table.terms);
    table.terms.resize(key_bits);
  }
  ParallelFor(kTables, threads, [&](size_t t) {
    Table& table = tables_[t];
    table.starts.assign((size_t{1} << key_bits) + 1, 0);
    table.ids.resize(entries_.size());
    for (const IndexedCode& entry : entries_) ++table.starts[KeyOf(entry.code, table.terms) + 1];
    for (size_t i = 1; i < table.starts.size(); ++i) table.starts[i] += table.starts[i - 1];
    // Each start moves on to its bucket's end, which is where the next one began: shifted back below.
    for (uint32_t id = 0; id < entries_.size(); ++id) {
      table.ids[table.starts[KeyOf(entries_[id].code, table.terms)]++] = id;
    }
    std::copy_backward(table.starts.begin(), table.starts.end() - 1, table.starts.end());
    table.starts[0] = 0;
  });
}

size_t CodeIndex::memory_bytes() const {
  size_t bytes = entries_.size() * (sizeof(IndexedCode) + 1);
  for (const Table& table : tables_) bytes += (table.starts.size() + table.ids.size()) * sizeof(uint32_t);
  return bytes;
}

// Best first over poses, tables and sets of changed signs.
std::vector<CodeIndex::Probe> CodeIndex::LikeliestProbes(const std::vector<Laid>& poses) const {
  struct Start {
    uint8_t laid, table;
    uint32_t key;
    std::array<uint8_t, kMostKeyBits> bits;   // the likeliest change first
    std::array<float, kMostKeyBits> changes;  // in the logarithm of the chance
  };
  struct Node {
    float log_chance;
    uint32_t key;
    uint8_t start;
    int8_t last;  // the last changed of `bits`
    bool operator<(const Node& other) const { return log_chance < other.log_chance; }
  };
  const SignCosts& costs = Costs();
  const int key_bits = static_cast<int>(tables_[0].terms.size());
  std::vector<Start> starts;
  std::vector<Node> heap;
  for (size_t laid = 0; laid < poses.size(); ++laid) {
    const ViewCode& code = poses[laid].code;
    std::array<float, kCodeTerms> changes;
    for (int term = 0; term < kCodeTerms; ++term) {
      changes[term] = costs.change[TermFrequency(term)][std::abs(code.terms[term])];
    }
    for (int t = 0; t < kTables; ++t) {
      const std::vector<uint8_t>& terms = tables_[t].terms;
      Start start{static_cast<uint8_t>(laid), static_cast<uint8_t>(t), KeyOf(code, terms), {}, {}};
      float log_chance = poses[laid].log_chance;
      for (int bit = 0; bit < key_bits; ++bit) {
        start.bits[bit] = static_cast<uint8_t>(bit);
        log_chance += costs.stay[TermFrequency(terms[bit])][std::abs(code.terms[terms[bit]])];
      }
      std::sort(start.bits.begin(), start.bits.begin() + key_bits,
                [&](uint8_t a, uint8_t b) { return changes[terms[a]] > changes[terms[b]]; });
      for (int rank = 0; rank < key_bits; ++rank) start.changes[rank] = changes[terms[start.bits[rank]]];
      heap.push_back({log_chance, start.key, static_cast<uint8_t>(starts.size()), -1});
      starts.push_back(start);
    }
  }
  std::make_heap(heap.begin(), heap.end());
  const auto push = [&](const Node& node) {
    heap.push_back(node);
    std::push_heap(heap.begin(), heap.end());
  };
  std::vector<Probe> probes;
  while (probes.size() < kProbes && !heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Node node = heap.back();
    heap.pop_back();
    const Start& start = starts[node.start];
    probes.push_back({start.laid, start.table, node.key});
    // The sets that follow: one more change, or the last one exchanged for the next likely.
    const int next = node.last + 1;
    if (next >= key_bits) continue;
    const uint32_t with = node.key ^ (1u << start.bits[next]);
    const auto place = static_cast<int8_t>(next);
    push({node.log_chance + start.changes[next], with, node.start, place});
    if (node.last < 0) continue;
    push({node.log_chance + start.changes[next] - start.changes[node.last], with ^ (1u << start.bits[node.last]),
          node.start, place});
  }
  return probes;
}

size_t CodeIndex::Search(const ViewCode& query, float max_distance, uint32_t end, std::vector<CodeHit>& hits) const {
  // The poses that may be canonical for a like: the shorter of two close terms may be the longer there, and a small
  // one have the other sign.
  std::vector<Laid> poses;
  const float spread = kTermSpread[1];
  const float difference = std::abs(std::abs(query.terms[1]) - std::abs(query.terms[0])) * 0.70710678f;
  const int likely = CanonicalPose(query);
  for (const int transposed : {likely & 4, ~likely & 4}) {
    const bool other = transposed != (likely & 4);
    const float swapped = ChanceBeyond(difference, spread);
    const ViewCode laid = InPose(query, transposed);
    const float negative[2] = {ChanceBeyond(static_cast<float>(laid.terms[0]), spread),
                               ChanceBeyond(static_cast<float>(laid.terms[1]), spread)};
    for (int flips = 0; flips < 4; ++flips) {
      const float chance = (other ? swapped : 1 - swapped) * ((flips & 1) != 0 ? negative[1] : 1 - negative[1]) *
                           ((flips & 2) != 0 ? negative[0] : 1 - negative[0]);
      if (chance < kLeastPoseChance) continue;
      const int pose = transposed + flips;
      poses.push_back({InPose(query, pose), static_cast<uint8_t>(pose), std::log(chance)});
    }
  }
  // Memory is what takes time here: each step is asked for all probes before the next one needs its answer.
  const std::vector<Probe> probes = LikeliestProbes(poses);
  for (const Probe& probe : probes) __builtin_prefetch(&tables_[probe.table].starts[probe.key]);
  for (const Probe& probe : probes) {
    const Table& table = tables_[probe.table];
    __builtin_prefetch(table.ids.data() + table.starts[probe.key]);
  }
  struct Compared {
    uint32_t entry;
    uint8_t laid;
  };
  std::vector<Compared> compared;
  for (const Probe& probe : probes) {
    const Table& table = tables_[probe.table];
    const uint32_t begin = table.starts[probe.key];
    const uint32_t stop = std::min(table.starts[probe.key + 1], begin + kCrowd);
    for (uint32_t i = begin; i < stop && table.ids[i] < end; ++i) {
      compared.push_back({table.ids[i], probe.laid});
      __builtin_prefetch(&entries_[table.ids[i]]);
    }
  }
  const size_t first = hits.size();
  for (const Compared& one : compared) {
    const float distance = CodeDistance(poses[one.laid].code, entries_[one.entry].code);
    if (distance <= max_distance) hits.push_back({one.entry, poses_[one.entry], poses[one.laid].pose, distance});
  }
  std::sort(hits.begin() + first, hits.end(), [](const CodeHit& a, const CodeHit& b) {
    return a.entry != b.entry ? a.entry < b.entry : a.distance < b.distance;
  });
  hits.erase(std::unique(hits.begin() + first, hits.end(),
                         [](const CodeHit& a, const CodeHit& b) { return a.entry == b.entry; }),
             hits.end());
  return compared.size();
}

}  // namespace maskscope
