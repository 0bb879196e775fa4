#include "train/environment.h"

#include <fmt/chrono.h>
#include <torch/version.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <string>

#include "base/threads.h"

namespace maskscope {

namespace {

std::string CpuName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

nlohmann::json DescribeEnvironment(int threads, const std::string& device) {
  return {{"maskscope", MASKSCOPE_VERSION},
          {"commit", MASKSCOPE_COMMIT},
          {"libtorch", TORCH_VERSION},
          {"compiler", __VERSION__},
          {"cpu", CpuName()},
          {"device", device},
          {"threads", ResolveThreads(threads, "threads")},
          {"started", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))}};
}

double ResidentMegabytes() {
  std::ifstream file("/proc/self/statm");
  double all = 0, resident = 0;  // pages
  if (!(file >> all >> resident)) return 0;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

}  // namespace maskscope
