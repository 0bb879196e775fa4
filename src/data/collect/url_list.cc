#include <algorithm>

#include "base/csv.h"
#include "base/error.h"
#include "data/collect/candidate.h"
#include "data/collect/html.h"
#include "data/collect/licence.h"

namespace maskscope::collect {
namespace {

const std::vector<std::string> kColumns = {"url", "licence", "licence_url", "author", "title", "page"};

class ListSource : public CandidateSource {
 public:
  explicit ListSource(std::vector<Candidate> candidates) : candidates_(std::move(candidates)) {}

  bool Next(Candidate* candidate) override {
    if (next_ == candidates_.size()) return false;
    *candidate = candidates_[next_++];
    return true;
  }

 private:
  std::vector<Candidate> candidates_;
  size_t next_ = 0;
};

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Candidate> ReadPlain(std::string_view text) {
  std::vector<Candidate> candidates;
  for (const std::string_view line : Lines(text)) {
    Candidate candidate;
    candidate.url = CleanText(line, 8000);
    if (!candidate.url.empty() && candidate.url[0] != '#') candidates.push_back(std::move(candidate));
  }
  return candidates;
}

void CheckColumns(const CsvTable& table, const std::string& source) {
  for (const std::string& column : table.columns) {
    if (std::find(kColumns.begin(), kColumns.end(), column) != kColumns.end()) continue;
    std::string known;
    for (const std::string& name : kColumns) known += (known.empty() ? "" : ", ") + name;
    const std::string near = NearestWord(column, kColumns);
    throw Error(ErrorKind::kBadData, source + ", line 1: found the column '" + column + "', wanted some of " + known +
                                         (near.empty() ? "" : " (did you mean '" + near + "'?)"));
  }
}

std::vector<Candidate> ReadTable(std::string_view text, const std::string& source) {
  const CsvTable table = ParseCsv(text, source);
  CheckColumns(table, source);
  std::vector<Candidate> candidates;
  for (const CsvTable::Row& row : table.rows) {
    Candidate candidate;
    const auto field = [&](const char* name) {
      const auto column = std::find(table.columns.begin(), table.columns.end(), name);
      return column == table.columns.end()
                 ? std::string()
                 : CleanText(row.fields[static_cast<size_t>(column - table.columns.begin())], 8000);
    };
    candidate.url = field("url");
    if (candidate.url.empty()) {
      throw Error(ErrorKind::kBadData, source + ", line " + std::to_string(row.line) + ": found no url, wanted one");
    }
    candidate.licence = LicenceName(field("licence"));
    candidate.licence_url = field("licence_url");
    candidate.author = field("author");
    candidate.title = field("title");
    candidate.page = field("page");
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

}  // namespace

std::unique_ptr<CandidateSource> MakeListSource(std::string_view text, const std::string& source) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  const std::string_view first = text.substr(0, text.find_first_of("\r\n"));
  // A table's first line names its columns; an address never stands there alone as "url".
  bool table = false;
  for (size_t begin = 0; begin <= first.size();) {
    const size_t comma = std::min(first.find(',', begin), first.size());
    table = table || CleanText(first.substr(begin, comma - begin)) == "url" ||
            CleanText(first.substr(begin, comma - begin)) == "\"url\"";
    begin = comma + 1;
  }
  return std::make_unique<ListSource>(table ? ReadTable(text, source) : ReadPlain(text));
}

}  // namespace maskscope::collect
