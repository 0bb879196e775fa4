#include "data/duplicates/find_duplicates.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/threads.h"
#include "base/union_find.h"
#include "data/duplicates/candidates.h"
#include "data/duplicates/evidence_cache.h"
#include "data/duplicates/print_cache.h"
#include "image/decode.h"

namespace maskscope {
namespace {

// Decoding no larger than is needed: 256 pixels are compared, 64 remembered.
DecodeOptions Reduced() {
  DecodeOptions options;
  options.reduce_to_longest_side = 320;
  return options;
}

std::filesystem::path FileOf(const Dataset& dataset, size_t picture) {
  return dataset.root / std::filesystem::path(dataset.pictures[picture].path);
}

// Pictures ready for comparison, the ones used last kept. Thread-safe.
class ConfirmViews {
 public:
  ConfirmViews(const Dataset& dataset, const std::vector<size_t>& pictures, const std::vector<PicturePrint>& prints)
      : dataset_(dataset), pictures_(pictures), prints_(prints) {}

  std::shared_ptr<const ConfirmView> Get(size_t print) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = views_.find(print);
      if (found != views_.end()) {
        order_.splice(order_.begin(), order_, found->second.place);
        return found->second.view;
      }
    }
    const std::filesystem::path file = FileOf(dataset_, pictures_[print]);
    const Image image = ReadImage(file, Reduced()).image;
    const PicturePrint& from = prints_[print];
    const float sx = static_cast<float>(image.width) / static_cast<float>(from.width);
    const float sy = static_cast<float>(image.height) / static_cast<float>(from.height);
    const Box& box = from.content;
    auto view = std::make_shared<const ConfirmView>(image, Box{box.x1 * sx, box.y1 * sy, box.x2 * sx, box.y2 * sy});
    const std::lock_guard lock(mutex_);
    if (views_.count(print) > 0) return views_[print].view;
    order_.push_front(print);
    views_[print] = {view, order_.begin()};
    if (order_.size() > kMost) {
      views_.erase(order_.back());
      order_.pop_back();
    }
    return view;
  }

 private:
  static constexpr size_t kMost = 2000;  // about 150 kB each
  struct Entry {
    std::shared_ptr<const ConfirmView> view;
    std::list<size_t>::iterator place;
  };
  const Dataset& dataset_;
  const std::vector<size_t>& pictures_;
  const std::vector<PicturePrint>& prints_;
  std::mutex mutex_;
  std::list<size_t> order_;
  std::unordered_map<size_t, Entry> views_;
};

class Search {
 public:
  Search(const Dataset& dataset, const DuplicateOptions& options, Progress* progress, const std::function<bool()>& stop)
      : dataset_(dataset),
        options_(options),
        progress_(progress),
        stop_(stop),
        cache_(options.cache),
        evidence_(EvidenceFile(options.cache)) {}

  DuplicateReport Run() {
    report_.pictures = dataset_.pictures.size();
    MakePrints();
    JoinExactCopies();
    ConfirmAll(Candidates());
    std::sort(report_.pairs.begin(), report_.pairs.end(), ByPictures);
    std::sort(report_.rejected.begin(), report_.rejected.end(), ByPictures);
    UnionFind sets(dataset_.pictures.size());
    for (const DuplicatePair& pair : report_.pairs) sets.Join(pair.first, pair.second);
    report_.clusters = sets.Sets(2);
    return std::move(report_);
  }

 private:
  static bool ByPictures(const DuplicatePair& a, const DuplicatePair& b) {
    return std::pair(a.first, a.second) < std::pair(b.first, b.second);
  }

  static std::filesystem::path EvidenceFile(std::filesystem::path cache) {
    if (!cache.empty()) cache += ".pairs";
    return cache;
  }

