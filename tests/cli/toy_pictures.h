#ifndef MASKSCOPE_TESTS_CLI_TOY_PICTURES_H_
#define MASKSCOPE_TESTS_CLI_TOY_PICTURES_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/test_folder.h"
#include "image/image.h"
#include "tests/cli/program.h"
#include "tests/cli/toy_models.h"

namespace maskscope::test {

// A picture of toy cells: 'g' green, 'b' blue, 'r' red, 'w' white, anything else black. All rows are of one length.
Image ToyPicture(const std::vector<std::string>& rows);

// A folder with the toy models in models/, in which the program runs.
class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest();
  // Writes ToyPicture(rows), JPEG or PNG by its ending.
  void WritePicture(const std::string& name, const std::vector<std::string>& rows = {"g.", ".r"});
  void WriteFile(const std::string& name, std::string_view bytes);
  std::string ReadFile(const std::string& name) const;
  bool Exists(const std::string& name) const { return std::filesystem::exists(folder_ / name); }
  // Names in a folder, sorted, one after the other with blanks between.
  std::string List(const std::string& name = ".") const;

  // Runs "maskscope COMMAND ARGUMENTS" in the folder with the toy models as the shipped ones.
  ProgramRun Run(const std::vector<std::string>& arguments, ProgramOptions options = {}) const;

  TestFolder folder_;
};

// The states of a result line, in order, with blanks between.
std::string StatesOf(const nlohmann::json& line);

}  // namespace maskscope::test

#endif  // MASKSCOPE_TESTS_CLI_TOY_PICTURES_H_
