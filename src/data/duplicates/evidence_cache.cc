#include "data/duplicates/evidence_cache.h"

#include <cstring>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"

namespace maskscope {
namespace {

// The file: the magic, a record a pair, FNV-1a over all of that. It is read on the machine that wrote it, or one like
// it: records are as they lie in memory.
constexpr std::string_view kMagic = "maskscope.evidence/2\n";
constexpr int64_t kMaxCacheBytes = int64_t{8} << 30;

struct Record {
  uint64_t first, second;
  double map[6], correlation, detail, overlap_first, overlap_second, agreement, steady;
  int32_t places, matches;
};
static_assert(sizeof(Record) == 15 * 8, "no padding: its bytes are written");

Record RecordOf(const std::pair<uint64_t, uint64_t>& key, const ConfirmEvidence& e) {
  return {key.first,          key.second,       {e.map.a, e.map.b, e.map.c, e.map.d, e.map.e, e.map.f},
          e.correlation,      e.detail,         e.overlap_first,
          e.overlap_second,   e.agreement.mean, e.agreement.steady,
          e.agreement.places, e.matches};
}

ConfirmEvidence EvidenceOf(const Record& r) {
  return {{r.map[0], r.map[1], r.map[2], r.map[3], r.map[4], r.map[5]},
          r.correlation,
          r.detail,
          {r.places, r.agreement, r.steady},
          r.matches,
          r.overlap_first,
          r.overlap_second};
}

}  // namespace

EvidenceCache::Key EvidenceCache::KeyOf(const std::string& first, const std::string& second) {
  return {HashText(first + second), HashText(second + "|" + first)};
}

EvidenceCache::EvidenceCache(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty() || !std::filesystem::exists(file_)) return;
  const std::vector<uint8_t> bytes = ReadFileBytes(file_, kMaxCacheBytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  uint64_t stored = 0;
  const bool whole = text.size() >= kMagic.size() + sizeof stored && text.starts_with(kMagic) &&
                     (text.size() - kMagic.size() - sizeof stored) % sizeof(Record) == 0;
  if (whole) std::memcpy(&stored, text.data() + text.size() - sizeof stored, sizeof stored);
  if (!whole || stored != HashText(text.substr(0, text.size() - sizeof stored))) {
    throw Error(ErrorKind::kBadData, "cache of compared pairs '" + file_.string() +
                                         "' is cut off or damaged; delete the file, it is made anew");
  }
  for (size_t at = kMagic.size(); at + sizeof stored < text.size(); at += sizeof(Record)) {
    Record record;
    std::memcpy(&record, text.data() + at, sizeof record);
    known_.emplace(Key{record.first, record.second}, EvidenceOf(record));
  }
}

std::optional<ConfirmEvidence> EvidenceCache::Find(const std::string& first, const std::string& second) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(KeyOf(first, second));
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void EvidenceCache::Add(const std::string& first, const std::string& second, const ConfirmEvidence& evidence) {
  if (file_.empty()) return;
  const std::lock_guard lock(mutex_);
  changed_ |= known_.emplace(KeyOf(first, second), evidence).second;
}

void EvidenceCache::Save() {
  const std::lock_guard lock(mutex_);
  if (file_.empty() || !changed_) return;
  std::string bytes(kMagic);
  bytes.reserve(kMagic.size() + known_.size() * sizeof(Record) + 8);
  for (const auto& [key, evidence] : known_) {
    const Record record = RecordOf(key, evidence);
    bytes.append(reinterpret_cast<const char*>(&record), sizeof record);
  }
  const uint64_t check = HashText(bytes);
  bytes.append(reinterpret_cast<const char*>(&check), sizeof check);
  WriteFileAtomically(file_, bytes);
  changed_ = false;
}

size_t EvidenceCache::size() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

}  // namespace maskscope
