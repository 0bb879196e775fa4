#ifndef MASKSCOPE_DATA_TEST_FOLDER_H_
#define MASKSCOPE_DATA_TEST_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/expect_error.h"
#include "base/files.h"
#include "image/encode.h"

// For tests only: a folder that lives as long as the object.
namespace maskscope {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "maskscope_test_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

  void Write(const std::string& name, std::string_view text) const {
    MakeFolder((path_ / name).parent_path());
    WriteFileAtomically(path_ / name, text);
  }
  void WritePicture(const std::string& name, int width, int height) const {
    MakeFolder((path_ / name).parent_path());
    WriteImage(Image(width, height, 127), path_ / name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_TEST_FOLDER_H_
