#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <mutex>

namespace maskscope {
namespace {

constexpr double kFirstBarAfter = 0.3;  // seconds: quick work shows no bar at all
constexpr double kBarInterval = 0.1;    // seconds between two drawings of the bar
constexpr double kLineInterval = 10.0;  // seconds between two lines in a log file
constexpr std::string_view kWipe = "\r\x1b[K";

std::mutex g_mutex;
bool g_bar_shown = false;

void WriteRaw(std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(STDERR_FILENO, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;
    text.remove_prefix(static_cast<size_t>(put));
  }
}

int TerminalColumns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

class BarProgress : public Progress {
 public:
  ~BarProgress() override { WipeProgress(); }

 protected:
  void Show(const ProgressState& state, Event event) override {
    if (event == Event::kStart) next_ = kFirstBarAfter;
    if (event == Event::kFinish) WipeProgress();
    if (event != Event::kStep || state.seconds < next_) return;
    next_ = state.seconds + kBarInterval;
    // The last column stays free: some terminals wrap when it is written.
    const std::string line = FormatProgress(state, TerminalColumns() - 1);
    const std::lock_guard lock(g_mutex);
    WriteRaw(std::string(kWipe) + line);
    g_bar_shown = true;
  }

 private:
  double next_ = 0;
};

class LineProgress : public Progress {
 protected:
  void Show(const ProgressState& state, Event event) override {
    if (event == Event::kStart) next_ = kLineInterval;
    if (event != Event::kStep || state.seconds < next_) return;
    if (state.done == state.total) return;  // the result itself comes next
    next_ = state.seconds + kLineInterval;
    WriteToTerminal(FormatProgress(state, 0) + "\n");
  }

 private:
  double next_ = 0;
};

std::string FormatRate(double rate) {
  if (rate >= 100) return fmt::format("{:.0f}/s", rate);
  if (rate >= 1) return fmt::format("{:.1f}/s", rate);
  return fmt::format("{:.1f}/min", rate * 60);
}

}  // namespace

void WriteToTerminal(std::string_view text) {
  const std::lock_guard lock(g_mutex);
  if (g_bar_shown) WriteRaw(kWipe);
  g_bar_shown = false;
  WriteRaw(text);
}

void WipeProgress() {
  const std::lock_guard lock(g_mutex);
  if (g_bar_shown) WriteRaw(kWipe);
  g_bar_shown = false;
}

std::unique_ptr<Progress> MakeTerminalProgress() {
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  if (::isatty(STDERR_FILENO) == 1 && !dumb) return std::make_unique<BarProgress>();
  return std::make_unique<LineProgress>();
}

std::string FormatProgress(const ProgressState& state, int columns) {
  std::string tail = state.total > 0 ? fmt::format("{}/{}", state.done, state.total) : fmt::format("{}", state.done);
  if (!state.unit.empty()) tail += " " + state.unit;
  if (state.rate > 0) tail += "  " + FormatRate(state.rate);
  if (state.seconds_left >= 0) tail += "  " + FormatDuration(state.seconds_left) + " left";
  if (!state.note.empty()) tail += "  " + state.note;
  std::string line = state.what + "  ";
  constexpr int kMaxBar = 40;
  const int room = columns - static_cast<int>(line.size() + tail.size()) - 4;  // brackets and two blanks
  if (state.total > 0 && room >= 8) {
    const int width = std::min(room, kMaxBar);
    const double share = std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0.0, 1.0);
    const int filled = static_cast<int>(share * width);
    line += '[' + std::string(static_cast<size_t>(filled), '=') +
            std::string(static_cast<size_t>(width - filled), ' ') + "]  ";
  }
  line += tail;
  if (columns > 0 && line.size() > static_cast<size_t>(columns)) line.resize(static_cast<size_t>(columns));
  return line;
}

std::string FormatDuration(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace maskscope
