#ifndef MASKSCOPE_TESTS_CLI_PROGRAM_H_
#define MASKSCOPE_TESTS_CLI_PROGRAM_H_

#include <sys/types.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maskscope::test {

struct ProgramOptions {
  std::string standard_input = {};
  std::filesystem::path folder = {};           // to run in; "" = the test's own
  std::filesystem::path stdout_to = {};        // a file or device in place of the pipe
  bool as_nobody = false;                      // without root's right to read everything
  bool close_stdout_after_first_line = false;  // as "| head -n 1" does
  int signal_after_first_line = 0;             // sent once the first line is on stdout
};

struct ProgramRun {
  int exit_code = -1;  // -1: killed by a signal
  int signal = 0;
  std::string out, err;
  std::vector<nlohmann::json> json_lines() const;  // of `out`; a line that is not JSON fails the test
};

// Runs the maskscope program to its end.
ProgramRun RunProgram(const std::vector<std::string>& arguments, const ProgramOptions& options = {});

}  // namespace maskscope::test

#endif  // MASKSCOPE_TESTS_CLI_PROGRAM_H_
