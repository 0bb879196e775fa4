#ifndef MASKSCOPE_CLI_RESULT_OUTPUT_H_
#define MASKSCOPE_CLI_RESULT_OUTPUT_H_

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/result.h"
#include "base/files.h"

// Where results go: JSON lines and CSV, to stdout or to files.
namespace maskscope {

// stdout ("-") or a file that appears only when it is complete. Errors of all functions: kOutput.
class OutputStream {
 public:
  // Opens at once, so that a path that cannot be written is known before the work begins.
  explicit OutputStream(const std::string& path);
  // stdout gets each text at once; a file is written in larger pieces.
  void Write(std::string_view text);
  // Complete: the file appears under its name.
  void Commit();
  // Incomplete: what there is stays as PATH.partial, which is returned ("" for stdout).
  std::string CommitPartial();

 private:
  void Flush();

  std::unique_ptr<AtomicFile> file_;  // null: stdout
  std::string buffer_;
};

// Thrown by OutputStream when whoever read stdout has gone ("| head"): no fault worth a message.
class StdoutClosed : public Error {
 public:
  StdoutClosed() : Error(ErrorKind::kOutput, "stdout was closed by its reader") {}
};

// One line of maskscope.result/1 with its line end.
std::string JsonLine(const Result& result);

// The columns of the CSV, as its first line. One probability column a class.
std::string CsvHeader(const std::vector<std::string>& classes);
// One row a face; a picture without faces, or one that failed, has one row whose face columns are empty.
std::string CsvRows(const Result& result, const std::vector<std::string>& classes);

// A path as a field. A relative path that begins with =, +, - or @ gets "./" before it: it names the same file, and
// spreadsheets do not take it for a formula.
std::string CsvPath(const std::string& path);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_RESULT_OUTPUT_H_
