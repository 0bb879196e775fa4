#ifndef MASKSCOPE_DATA_TEST_FOLDER_H_
#define MASKSCOPE_DATA_TEST_FOLDER_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "image/encode.h"

// For tests only: a folder that lives as long as the object, and a way to look into errors.
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

// Expects that `work` throws an Error of this kind whose message holds every one of `parts`.
template <typename Work>
void ExpectError(ErrorKind kind, std::initializer_list<std::string> parts, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(ErrorName(error.kind()), ErrorName(kind)) << error.what();
    for (const std::string& part : parts) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << "no '" << part << "' in: " << error.what();
    }
    return;
  }
  ADD_FAILURE() << "nothing was thrown, wanted " << ErrorName(kind);
}

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_TEST_FOLDER_H_
