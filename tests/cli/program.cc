#include "tests/cli/program.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace maskscope::test {
namespace {

constexpr unsigned kNobody = 65534;

struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  void CloseRead() { Close(read_end); }
  void CloseWrite() { Close(write_end); }

 private:
  static void Close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

[[noreturn]] void BecomeProgram(const std::vector<char*>& arguments, const ProgramOptions& options, int in, int out,
                                int err) {
  if (!options.stdout_to.empty()) out = ::open(options.stdout_to.c_str(), O_WRONLY);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(126);
  if (options.as_nobody && (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
    ::_exit(126);
  }
  ::execv(MASKSCOPE_PROGRAM, arguments.data());
  ::_exit(127);
}

// Feeds stdin and collects stdout and stderr until both are closed.
class Conversation {
 public:
  Conversation(pid_t child, Pipe& in, Pipe& out, Pipe& err, const ProgramOptions& options)
      : child_(child), in_(in), out_(out), err_(err), options_(options) {}

  void Hold(ProgramRun& run) {
    size_t fed = 0;
    if (options_.standard_input.empty()) in_.CloseWrite();
    while (out_.read_end >= 0 || err_.read_end >= 0) {
      pollfd watched[3] = {{out_.read_end, POLLIN, 0}, {err_.read_end, POLLIN, 0}, {in_.write_end, POLLOUT, 0}};
      if (::poll(watched, 3, -1) < 0 && errno != EINTR) throw std::runtime_error("poll failed");
      if (watched[0].revents != 0 && !Take(out_.read_end, run.out)) out_.CloseRead();
      if (watched[1].revents != 0 && !Take(err_.read_end, run.err)) err_.CloseRead();
      if (watched[2].revents != 0) Feed(fed);
      AfterFirstLine(run);
    }
  }

 private:
  static bool Take(int fd, std::string& text) {
    char buffer[1 << 16];
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got > 0) text.append(buffer, static_cast<size_t>(got));
    return got > 0;
  }

  void Feed(size_t& fed) {
    const std::string& input = options_.standard_input;
    const ssize_t put = ::write(in_.write_end, input.data() + fed, std::min<size_t>(input.size() - fed, 4096));
    if (put > 0) fed += static_cast<size_t>(put);
    if (put < 0 || fed == input.size()) in_.CloseWrite();
  }

  void AfterFirstLine(const ProgramRun& run) {
    if (seen_line_ || run.out.find('\n') == std::string::npos) return;
    seen_line_ = true;
    if (options_.close_stdout_after_first_line) out_.CloseRead();
    if (options_.signal_after_first_line != 0) ::kill(child_, options_.signal_after_first_line);
  }

  pid_t child_;
  Pipe &in_, &out_, &err_;
  const ProgramOptions& options_;
  bool seen_line_ = false;
};

}  // namespace

std::vector<nlohmann::json> ProgramRun::json_lines() const {
  std::vector<nlohmann::json> lines;
  std::istringstream text(out);
  for (std::string line; std::getline(text, line);) {
    lines.push_back(nlohmann::json::parse(line, nullptr, false));
    EXPECT_FALSE(lines.back().is_discarded()) << "not JSON: " << line;
  }
  return lines;
}

ProgramRun RunProgram(const std::vector<std::string>& arguments, const ProgramOptions& options) {
  std::vector<std::string> words = {"maskscope"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // the program may end before it has read its input

  Pipe in, out, err;
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) BecomeProgram(argv, options, in.read_end, out.write_end, err.write_end);
  in.CloseRead();
  out.CloseWrite();
  err.CloseWrite();

  ProgramRun run;
  Conversation(child, in, out, err, options).Hold(run);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) run.signal = WTERMSIG(status);
  return run;
}

}  // namespace maskscope::test
