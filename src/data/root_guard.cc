#include "data/root_guard.h"

#include <algorithm>

namespace maskscope {
namespace {

namespace fs = std::filesystem;

// Below `folder`, or the folder itself. Both real paths.
bool IsBelow(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end() || (std::next(end) == folder.end() && end->empty());
}

}  // namespace

RootGuard::RootGuard(const fs::path& root) : root_(root) {
  std::error_code code;
  real_root_ = fs::weakly_canonical(fs::absolute(root), code);
}

bool RootGuard::Resolves(const fs::path& file) const {
  std::error_code code;
  const fs::path real = fs::weakly_canonical(file, code);
  return !code && IsBelow(real, real_root_);
}

bool RootGuard::Inside(const std::string& path, bool is_link) {
  if (is_link) return Resolves(fs::absolute(root_ / path));
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? std::string() : path.substr(0, slash);
  if (folder.empty()) return true;
  {
    const std::lock_guard lock(mutex_);
    const auto known = folders_.find(folder);
    if (known != folders_.end()) return known->second;
  }
  const bool inside = Resolves(fs::absolute(root_ / folder));
  const std::lock_guard lock(mutex_);
  return folders_.emplace(folder, inside).first->second;
}

}  // namespace maskscope
