#include "cli/command.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "cli/result_output.h"
#include "cli/terminal.h"

namespace maskscope {
namespace {

volatile std::sig_atomic_t g_stop = 0;

// CLI11's help with single blank lines between the groups of options.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(32);
    label("TEXT", "");
  }
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    std::string help = CLI::Formatter::make_help(app, std::move(name), mode);
    for (size_t at; (at = help.find("\n\n\n")) != std::string::npos;) help.erase(at, 1);
    return help;
  }
  // CLI11 leaves out the default where an option's value has a name.
  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string preset = option->get_default_str();
    const bool shown = !option->get_option_text().empty() && !preset.empty() && preset != "[]";
    return option->get_description() + (shown ? " (default " + preset + ")" : "");
  }
};

extern "C" void HandleStopSignal(int) { g_stop = 1; }

// The first signal asks, the second one kills (SA_RESETHAND).
void InstallSignals() {
  struct sigaction action {};
  action.sa_handler = HandleStopSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  // A reader that went away ("| head") shows as a failed write, so that temporary files are still removed.
  ::signal(SIGPIPE, SIG_IGN);
}

std::vector<std::string> SubcommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The innermost subcommand that was recognised.
const CLI::App& ChosenCommand(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  return *app;
}

std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : FullName(*app.get_parent()) + " " + app.get_name();
}

std::string JoinWords(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// What is wrong with words that no command or option took.
std::string DescribeUnexpected(const CLI::App& chosen, const std::vector<std::string>& unexpected) {
  std::string message;
  for (const std::string& word : unexpected) {
    const bool option = word.size() > 1 && word[0] == '-';
    const std::string bare = word.substr(0, word.find('='));
    const std::vector<std::string> known = option ? OptionNames(chosen) : SubcommandNames(chosen);
    if (!option && known.empty() && !message.empty())
      continue;  // most likely the value of the unknown option before it
    if (!message.empty()) message += "; ";
    message += option          ? "unknown option '" + bare + "'"
               : known.empty() ? "unexpected '" + word + "'"
                               : "unknown command '" + word + "'";
    const std::string nearest = NearestWord(bare, known);
    if (!nearest.empty()) {
      message += ", did you mean '" + nearest + "'?";
    } else if (!option && !known.empty()) {
      message += " (commands: " + JoinWords(known) + ")";
    }
  }
  return message;
}

[[noreturn]] void ThrowUsage(const CLI::App& root, const std::string& message) {
  throw Error(ErrorKind::kUsage, message + "\nTry '" + FullName(ChosenCommand(root)) + " --help'.");
}

// Help and version go to stdout and end the run well; everything else CLI11 finds is a usage error.
// Returns whether there is a command to run.
bool Parse(CLI::App& root, int argc, const char* const* argv) {
  try {
    root.parse(argc, argv);
  } catch (const CLI::Success& request) {
    root.exit(request);
    return false;
  } catch (const CLI::ParseError& error) {
    const CLI::App& chosen = ChosenCommand(root);
    // Words nobody took explain an error better than what it led to.
    std::vector<std::string> unexpected = root.remaining(true);
    const bool is_group = chosen.get_require_subcommand_min() > 0;
    if (!unexpected.empty()) ThrowUsage(root, DescribeUnexpected(chosen, unexpected));
    if (is_group) ThrowUsage(root, "a command is wanted: " + JoinWords(SubcommandNames(chosen)));
    ThrowUsage(root, error.what());
  }
  return true;
}

int Report(ErrorKind kind, const std::string& message) {
  WriteToTerminal("maskscope: " + message + "\n");
  return ExitCode(kind);
}

int RunParsed(CommandContext& context) {
  if (context.verbose) {
    SetLogSink([](LogLevel level,
                  std::string_view text) { WriteToTerminal(fmt::format("{}: {}\n", LogLevelName(level), text)); },
               LogLevel::kDebug);
  } else if (!context.quiet) {
    SetLogSink([](LogLevel, std::string_view text) { WriteToTerminal(fmt::format("maskscope: {}\n", text)); },
               LogLevel::kWarning);
  }
  return context.run();
}

}  // namespace

void CommandContext::Say(std::string_view line) const {
  if (!quiet) WriteToTerminal(std::string(line) + "\n");
}

void CommandContext::Warn(std::string_view message) const {
  WriteToTerminal("maskscope: " + std::string(message) + "\n");
}

std::unique_ptr<Progress> CommandContext::MakeProgress() const {
  if (quiet) return std::make_unique<Progress>();
  return MakeTerminalProgress();
}

bool CommandContext::StopRequested() const { return g_stop != 0; }

CLI::App& AddCommand(CLI::App& parent, CommandContext& context, const std::string& name, const std::string& description,
                     const std::string& examples, std::function<int()> run) {
  CLI::App& app = *parent.add_subcommand(name, description);
  app.set_help_flag("-h,--help", "show this help and exit");
  app.add_flag("-q,--quiet", context.quiet, "nothing on stderr but errors");
  app.add_flag("-v,--verbose", context.verbose, "say on stderr what is being done");
  app.footer(examples.empty() ? "" : "Examples:\n" + examples);
  app.callback([&context, run = std::move(run)] { context.run = run; });
  return app;
}

CLI::App& AddCommandGroup(CLI::App& parent, const std::string& name, const std::string& description) {
  CLI::App& app = *parent.add_subcommand(name, description);
  app.set_help_flag("-h,--help", "show this help and exit");
  app.footer("");
  app.require_subcommand(1);
  return app;
}

int RunCommandLine(int argc, const char* const* argv) {
  try {
    InstallSignals();
    CommandContext context;
    CLI::App root(
        "maskscope says for every face in a picture whether a mask is worn correctly, incorrectly or not at all.",
        "maskscope");
    root.set_help_flag("-h,--help", "show this help and exit");
    root.set_version_flag("--version", "maskscope " MASKSCOPE_VERSION, "show the version and exit");
    root.formatter(std::make_shared<HelpFormatter>());
    root.require_subcommand(1);
    root.footer(
        "Examples:\n"
        "  maskscope detect photo.jpg --draw out     faces and their states as JSON, and a drawn copy in out/\n"
        "  maskscope detect photos --csv faces.csv   every picture of a folder into one table\n"
        "  maskscope detect --help                   more about one command");
    AddAllCommands(root, context);
    if (!Parse(root, argc, argv)) return 0;
    return RunParsed(context);
  } catch (const StdoutClosed& closed) {
    return ExitCode(closed.kind());
  } catch (const Error& error) {
    return Report(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    return Report(ErrorKind::kResource, "out of memory");
  } catch (const std::exception& error) {
    return Report(ErrorKind::kInternal, std::string("internal error, please report it: ") + error.what());
  }
}

}  // namespace maskscope
