#ifndef MASKSCOPE_BASE_ATOMIC_FOLDER_H_
#define MASKSCOPE_BASE_ATOMIC_FOLDER_H_

#include <filesystem>
#include <string>
#include <string_view>

namespace maskscope {

// A folder of files that belong together and appear together: filled under a temporary name beside `target`, renamed by
// Commit(), which replaces a folder that is there. Without Commit all of it is removed. Not thread-safe. Errors:
// kOutput.
class AtomicFolder {
 public:
  explicit AtomicFolder(std::filesystem::path target);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  // `name` is relative ("plots/a.svg"); folders in it are made.
  void Write(const std::string& name, std::string_view bytes) const;
  void Commit();

 private:
  std::filesystem::path target_, temporary_;
};

// Whether `folder` may be replaced by an output that consists of a file `marker` and others: it does not exist, is
// empty, or holds that file. Errors: kUsage saying what to do.
void RequireReplaceable(const std::filesystem::path& folder, const std::string& marker);

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_ATOMIC_FOLDER_H_
