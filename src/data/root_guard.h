#ifndef MASKSCOPE_DATA_ROOT_GUARD_H_
#define MASKSCOPE_DATA_ROOT_GUARD_H_

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

namespace maskscope {

// Whether folders lie below the root once links are followed. Thread-safe; each folder is resolved once.
class RootGuard {
 public:
  explicit RootGuard(const std::filesystem::path& root);
  // `path` below the root; follows it where it is a link.
  bool Inside(const std::string& path, bool is_link);

 private:
  bool Resolves(const std::filesystem::path& file) const;

  std::filesystem::path root_, real_root_;
  std::mutex mutex_;
  std::map<std::string, bool> folders_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_ROOT_GUARD_H_
