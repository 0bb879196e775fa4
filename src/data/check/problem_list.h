#ifndef MASKSCOPE_DATA_CHECK_PROBLEM_LIST_H_
#define MASKSCOPE_DATA_CHECK_PROBLEM_LIST_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/check/check.h"

namespace maskscope {

// Counts every problem and keeps the first of each kind. Not thread-safe.
class ProblemList {
 public:
  explicit ProblemList(size_t listed) : listed_(listed) {}

  void Add(DataProblem problem) {
    ProblemKind& kind = kinds_[problem.kind];
    kind.severity = problem.severity;
    ++kind.found;
    if (static_cast<size_t>(kind.listed) >= listed_) return;
    ++kind.listed;
    problems_.push_back(std::move(problem));
  }
  void Add(DataProblem::Severity severity, std::string kind, std::string file, std::string where, std::string message) {
    Add({severity, std::move(kind), std::move(file), std::move(where), std::move(message)});
  }
  // Ends the list: errors first, then by kind, in each as they were found.
  void MoveTo(CheckReport& report);

 private:
  size_t listed_;
  std::map<std::string, ProblemKind> kinds_;
  std::vector<DataProblem> problems_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_CHECK_PROBLEM_LIST_H_
