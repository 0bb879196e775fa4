#include "base/csv.h"

#include "base/error.h"
#include "base/files.h"

namespace maskscope {
namespace {

[[noreturn]] void Fail(const std::string& source, int line, const std::string& what) {
  throw Error(ErrorKind::kBadData, "'" + source + "', line " + std::to_string(line) + ": " + what);
}

std::string Join(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ",") + word;
  return all;
}

// Walks over the text record by record.
class Reader {
 public:
  Reader(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  // False at the end of the text.
  bool Next(CsvTable::Row& row) {
    row.fields.clear();
    while (at_ < text_.size() && EatLineEnd()) {
    }
    if (at_ >= text_.size()) return false;
    row.line = line_;
    do {
      row.fields.push_back(text_.substr(at_, 1) == "\"" ? Quoted() : Plain());
    } while (EatComma());
    if (at_ < text_.size() && !EatLineEnd()) Fail(source_, line_, "text after a closing quote");
    return true;
  }

 private:
  bool EatComma() {
    if (at_ >= text_.size() || text_[at_] != ',') return false;
    ++at_;
    return true;
  }

  bool EatLineEnd() {
    if (text_.substr(at_, 2) == "\r\n") {
      at_ += 2;
    } else if (text_[at_] == '\n') {
      ++at_;
    } else {
      return false;
    }
    ++line_;
    return true;
  }

  std::string Plain() {
    size_t end = text_.find_first_of(",\n", at_);
    if (end == std::string_view::npos) end = text_.size();
    if (end > at_ && end < text_.size() && text_[end] == '\n' && text_[end - 1] == '\r') --end;
    std::string field(text_.substr(at_, end - at_));
    if (field.find('"') != std::string::npos) Fail(source_, line_, "a quote inside an unquoted field");
    at_ = end;
    return field;
  }

  std::string Quoted() {
    const int first_line = line_;
    std::string field;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        field += text_[at_];
      } else if (text_.substr(at_ + 1, 1) == "\"") {
        field += '"';
        ++at_;
      } else {
        ++at_;
        return field;
      }
    }
    Fail(source_, first_line, "a quoted field that is never closed");
  }

  std::string_view text_;
  const std::string& source_;
  size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::string QuoteCsv(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += '"';
  }
  return quoted + '"';
}

std::string CsvField(std::string_view text) {
  return text.find_first_of(",\"\r\n") == std::string_view::npos ? std::string(text) : QuoteCsv(text);
}

std::string CsvText(std::string_view text) {
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
  return CsvField(formula ? "'" + std::string(text) : std::string(text));
}

CsvTable ParseCsv(std::string_view text, const std::string& source) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Reader reader(text, source);
  CsvTable table;
  CsvTable::Row row;
  if (!reader.Next(row)) Fail(source, 1, "found nothing, wanted a line that names the columns");
  table.columns = row.fields;
  while (reader.Next(row)) {
    if (row.fields.size() != table.columns.size()) {
      Fail(source, row.line,
           "found " + std::to_string(row.fields.size()) + " fields, wanted " + std::to_string(table.columns.size()) +
               " (" + Join(table.columns) + ")");
    }
    table.rows.push_back(row);
  }
  return table;
}

CsvTable ReadCsv(const std::filesystem::path& path, const std::vector<std::string>& columns) {
  CsvTable table = ParseCsv(ReadFileText(path), path.string());
  if (table.columns != columns) {
    Fail(path.string(), 1, "found the columns " + Join(table.columns) + ", wanted " + Join(columns));
  }
  return table;
}

}  // namespace maskscope
