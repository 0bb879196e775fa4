#include "data/collect/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "data/manifest_json.h"
#include "data/strict_json.h"

namespace maskscope::collect {
namespace {

constexpr std::array<std::string_view, 4> kFates = {"kept", "duplicate", "skipped", "failed"};
constexpr int64_t kMostJournalBytes = int64_t{4} << 30;

std::string LineOf(const JournalEntry& entry) {
  nlohmann::ordered_json json{{"url", entry.url}, {"fate", FateName(entry.fate)}};
  if (!entry.reason.empty()) json["reason"] = entry.reason;
  if (!entry.message.empty()) json["message"] = entry.message;
  if (entry.bytes > 0) json["bytes"] = entry.bytes;
  if (entry.picture) json["picture"] = nlohmann::ordered_json::parse(PictureLine(*entry.picture));
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

[[noreturn]] void Refuse(const std::filesystem::path& file, int line, const std::string& what) {
  throw Error(ErrorKind::kBadData, file.string() + ", line " + std::to_string(line) + ": " + what);
}

std::string WantText(const nlohmann::json& json, const char* field, bool required) {
  const auto found = json.find(field);
  if (found == json.end()) {
    if (required) throw JsonFault{field, "is missing"};
    return "";
  }
  if (!found->is_string()) throw JsonFault{field, "found " + ShortJson(*found) + ", wanted text"};
  return found->get<std::string>();
}

JournalEntry ParseEntry(std::string_view line) {
  const nlohmann::json json = ParseStrictJson(line);
  if (!json.is_object()) throw JsonFault{"", "found " + ShortJson(json) + ", wanted an object"};
  JournalEntry entry;
  entry.url = WantText(json, "url", true);
  const std::string fate = WantText(json, "fate", true);
  size_t i = 0;
  while (i < kFates.size() && kFates[i] != fate) ++i;
  if (i == kFates.size()) throw JsonFault{"fate", "found '" + fate + "', wanted kept, duplicate, skipped or failed"};
  entry.fate = static_cast<Fate>(i);
  entry.reason = WantText(json, "reason", false);
  entry.message = WantText(json, "message", false);
  if (const auto bytes = json.find("bytes"); bytes != json.end()) {
    if (!bytes->is_number_unsigned()) throw JsonFault{"bytes", "found " + ShortJson(*bytes) + ", wanted a number"};
    entry.bytes = bytes->get<int64_t>();
  }
  if (const auto picture = json.find("picture"); picture != json.end()) {
    entry.picture = ParsePictureLine(picture->dump());
  }
  if (entry.fate == Fate::kKept && !entry.picture) throw JsonFault{"picture", "is missing"};
  return entry;
}

// Whole lines of `text`; what follows the last line end was cut off when a run was killed.
std::vector<JournalEntry> ParseLines(std::string_view text, const std::filesystem::path& file) {
  std::vector<JournalEntry> entries;
  int number = 0;
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    ++number;
    try {
      entries.push_back(ParseEntry(text.substr(0, end)));
    } catch (const JsonFault& fault) {
      Refuse(file, number, (fault.field.empty() ? "" : "field '" + fault.field + "': ") + fault.what);
    }
  }
  return entries;
}

}  // namespace

std::string_view FateName(Fate fate) { return kFates[static_cast<size_t>(fate)]; }

std::vector<JournalEntry> Journal::Read(const std::filesystem::path& file) {
  std::error_code code;
  if (!std::filesystem::exists(file, code)) return {};
  return ParseLines(ReadFileText(file, kMostJournalBytes), file);
}

Journal::Journal(const std::filesystem::path& file) : file_(file) {
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const auto fail = [&](const std::string& what) {
    if (fd_ >= 0) ::close(fd_);
    throw Error(ErrorKind::kOutput, "cannot write '" + file.string() + "': " + what);
  };
  if (fd_ < 0) fail(std::strerror(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    fail(errno == EWOULDBLOCK ? "another run is collecting into this folder" : std::strerror(errno));
  }
  try {
    const std::string text = ReadFileText(file, kMostJournalBytes);
    for (JournalEntry& entry : ParseLines(text, file)) Remember(std::move(entry));
    const size_t end = text.rfind('\n');
    const size_t whole = end == std::string::npos ? 0 : end + 1;
    if (whole < text.size() && ::ftruncate(fd_, static_cast<off_t>(whole)) != 0) fail(std::strerror(errno));
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

Journal::~Journal() { ::close(fd_); }

void Journal::Add(const JournalEntry& entry) {
  const std::string line = LineOf(entry);
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t wrote = ::write(fd_, line.data() + done, line.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw Error(ErrorKind::kOutput, "cannot write '" + file_.string() + "': " + std::strerror(errno));
    done += static_cast<size_t>(wrote);
  }
  if (::fdatasync(fd_) != 0 && errno != EINVAL) {
    throw Error(ErrorKind::kOutput, "cannot write '" + file_.string() + "': " + std::strerror(errno));
  }
  Remember(entry);
}

void Journal::Remember(JournalEntry entry) {
  bytes_ += entry.bytes;
  const auto [place, is_new] = entries_.insert_or_assign(entry.url, entry);
  if (is_new) order_.push_back(place->first);
}

const JournalEntry* Journal::Find(const std::string& url) const {
  const auto found = entries_.find(url);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<const JournalEntry*> Journal::Kept() const {
  std::vector<const JournalEntry*> kept;
  for (const std::string& url : order_) {
    const JournalEntry& entry = entries_.at(url);
    if (entry.fate == Fate::kKept) kept.push_back(&entry);
  }
  return kept;
}

}  // namespace maskscope::collect
