#include "base/atomic_folder.h"

#include <unistd.h>

#include <utility>

#include "base/error.h"
#include "base/files.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

fs::path WithSuffix(const fs::path& path, const std::string& suffix) {
  fs::path result = path;
  result += "." + std::to_string(::getpid()) + suffix;
  return result;
}

void Rename(const fs::path& from, const fs::path& to) {
  std::error_code code;
  fs::rename(from, to, code);
  if (code) throw Error(ErrorKind::kOutput, "cannot write '" + to.string() + "': " + code.message());
}

}  // namespace

AtomicFolder::AtomicFolder(fs::path target) {
  std::error_code code;
  target_ = fs::weakly_canonical(target, code);  // links followed, no slash at the end
  if (code) target_ = std::move(target);
  if (!target_.has_filename()) target_ = target_.parent_path();
  temporary_ = WithSuffix(target_, ".tmp");
  fs::remove_all(temporary_, code);
  MakeFolder(temporary_);
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::Write(const std::string& name, std::string_view bytes) const {
  const fs::path file = temporary_ / name;
  MakeFolder(file.parent_path());
  WriteFileAtomically(file, bytes);
}

void AtomicFolder::Commit() {
  std::error_code code;
  if (!fs::exists(target_, code)) {
    Rename(temporary_, target_);
  } else {
    const fs::path old = WithSuffix(target_, ".old");
    Rename(target_, old);
    try {
      Rename(temporary_, target_);
    } catch (const Error&) {
      fs::rename(old, target_, code);
      throw;
    }
    fs::remove_all(old, code);
  }
  temporary_.clear();
}

void RequireReplaceable(const fs::path& folder, const std::string& marker) {
  std::error_code code;
  if (!fs::exists(folder, code)) return;
  if (!fs::is_directory(folder, code)) {
    throw Error(ErrorKind::kUsage, "'" + folder.string() + "' is a file; name a folder that does not exist yet");
  }
  const bool empty = fs::is_empty(folder, code);
  if (!code && (empty || fs::exists(folder / marker, code))) return;
  throw Error(ErrorKind::kUsage, "'" + folder.string() + "' holds other things than a report (there is no " + marker +
                                     " in it) and is not written over; name a folder that does not exist yet");
}

}  // namespace maskscope
