#include "data/duplicates/candidates.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "base/threads.h"
#include "data/duplicates/align.h"
#include "data/duplicates/code_index.h"

namespace maskscope {
namespace {

constexpr int kPrintDetailRadius = 3;  // pixels of the small copy

// A pair of views whose codes are near.
struct Hit {
  float distance;
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
  CandidateSearch(const std::vector<const PicturePrint*>& prints, const CandidateOptions& options,
                  const std::function<bool()>& step)
      : prints_(prints), options_(options), step_(step), index_(Collect(), options.threads) {}

  std::vector<PrintCandidate> Run() {
    std::vector<std::vector<PrintCandidate>> found(prints_.size());
    ParallelFor(prints_.size(), options_.threads, [&](size_t i) {
      if (!go_) return;
      found[i] = LikesOf(i);
      Step();
    });
    std::vector<PrintCandidate> all;
    for (const auto& some : found) all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end(), [](const PrintCandidate& a, const PrintCandidate& b) {
      return std::pair(a.first, a.second) < std::pair(b.first, b.second);
    });
    return all;
  }

  CandidateCounts Counts() const { return {index_.size(), searches_, compared_, hits_, near_, pairs_}; }

 private:
  void Step() {
    if (step_ && !step_()) go_ = false;
  }

  // Likes of print `second` among those before it.
  std::vector<PrintCandidate> LikesOf(size_t second) {
    std::unordered_map<uint32_t, BestHits> likes;
    const uint32_t end = first_entry_[second];
    const auto look_up = [&](const ViewCode& code, const Affine& map, bool whole) {
      const double farthest =
          whole ? std::max(options_.whole_distance, options_.part_distance) : options_.part_distance;
      std::vector<CodeHit> hits;
      compared_ += index_.Search(code, static_cast<float>(farthest), end, hits);
      ++searches_;
      for (const CodeHit& hit : hits) {
        const IndexedCode& entry = index_.entry(hit.entry);
        if (hit.distance > options_.part_distance && !(whole && entry.view == kWholeView)) continue;
        const Affine indexed = PartMap(*prints_[entry.picture], entry.view).After(PoseMap(hit.entry_pose));
        likes[entry.picture].Add({hit.distance, map.After(PoseMap(hit.query_pose)).After(indexed.Inverse())});
        ++hits_;
      }
    };
    for (uint32_t own = end; own < first_entry_[second + 1]; ++own) {
      const IndexedCode& view = index_.entry(own);
      look_up(view.code, PartMap(*prints_[second], view.view).After(PoseMap(index_.pose(own))),
              view.view == kWholeView);
    }
    for (const TurnedView& view : TurnedViews(*prints_[second], options_.views)) look_up(view.code, view.map, false);
    std::vector<PrintCandidate> found;
    for (const auto& [distance, first] : Nearest(likes)) AddIfAlike(first, second, likes.at(first), found);
    return found;
  }

  std::vector<std::pair<float, uint32_t>> Nearest(const std::unordered_map<uint32_t, BestHits>& likes) {
    std::vector<std::pair<float, uint32_t>> nearest;
    nearest.reserve(likes.size());
    for (const auto& [first, best] : likes) {
      float least = best.begin()->distance;
      for (const Hit& hit : best) least = std::min(least, hit.distance);
      nearest.emplace_back(least, first);
    }
    std::sort(nearest.begin(), nearest.end());
    near_ += nearest.size();
    nearest.resize(std::min(nearest.size(), static_cast<size_t>(options_.most_pairs)));
    pairs_ += nearest.size();
    return nearest;
  }

  std::vector<IndexedCode> Collect() {
    std::vector<IndexedCode> entries;
    // By blocks, so that views wait in memory only for a moment.
    constexpr size_t kBlock = 4096;
    for (size_t begin = 0; begin < prints_.size(); begin += kBlock) {
      std::vector<std::vector<PrintView>> views(std::min(kBlock, prints_.size() - begin));
      ParallelFor(views.size(), options_.threads, [&](size_t i) {
        if (!go_) return;
        views[i] = PartViews(*prints_[begin + i], options_.views);
        Step();
      });
      for (size_t i = 0; i < views.size(); ++i) {
        first_entry_.push_back(static_cast<uint32_t>(entries.size()));
        for (const PrintView& view : views[i]) {
          entries.push_back({view.code, view.number, static_cast<uint32_t>(begin + i)});
        }
      }
      // Growing by doubling would need twice the memory for a moment.
      const size_t done = begin + views.size();
      if (begin == 0) entries.reserve(entries.size() / done * prints_.size() * 21 / 20);
    }
    first_entry_.push_back(static_cast<uint32_t>(entries.size()));
    return entries;
  }

  // Lays one over the other as the hits say, the most promising first.
  void AddIfAlike(size_t first, size_t second, const BestHits& hits, std::vector<PrintCandidate>& found) const {
    constexpr int kStartSamples = 12, kSamples = 20;
    constexpr double kClimb = 0.25;  // what a climb may add to the correlation, as a rule
    const GreyView a = ViewOf(*prints_[first]), b = ViewOf(*prints_[second]);
    std::vector<std::pair<double, const Hit*>> starts;
    for (const Hit& hit : hits) starts.emplace_back(Correlate(a, b, hit.map, kStartSamples).correlation, &hit);
    std::sort(starts.begin(), starts.end(), [](const auto& x, const auto& y) { return x.first > y.first; });
    PrintCandidate best{first, second, 0, -1, 0, {}};
    for (size_t i = 0; i < starts.size(); ++i) {
      constexpr double kGood = 0.95;
      if (starts[i].first < options_.least_correlation - kClimb || best.correlation > kGood) break;
      const Alignment aligned = Align(a, b, starts[i].second->map, kSamples, 5);
      if (aligned.correlation <= best.correlation) continue;
      best = {first, second, starts[i].second->distance, aligned.correlation, 0, aligned.map};
    }
    if (best.correlation < options_.least_correlation) return;
    const std::vector<uint8_t> pixels_a = DetailOf(a, kPrintDetailRadius), pixels_b = DetailOf(b, kPrintDetailRadius);
    const GreyView detail_a{pixels_a, kPrintSide, kPrintSide}, detail_b{pixels_b, kPrintSide, kPrintSide};
    const Alignment fine = Align(detail_a, detail_b, best.map, 32, 4);
    best.agreement = ComparePlaces(detail_a, detail_b, fine.map).mean;
    if (best.agreement < options_.least_agreement) return;
    best.map = fine.map;
    found.push_back(best);
  }

  const std::vector<const PicturePrint*>& prints_;
  const CandidateOptions& options_;
  const std::function<bool()>& step_;
  std::atomic<bool> go_{true};
  std::vector<uint32_t> first_entry_;  // of each print, in the index
  CodeIndex index_;                    // made by Collect, which uses what is declared before it
  std::atomic<size_t> searches_{0}, compared_{0}, hits_{0}, near_{0}, pairs_{0};
};

}  // namespace

std::vector<PrintCandidate> FindCandidates(const std::vector<const PicturePrint*>& prints,
                                           const CandidateOptions& options, const std::function<bool()>& step,
                                           CandidateCounts* counts) {
  CandidateSearch search(prints, options, step);
  std::vector<PrintCandidate> found = search.Run();
  if (counts != nullptr) *counts = search.Counts();
  return found;
}

}  // namespace maskscope
