#ifndef MASKSCOPE_CLI_TERMINAL_H_
#define MASKSCOPE_CLI_TERMINAL_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/progress.h"

// stderr as people see it: messages and one progress line at the bottom, which get out of each other's way.
namespace maskscope {

// Writes to stderr; a progress bar that is being shown is wiped first and drawn again with the next step. Thread-safe.
// What cannot be written is lost: there is nowhere to say so.
void WriteToTerminal(std::string_view text);

// Takes the bar off the screen until its next step. Thread-safe.
void WipeProgress();

// A bar where stderr is a terminal; elsewhere a line at most every 10 seconds.
std::unique_ptr<Progress> MakeTerminalProgress();

// One line for `state`, at most `columns` wide: "detect  [=====>    ]  512/1024 pictures  150.2/s  3 s left  loss 0.3".
std::string FormatProgress(const ProgressState& state, int columns);

// "0.4 s", "3 min 20 s", "2 h 5 min".
std::string FormatDuration(double seconds);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_TERMINAL_H_
