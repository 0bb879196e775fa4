#include "data/duplicates/candidates.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "base/threads.h"
#include "data/duplicates/align.h"
#include "data/duplicates/hash_index.h"

namespace maskscope {
namespace {

struct IndexedView {
  uint32_t print;
  bool whole;
  Affine map;
};

// A pair of views whose hashes are near.
struct Hit {
  int distance;
  Affine map;  // indexed picture's unit square -> looking picture's
};

// The few nearest hits of a pair: neighbouring parts lead to much the same map.
class BestHits {
 public:
  void Add(const Hit& hit) {
    if (count_ < kMost) {
      hits_[count_++] = hit;
      return;
    }
    Hit* worst =
        std::max_element(hits_, hits_ + kMost, [](const Hit& a, const Hit& b) { return a.distance < b.distance; });
    if (hit.distance < worst->distance) *worst = hit;
  }
  const Hit* begin() const { return hits_; }
  const Hit* end() const { return hits_ + count_; }

 private:
  static constexpr int kMost = 4;
  Hit hits_[kMost];
  int count_ = 0;
};

GreyView ViewOf(const PicturePrint& print) { return {print.grey, kPrintSide, kPrintSide}; }

class CandidateSearch {
 public:
  CandidateSearch(const std::vector<PicturePrint>& prints, const CandidateOptions& options)
      : prints_(prints), options_(options), index_(Collect()) {}

  // Likes of print `second` among those before it.
  std::vector<PrintCandidate> LikesOf(size_t second) const {
    std::unordered_map<uint32_t, BestHits> hits;
    for (const PrintView& query : QueryViews(prints_[second], options_.views)) {
      const int farthest = std::max(options_.part_distance, query.whole ? options_.whole_distance : 0);
      index_.Search(query.hash, farthest, [&](uint32_t id, int distance) {
        const IndexedView& view = views_[id];
        if (view.print >= second) return;
        if (distance > options_.part_distance && !(view.whole && query.whole)) return;
        hits[view.print].Add({distance, query.map.After(view.map.Inverse())});
      });
    }
    std::vector<PrintCandidate> found;
    for (const auto& [first, best] : hits) AddIfAlike(first, second, best, found);
    return found;
  }

 private:
  std::vector<PrintHash> Collect() {
    std::vector<std::vector<PrintView>> views(prints_.size());
    ParallelFor(prints_.size(), options_.threads,
                [&](size_t i) { views[i] = IndexedViews(prints_[i], options_.views); });
    std::vector<PrintHash> hashes;
    for (size_t i = 0; i < views.size(); ++i) {
      for (const PrintView& view : views[i]) {
        hashes.push_back(view.hash);
        views_.push_back({static_cast<uint32_t>(i), view.whole, view.map});
      }
      views[i] = {};
    }
    return hashes;
  }

  // Climbs from the two best starts of the hits.
  void AddIfAlike(size_t first, size_t second, const BestHits& hits, std::vector<PrintCandidate>& found) const {
    constexpr int kStartSamples = 12, kSamples = 20;
    constexpr double kClimb = 0.25;  // what a climb may add to the correlation, as a rule
    const GreyView a = ViewOf(prints_[first]), b = ViewOf(prints_[second]);
    std::vector<std::pair<double, const Hit*>> starts;
    for (const Hit& hit : hits) starts.emplace_back(Correlate(a, b, hit.map, kStartSamples).correlation, &hit);
    std::sort(starts.begin(), starts.end(), [](const auto& x, const auto& y) { return x.first > y.first; });
    PrintCandidate best{first, second, 0, -1, {}};
    for (size_t i = 0; i < std::min<size_t>(2, starts.size()); ++i) {
      if (starts[i].first < options_.least_correlation - kClimb) break;
      const Alignment aligned = AlignUphill(a, b, starts[i].second->map, kSamples, 0.03, 1);
      if (aligned.correlation <= best.correlation) continue;
      best = {first, second, starts[i].second->distance, aligned.correlation, aligned.map};
    }
    // Hashes that agree so well deserve a look at the pixels even where something large has moved.
    constexpr int kNear = 26;
    constexpr double kLessNeeded = 0.1;
    const double needed = options_.least_correlation - (best.hash_distance <= kNear ? kLessNeeded : 0);
    if (best.correlation >= needed) found.push_back(best);
  }

  const std::vector<PicturePrint>& prints_;
  const CandidateOptions& options_;
  std::vector<IndexedView> views_;  // filled by Collect, so declared before index_
  HashIndex index_;
};

}  // namespace

std::vector<PrintCandidate> FindCandidates(const std::vector<PicturePrint>& prints, const CandidateOptions& options,
                                           const std::function<bool()>& step) {
  const CandidateSearch search(prints, options);
  std::vector<std::vector<PrintCandidate>> found(prints.size());
  std::atomic<bool> go{true};
  ParallelFor(prints.size(), options.threads, [&](size_t i) {
    if (!go) return;
    found[i] = search.LikesOf(i);
    if (step && !step()) go = false;
  });
  std::vector<PrintCandidate> all;
  for (const auto& some : found) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end(), [](const PrintCandidate& a, const PrintCandidate& b) {
    return std::pair(a.first, a.second) < std::pair(b.first, b.second);
  });
  return all;
}

}  // namespace maskscope
