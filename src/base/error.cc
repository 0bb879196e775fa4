#include "base/error.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace maskscope {
namespace {

struct KindRow {
  ErrorKind kind;
  std::string_view name;
  int exit_code;
  int http_status;
};

// The one table of error kinds. Exit codes are part of the interface: never renumber.
constexpr std::array<KindRow, 12> kKinds = {{
    {ErrorKind::kUsage, "usage", 2, 400},
    {ErrorKind::kNotFound, "not_found", 3, 404},
    {ErrorKind::kUnreadable, "unreadable", 4, 500},
    {ErrorKind::kBadImage, "bad_image", 5, 400},
    {ErrorKind::kTooLarge, "too_large", 6, 413},
    {ErrorKind::kUnsupported, "unsupported", 7, 415},
    {ErrorKind::kBadModel, "bad_model", 8, 500},
    {ErrorKind::kBadData, "bad_data", 9, 400},
    {ErrorKind::kOutput, "output", 10, 507},
    {ErrorKind::kResource, "resource", 11, 503},
    {ErrorKind::kInterrupted, "interrupted", 130, 503},
    {ErrorKind::kInternal, "internal", 70, 500},
}};

const KindRow& Row(ErrorKind kind) { return kKinds[static_cast<size_t>(kind)]; }

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view ErrorName(ErrorKind kind) { return Row(kind).name; }
int ExitCode(ErrorKind kind) { return Row(kind).exit_code; }
int HttpStatus(ErrorKind kind) { return Row(kind).http_status; }

void Problems::Require(bool ok, std::string_view field, std::string_view found, std::string_view wanted) {
  if (ok) return;
  Add(std::string(field) + ": found " + std::string(found) + ", wanted " + std::string(wanted));
}

void Problems::ThrowIfAny(ErrorKind kind, std::string_view what) const {
  if (problems_.empty()) return;
  std::string message(what);
  for (size_t i = 0; i < problems_.size(); ++i) message += (i == 0 ? ": " : "; ") + problems_[i];
  throw Error(kind, message);
}

std::string NearestWord(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;  // further away is not a slip of the finger
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace maskscope
