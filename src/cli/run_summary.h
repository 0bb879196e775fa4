#ifndef MASKSCOPE_CLI_RUN_SUMMARY_H_
#define MASKSCOPE_CLI_RUN_SUMMARY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analyze/result.h"

namespace maskscope {

// What a run over many pictures came to, for the person who started it. Not thread-safe.
class RunSummary {
 public:
  // `states` in the order in which they are to be listed; others that turn up follow.
  explicit RunSummary(std::vector<std::string> states) : states_(std::move(states)) {}

  void Add(const Result& result);
  int64_t pictures() const { return pictures_; }

  // Several lines: pictures and rate, faces by state, failures by kind with the first names, milliseconds a stage.
  // `seconds` is the wall clock of the run.
  std::string Text(double seconds) const;

  // 0 when every picture went through; the kind's code when all failed for the same kind of reason; otherwise
  // kSomeFailedExitCode.
  int ExitCode() const;

 private:
  struct Failures {
    int64_t count = 0;
    std::vector<std::string> first;  // messages
  };
  std::string FacesText() const;
  std::string FailuresText() const;
  std::string StagesText() const;

  std::vector<std::string> states_;
  int64_t pictures_ = 0, faces_ = 0;
  std::map<std::string, int64_t> faces_by_state_, unsure_by_reason_;
  std::map<ErrorKind, Failures> failures_;
  std::vector<float> decode_, detect_, classify_, total_;  // milliseconds of each picture that went through
};

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_RUN_SUMMARY_H_
