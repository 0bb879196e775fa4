#include "base/log.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

namespace maskscope {
namespace {

std::atomic<LogLevel> g_least{LogLevel::kOff};

struct SinkHolder {
  std::mutex mutex;
  LogSink sink;
};

// Never destroyed: threads may log while the program winds down.
SinkHolder& Holder() {
  static SinkHolder* holder = new SinkHolder;
  return *holder;
}

}  // namespace

std::string_view LogLevelName(LogLevel level) {
  constexpr std::array<std::string_view, 5> kNames = {"debug", "info", "warning", "error", "off"};
  return kNames[static_cast<size_t>(level)];
}

void SetLogSink(LogSink sink, LogLevel least) {
  SinkHolder& holder = Holder();
  const std::lock_guard lock(holder.mutex);
  g_least = sink ? least : LogLevel::kOff;
  holder.sink = std::move(sink);
}

bool LogEnabled(LogLevel level) { return level >= g_least && level != LogLevel::kOff; }

void LogMessage(LogLevel level, std::string_view message) {
  if (!LogEnabled(level)) return;
  SinkHolder& holder = Holder();
  const std::lock_guard lock(holder.mutex);
  if (holder.sink) holder.sink(level, message);
}

}  // namespace maskscope
