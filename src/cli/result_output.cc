#include "cli/result_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/csv.h"
#include "cli/terminal.h"

namespace maskscope {
namespace {

constexpr size_t kFileBuffer = size_t{1} << 16;

void WriteStdout(std::string_view text) {
  WipeProgress();  // both may go to the same screen
  while (!text.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EPIPE) throw StdoutClosed();
    if (put < 0) throw Error(ErrorKind::kOutput, std::string("cannot write to stdout: ") + std::strerror(errno));
    text.remove_prefix(static_cast<size_t>(put));
  }
}

std::string FaceColumns(const FaceResult& face, size_t index, const std::vector<std::string>& classes) {
  std::string row = fmt::format(",{},{:.2f},{:.2f},{:.2f},{:.2f},{:.4f},{},{:.4f}", index, face.box.x1, face.box.y1,
                                face.box.x2, face.box.y2, face.score, CsvField(face.state), face.confidence);
  for (const std::string& name : classes) {
    row += ',';
    for (const auto& [face_class, probability] : face.probabilities) {
      if (face_class == name) row += fmt::format("{:.4f}", probability);
    }
  }
  return row + "," + CsvField(face.unsure_reason);
}

}  // namespace

OutputStream::OutputStream(const std::string& path) {
  if (path != "-") file_ = std::make_unique<AtomicFile>(path);
}

void OutputStream::Write(std::string_view text) {
  if (!file_) return WriteStdout(text);
  buffer_ += text;
  if (buffer_.size() >= kFileBuffer) Flush();
}

void OutputStream::Flush() {
  file_->Write(buffer_);
  buffer_.clear();
}

void OutputStream::Commit() {
  if (!file_) return;
  Flush();
  file_->Commit();
}

std::string OutputStream::CommitPartial() {
  if (!file_) return "";
  Flush();
  return file_->CommitUnfinished(".partial").string();
}

std::string JsonLine(const Result& result) {
  return ToJson(result).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string CsvHeader(const std::vector<std::string>& classes) {
  std::string header = "source,width,height,face,x1,y1,x2,y2,score,state,confidence";
  for (const std::string& name : classes) header += "," + CsvField("p_" + name);
  return header + ",unsure_reason,error_kind,error\n";
}

std::string CsvRows(const Result& result, const std::vector<std::string>& classes) {
  const std::string head = fmt::format("{},{},{}", CsvPath(result.source), result.width, result.height);
  std::string tail = ",,";
  if (result.error) tail = fmt::format(",{},{}", ErrorName(result.error->kind), CsvField(result.error->message));
  std::string rows;
  for (size_t i = 0; i < result.faces.size(); ++i) {
    rows += head + FaceColumns(result.faces[i], i, classes) + tail + "\n";
  }
  if (!rows.empty()) return rows;
  constexpr size_t kFaceColumns = 9;  // face .. confidence, unsure_reason; the probabilities come on top
  return head + std::string(kFaceColumns + classes.size(), ',') + tail + "\n";
}

std::string CsvPath(const std::string& path) {
  const bool formula = path.size() > 1 && std::strchr("=+-@\t\r", path[0]) != nullptr;
  return CsvField(formula ? "./" + path : path);
}

}  // namespace maskscope
