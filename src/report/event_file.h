#ifndef MASKSCOPE_REPORT_EVENT_FILE_H_
#define MASKSCOPE_REPORT_EVENT_FILE_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace maskscope {

// Curves for TensorBoard: a file of TFRecords (each with masked CRC-32C of length and content) that hold Event messages
// with scalar summaries. Every event is in the file when Add returns; TensorBoard may read it meanwhile. It takes every
// file whose name holds "tfevents" for one, and the folder's name for that of the run. Not thread-safe.
class EventFile {
 public:
  static constexpr const char* kName = "events.out.tfevents.maskscope";

  // Makes the file, or goes on with an existing one; a record cut off at its end (the machine went down) is taken out.
  // `resume_step`: a training that goes on from this step; TensorBoard then forgets what the file holds of it and of
  // later ones. Errors: kOutput, kUnreadable; kBadData for a file that is no event file or is damaged within.
  explicit EventFile(const std::filesystem::path& path, std::optional<int64_t> resume_step = {});
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  // One event: name and value of each curve at `step`. Undefined values (NaN) are left out. `wall_time`: seconds since
  // 1970; without, now. Errors: kOutput.
  void Add(int64_t step, const std::vector<std::pair<std::string, double>>& scalars,
           std::optional<double> wall_time = {});

 private:
  void Write(const std::string& event);

  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_EVENT_FILE_H_
