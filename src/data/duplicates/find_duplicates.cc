#include "data/duplicates/find_duplicates.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "base/threads.h"
#include "base/union_find.h"
#include "data/duplicates/candidates.h"
#include "data/duplicates/confirm_views.h"
#include "data/duplicates/evidence_cache.h"
#include "data/duplicates/print_cache.h"
#include "image/decode.h"

namespace maskscope {
namespace {

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
      const std::filesystem::path file = FileOf(dataset_, i);
      const std::vector<uint8_t> bytes = ReadFileBytes(file, ComparedSize().max_file_bytes);
      hashes_[i] = ContentHash({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      prints_[i] = cache_.Find(hashes_[i]);
      if (prints_[i] != nullptr) {
        ++from_cache_;
      } else {
        const DecodedImage decoded = DecodeImage(bytes, file.string(), ComparedSize());
        prints_[i] = cache_.Add(hashes_[i], MakePicturePrint(decoded.image, decoded.full_width, decoded.full_height));
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
    // Saved now and then, so that a power cut costs little.
    constexpr size_t kBlock = 1000;
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
      pair.evidence.correlation = pair.evidence.detail = 1;
      pair.evidence.overlap_first = pair.evidence.overlap_second = 1;
      report_.pairs.push_back(pair);
    }
  }

  std::vector<PrintCandidate> Candidates() {
    CandidateOptions options;
    options.views = {options_.parts, options_.rotations};
    options.whole_distance = options_.whole_distance;
    options.part_distance = options_.part_distance;
    options.threads = options_.threads;
    Start("likely pairs", 2 * distinct_.size(), "steps");
    std::vector<PrintCandidate> candidates = FindCandidates(distinct_prints_, options, [&] { return Step(); });
    ThrowIfStopped();
    report_.candidates = candidates.size();
    return candidates;
  }

  ConfirmEvidence Evidence(const PrintCandidate& candidate, ConfirmViews& views) {
    // Local features take longest: they are left to pairs whose small copies agree well.
    constexpr double kPromising = 0.55;
    const size_t first = distinct_[candidate.first], second = distinct_[candidate.second];
    if (const auto known = evidence_.Find(hashes_[first], hashes_[second])) return *known;
    const ConfirmEvidence evidence = Confirm(*views.Get(first, *distinct_prints_[candidate.first]),
                                             *views.Get(second, *distinct_prints_[candidate.second]), candidate.map,
                                             candidate.agreement >= kPromising);
    evidence_.Add(hashes_[first], hashes_[second], evidence);
    return evidence;
  }

  DuplicatePair Compare(const PrintCandidate& candidate, ConfirmViews& views) {
    DuplicatePair pair;
    pair.first = distinct_[candidate.first];
    pair.second = distinct_[candidate.second];
    pair.code_distance = candidate.code_distance;
    pair.print_correlation = candidate.correlation;
    pair.evidence = Evidence(candidate, views);
    const Box &a = distinct_prints_[candidate.first]->content, &b = distinct_prints_[candidate.second]->content;
    pair.pose = DescribePose(pair.evidence.map, a.width(), a.height(), b.width(), b.height());
    return pair;
  }

  void ConfirmAll(const std::vector<PrintCandidate>& candidates) {
    ConfirmViews views(dataset_);
    Start("pixels compared", candidates.size(), "pairs");
    ParallelFor(candidates.size(), options_.threads, [&](size_t i) {
      if (stopped_) return;
      DuplicatePair pair = Compare(candidates[i], views);
      Step();
      const std::optional<DuplicateKind> kind = JudgeEvidence(pair.evidence, options_);
      const bool alike = kind == DuplicateKind::kCopy || (kind == DuplicateKind::kScene && options_.scenes);
      pair.kind = kind.value_or(DuplicateKind::kScene);
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
  std::vector<std::string> hashes_;          // a picture; empty: could not be read
  std::vector<const PicturePrint*> prints_;  // a picture; in the cache
  std::vector<size_t> distinct_;             // pictures, one for each content
  std::vector<const PicturePrint*> distinct_prints_;
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
  share(whole_distance, "whole_distance");
  share(part_distance, "part_distance");
  share(least_agreement, "least_agreement");
  share(least_correlation, "least_correlation");
  share(least_steady, "least_steady");
  const auto places = [&](int value, const char* field) {
    problems.Require(value >= 4 && value <= 64, field, std::to_string(value), "4 to 64");
  };
  places(least_places, "least_places");
  places(least_scene_places, "least_scene_places");
  problems.ThrowIfAny(ErrorKind::kUsage, "duplicates");
  ResolveThreads(threads, "threads");
}

std::optional<DuplicateKind> JudgeEvidence(const ConfirmEvidence& evidence, const DuplicateOptions& options) {
  const PlaceAgreement& seen = evidence.agreement;
  if (seen.places < options.least_places) return std::nullopt;
  if (seen.mean >= options.least_agreement && evidence.correlation >= options.least_correlation) {
    return DuplicateKind::kCopy;
  }
  if (seen.places >= options.least_scene_places && seen.steady >= options.least_steady) return DuplicateKind::kScene;
  return std::nullopt;
}

DuplicateReport FindDuplicates(const Dataset& dataset, const DuplicateOptions& options, Progress* progress,
                               const std::function<bool()>& stop) {
  options.Validate();
  return Search(dataset, options, progress, stop).Run();
}

}  // namespace maskscope
