#ifndef MASKSCOPE_BASE_ERROR_H_
#define MASKSCOPE_BASE_ERROR_H_

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace maskscope {

// What went wrong, from the point of view of the person who must mend it. Each kind has one name (used in JSON), one
// exit code and one HTTP status: see the table in error.cc, the only place that knows them.
enum class ErrorKind {
  kUsage,         // the command line or an options struct is wrong
  kNotFound,      // a file or folder that was named does not exist
  kUnreadable,    // it exists but may not be read, or reading failed half-way
  kBadImage,      // not a picture, or a broken one
  kTooLarge,      // a picture, file or model beyond the stated limits
  kUnsupported,   // well-formed, but something maskscope does not do
  kBadModel,      // a model file that is broken or inconsistent
  kBadData,       // annotations, tables or configurations that cannot be understood
  kOutput,        // a result could not be written (disk full, no permission)
  kResource,      // out of memory or threads
  kInterrupted,   // the user asked to stop
  kInternal,      // our own mistake
};

std::string_view ErrorName(ErrorKind kind);
int ExitCode(ErrorKind kind);
int HttpStatus(ErrorKind kind);

// Ends an operation. `message` is one sentence that names the thing, what was found and what was wanted.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// Collects every bad field of an options struct so that one run reports them all.
class Problems {
 public:
  void Add(std::string problem) { problems_.push_back(std::move(problem)); }
  // Adds "field: found VALUE, wanted WANTED" when `ok` is false.
  void Require(bool ok, std::string_view field, std::string_view found, std::string_view wanted);
  bool empty() const { return problems_.empty(); }
  // Throws Error{kind} "WHAT: problem; problem; ..." unless empty.
  void ThrowIfAny(ErrorKind kind, std::string_view what) const;

 private:
  std::vector<std::string> problems_;
};

// The candidate nearest to `word` by edit distance, or "" when none is near enough to be a likely slip.
std::string NearestWord(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_ERROR_H_