  void Start(const char* what, size_t total, const char* unit) {
    if (progress_ != nullptr) progress_->Start(what, static_cast<int64_t>(total), unit);
  }
  bool Step() {
    if (progress_ != nullptr) progress_->Step();
    if (stop_ && stop_()) stopped_ = true;
    return !stopped_;
  }
  void ThrowIfStopped() {
    if (!stopped_) return;
    cache_.Save();
    evidence_.Save();
    throw Error(ErrorKind::kInterrupted,
                "duplicates: stopped before the end" +
                    (options_.cache.empty()
                         ? ""
                         : "; prints of " + std::to_string(cache_.size()) + " pictures and " +
                               std::to_string(evidence_.size()) + " compared pairs are kept in '" +
                               options_.cache.string() + "' and '" + EvidenceFile(options_.cache).string() + "'"));
  }

  // Reads a picture's bytes, and its print from the cache or its pixels.
  void MakePrint(size_t i) {
    const ManifestPicture& picture = dataset_.pictures[i];
    DataProblem problem{DataProblem::Severity::kError, "", picture.path, "", ""};
    try {
      const std::vector<uint8_t> bytes = ReadFileBytes(FileOf(dataset_, i), Reduced().max_file_bytes);
      hashes_[i] = ContentHash({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      if (const auto known = cache_.Find(hashes_[i])) {
        prints_[i] = *known;
        ++from_cache_;
      } else {
        const DecodedImage decoded = DecodeImage(bytes, FileOf(dataset_, i).string(), Reduced());
        prints_[i] = MakePicturePrint(decoded.image, decoded.full_width, decoded.full_height);
        cache_.Add(hashes_[i], prints_[i]);
      }
      if (picture.hash.empty() || picture.hash == hashes_[i]) return;
      problem.severity = DataProblem::Severity::kWarning;
      problem.kind = "hash_differs";
      problem.message = "the file's content is not what the manifest was made of; compared as it is now";
    } catch (const Error& error) {
      hashes_[i].clear();
      problem.kind = "picture_unreadable";
      problem.message = std::string(error.what()) + "; not compared";
    }
    const std::lock_guard lock(mutex_);
    report_.problems.push_back(std::move(problem));
  }

  void MakePrints() {
    const size_t count = dataset_.pictures.size();
    hashes_.resize(count);
    prints_.resize(count);
    Start("prints", count, "pictures");
    // Kept now and then, so that a power cut costs little.
    constexpr size_t kBlock = 4000;
    for (size_t begin = 0; begin < count && !stopped_; begin += kBlock) {
      ParallelFor(std::min(kBlock, count - begin), options_.threads, [&](size_t i) {
        if (stopped_) return;
        MakePrint(begin + i);
        Step();
      });
      cache_.Save();
    }
    ThrowIfStopped();
    report_.from_cache = from_cache_;
    std::sort(report_.problems.begin(), report_.problems.end(),
              [](const DataProblem& a, const DataProblem& b) { return a.file < b.file; });
  }

  // Pairs each picture with the first of the same bytes; those firsts alone go on.
  void JoinExactCopies() {
    std::unordered_map<std::string, size_t> first_of;
    for (size_t i = 0; i < hashes_.size(); ++i) {
      if (hashes_[i].empty()) continue;
      const auto [first, fresh] = first_of.emplace(hashes_[i], i);
      if (fresh) {
        distinct_.push_back(i);
        distinct_prints_.push_back(prints_[i]);
        continue;
      }
      DuplicatePair pair;
      pair.first = first->second;
      pair.second = i;
      pair.evidence = {{}, 1, 1, 0, 1, 1};
      report_.pairs.push_back(pair);
    }
    prints_.clear();
  }

  std::vector<PrintCandidate> Candidates() {
    CandidateOptions options;
    options.views = {options_.parts, options_.rotations};
    options.whole_distance = options_.whole_distance;
    options.part_distance = options_.part_distance;
    options.threads = options_.threads;
    Start("likely pairs", distinct_.size(), "pictures");
    std::vector<PrintCandidate> candidates = FindCandidates(distinct_prints_, options, [&] { return Step(); });
    ThrowIfStopped();
    report_.candidates = candidates.size();
    return candidates;
  }

  ConfirmEvidence Compare(const PrintCandidate& candidate, ConfirmViews& views) {
    const std::string &first = hashes_[distinct_[candidate.first]], &second = hashes_[distinct_[candidate.second]];
    if (const auto known = evidence_.Find(first, second)) return *known;
    const ConfirmEvidence evidence = Confirm(*views.Get(candidate.first), *views.Get(candidate.second), candidate.map);
    evidence_.Add(first, second, evidence);
    return evidence;
  }

  DuplicatePair Judge(const PrintCandidate& candidate, const ConfirmEvidence& evidence) const {
    DuplicatePair pair;
    pair.first = distinct_[candidate.first];
    pair.second = distinct_[candidate.second];
    pair.hash_distance = candidate.hash_distance;
    pair.print_correlation = candidate.correlation;
    pair.evidence = evidence;
    const Box &a = distinct_prints_[candidate.first].content, &b = distinct_prints_[candidate.second].content;
    pair.pose = DescribePose(pair.evidence.map, a.width(), a.height(), b.width(), b.height());
    const ConfirmEvidence& seen = pair.evidence;
    const bool sure = seen.matches >= 8 || seen.detail >= options_.least_detail + 0.1;
    const bool copy = seen.detail >= options_.least_detail && seen.correlation >= options_.least_correlation && sure;
    pair.kind = copy ? DuplicateKind::kCopy : DuplicateKind::kScene;
    return pair;
  }

  void ConfirmAll(const std::vector<PrintCandidate>& candidates) {
    ConfirmViews views(dataset_, distinct_, distinct_prints_);
    Start("pixels compared", candidates.size(), "pairs");
    ParallelFor(candidates.size(), options_.threads, [&](size_t i) {
      if (stopped_) return;
      const PrintCandidate& candidate = candidates[i];
      const DuplicatePair pair = Judge(candidate, Compare(candidate, views));
      Step();
      const bool scene = options_.scenes && pair.evidence.matches >= options_.least_matches &&
                         pair.evidence.detail >= options_.least_detail / 2;
      const bool alike = pair.kind == DuplicateKind::kCopy || scene;
      if (!alike && !options_.keep_rejected) return;
      const std::lock_guard lock(mutex_);
      (alike ? report_.pairs : report_.rejected).push_back(pair);
      report_.confirmed += alike;
    });
    ThrowIfStopped();
    evidence_.Save();
    if (progress_ != nullptr) progress_->Finish();
  }

  const Dataset& dataset_;
  const DuplicateOptions& options_;
  Progress* progress_;
  const std::function<bool()>& stop_;
  PrintCache cache_;
  EvidenceCache evidence_;
  DuplicateReport report_;
  std::vector<std::string> hashes_;   // a picture; empty: could not be read
  std::vector<PicturePrint> prints_;  // a picture
  std::vector<size_t> distinct_;      // pictures, one for each content
  std::vector<PicturePrint> distinct_prints_;
  std::atomic<size_t> from_cache_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
};

}  // namespace

std::string_view DuplicateKindName(DuplicateKind kind) {
  switch (kind) {
    case DuplicateKind::kExact:
      return "exact";
    case DuplicateKind::kCopy:
      return "copy";
    case DuplicateKind::kScene:
      return "scene";
  }
  return "";
}

void DuplicateOptions::Validate() const {
  Problems problems;
  const auto share = [&](double value, const char* field) {
    problems.Require(std::isfinite(value) && value >= 0 && value <= 1, field, std::to_string(value), "0 to 1");
  };
  const auto bits = [&](int value, const char* field) {
    problems.Require(value >= 0 && value <= 100, field, std::to_string(value), "0 to 100 bits");
  };
  bits(whole_distance, "whole_distance");
  bits(part_distance, "part_distance");
  share(least_detail, "least_detail");
  share(least_correlation, "least_correlation");
  problems.Require(least_matches >= 8, "least_matches", std::to_string(least_matches), "8 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "duplicates");
  ResolveThreads(threads, "threads");
}

DuplicateReport FindDuplicates(const Dataset& dataset, const DuplicateOptions& options, Progress* progress,
                               const std::function<bool()>& stop) {
  options.Validate();
  return Search(dataset, options, progress, stop).Run();
}

}  // namespace maskscope
