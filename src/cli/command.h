#ifndef MASKSCOPE_CLI_COMMAND_H_
#define MASKSCOPE_CLI_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/progress.h"

// The pattern every subcommand follows. One file, NAME_command.cc, with one public function
//
//   void AddNameCommand(CLI::App& root, CommandContext& context) {
//     struct Options { std::string model; int threads = 0; };
//     auto options = std::make_shared<Options>();
//     CLI::App& app = AddCommand(root, context, "name", "what it does in one line",
//                                "  maskscope name x.onnx      what this example does\n",
//                                [options, &context] { return RunName(*options, context); });
//     app.add_option("MODEL", options->model, "an ONNX file")->required();
//     app.add_option("--threads", options->threads, "cores to use, 0 = all")->capture_default_str();
//   }
//
// declared at the end of this header and listed in commands.cc. The command's function returns the exit code; what goes
// wrong is thrown as Error and ends as "maskscope: MESSAGE" on stderr with the kind's exit code (docs/exit-codes.md).
// Data goes to stdout, everything else to stderr.
namespace maskscope {

// Exit code of a run in which some pictures failed while others went through.
inline constexpr int kSomeFailedExitCode = 1;

// What a subcommand gets from the program around it.
class CommandContext {
 public:
  bool quiet = false;    // -q: nothing on stderr but errors
  bool verbose = false;  // -v: the library's log, on stderr

  // A line for the person at the terminal, on stderr; nothing with --quiet.
  void Say(std::string_view line) const;
  // Something that went wrong without ending the run: "maskscope: MESSAGE" on stderr, also with --quiet.
  void Warn(std::string_view message) const;
  // A bar where stderr is a terminal, a line now and then where it is not, nothing with --quiet.
  std::unique_ptr<Progress> MakeProgress() const;
  // Becomes true when the user asks to stop (Ctrl-C or SIGTERM; a second one kills). A command that reacts ends what it
  // is at, keeps what is done and returns ExitCode(kInterrupted).
  bool StopRequested() const;

  std::function<int()> run;  // the chosen subcommand's function
};

// Adds `maskscope NAME` with its help, the options common to all (-q, -v) and `run`.
CLI::App& AddCommand(CLI::App& parent, CommandContext& context, const std::string& name, const std::string& description,
                     const std::string& examples, std::function<int()> run);
// Adds a subcommand that only holds further ones (maskscope model info).
CLI::App& AddCommandGroup(CLI::App& parent, const std::string& name, const std::string& description);

// Parses the command line, runs the command and turns errors into messages and exit codes. Called once, by main.
int RunCommandLine(int argc, const char* const* argv);

// The whole family, in the order of --help.
void AddAllCommands(CLI::App& root, CommandContext& context);

void AddDetectCommand(CLI::App& root, CommandContext& context);
void AddClassifyCommand(CLI::App& root, CommandContext& context);
void AddDemoCommand(CLI::App& root, CommandContext& context);
void AddModelCommand(CLI::App& root, CommandContext& context);
void AddModelDescribeCommand(CLI::App& model, CommandContext& context);  // part of `model`
void AddModelAverageCommand(CLI::App& model, CommandContext& context);   // part of `model`
void AddModelImportCommand(CLI::App& model, CommandContext& context);    // part of `model`
void AddModelListCommand(CLI::App& model, CommandContext& context);      // part of `model`
void AddTrainCommand(CLI::App& root, CommandContext& context);
void AddTrainCompareCommand(CLI::App& train, CommandContext& context);  // part of `train`
void AddEvalCommand(CLI::App& root, CommandContext& context);
void AddCompareCommand(CLI::App& root, CommandContext& context);
void AddDataCommand(CLI::App& root, CommandContext& context);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_COMMAND_H_
