#ifndef MASKSCOPE_BASE_LOG_H_
#define MASKSCOPE_BASE_LOG_H_

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

// What the library has to say while it works. Nothing is written anywhere until a program sets a sink.
namespace maskscope {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };
std::string_view LogLevelName(LogLevel level);

// Receives one message without a line end. Called from any thread, one call at a time.
using LogSink = std::function<void(LogLevel, std::string_view)>;

// Messages of `least` and above go to `sink` from now on; an empty sink (the state at start) silences everything.
// Thread-safe. The sink must not log.
void SetLogSink(LogSink sink, LogLevel least = LogLevel::kInfo);

// Whether a message of this level would reach a sink: ask before working out an expensive message. Thread-safe, cheap.
bool LogEnabled(LogLevel level);

// Thread-safe.
void LogMessage(LogLevel level, std::string_view message);

// Formats only where the level is enabled: Log(LogLevel::kInfo, "read {} pictures", count).
template <typename... Args>
void Log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(level)) LogMessage(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_LOG_H_
