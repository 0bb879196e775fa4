// bench_decode THREADS FILE…   decodes every file at full size on THREADS threads; prints the wall time in
// milliseconds.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "image/decode.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_decode THREADS FILE...\n");
    return 2;
  }
  const std::vector<std::string> files(argv + 2, argv + argc);
  std::atomic<size_t> next{0}, failed{0};
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> workers;
  for (int i = 0; i < std::max(1, std::atoi(argv[1])); ++i) {
    workers.emplace_back([&] {
      for (size_t index = next++; index < files.size(); index = next++) {
        try {
          maskscope::ReadImage(files[index]);
        } catch (const std::exception&) {
          ++failed;
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::printf("%.3f\n", std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  if (failed > 0) std::fprintf(stderr, "bench_decode: %zu files could not be decoded\n", failed.load());
  return 0;
}
