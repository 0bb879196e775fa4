#include <algorithm>

#include "base/csv.h"
#include "base/error.h"
#include "data/formats/csv_columns.h"
#include "data/formats/import_context.h"

// CSV: a row a face; a row with an empty box is a picture without faces.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

class Rows {
 public:
  Rows(const CsvTable& table, fs::path file, ImportContext& context)
      : table_(table), file_(std::move(file)), context_(context) {
    path_ = Find({"path", "source", "image", "filename", "file"});
    label_ = Find({"label", "class", "name"});
    for (size_t i = 0; i < 4; ++i) box_[i] = Find({kCsvBox[i]});
    if (path_ == kNone || std::find(box_.begin(), box_.end(), kNone) != box_.end()) {
      throw Error(ErrorKind::kBadData,
                  "'" + file_.string() + "', line 1: wanted at least the columns path,x1,y1,x2,y2,label");
    }
  }
  void Read() {
    for (const CsvTable::Row& row : table_.rows) {
      context_.Try(file_, [&] { ReadRow(row); });
    }
  }

 private:
  static constexpr size_t kNone = ~size_t{0};

  size_t Find(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      const auto found = std::find(table_.columns.begin(), table_.columns.end(), name);
      if (found != table_.columns.end()) return static_cast<size_t>(found - table_.columns.begin());
    }
    return kNone;
  }
  std::string Field(const CsvTable::Row& row, std::string_view name) const {
    const size_t column = Find({name});
    return column == kNone ? "" : row.fields[column];
  }

  void ReadRow(const CsvTable::Row& row) {
    const std::string where = "line " + std::to_string(row.line);
    ManifestPicture* picture = PictureOf(row, where);
    if (picture == nullptr) return;
    const auto empty = [&](size_t column) { return TrimBlanks(row.fields[column]).empty(); };
    if (std::all_of(box_.begin(), box_.end(), empty)) return;
    ManifestFace face;
    bool known = true;
    if (label_ != kNone && !row.fields[label_].empty())
      known = context_.SetClass(row.fields[label_], file_, where, &face);
    std::array<double, 4> edges{};
    for (size_t i = 0; i < 4; ++i) edges[i] = ParseNumber(row.fields[box_[i]], where + ", " + std::string(kCsvBox[i]));
    context_.SetBox(edges, *picture, file_, where, &face);
    if (const std::string state = Field(row, "state"); !state.empty()) {
      face.face.state = ParseMaskState(state);
      if (!face.face.state)
        throw AnnotationFault{"bad_state", where, "found state '" + state + "', wanted correct, incorrect or none"};
    }
    AttributeBag bag;
    if (const std::string ignore = Field(row, "ignore"); !ignore.empty()) bag["maskscope.ignore"] = ignore;
    if (const std::string score = Field(row, "score"); !score.empty()) bag["maskscope.score"] = score;
    std::string points;
    for (const std::string_view name : kCsvLandmarks) points += Field(row, name) + " ";
    if (!TrimBlanks(points).empty()) bag["maskscope.landmarks"] = points;
    ForFreeColumns(row, "", &bag);
    TakeBag(bag, "csv", where, &face);
    if (known) picture->faces.push_back(std::move(face));
  }

  ManifestPicture* PictureOf(const CsvTable::Row& row, const std::string& where) {
    const std::string& name = row.fields[path_];
    if (const auto found = pictures_.find(name); found != pictures_.end()) return found->second;
    const auto side = [&](std::string_view column) {
      const std::string text = Field(row, column);
      const double value = text.empty() ? 0 : ParseNumber(text, where + ", " + std::string(column));
      if (value < 0 || value > 1 << 20 || value != static_cast<int>(value))
        throw AnnotationFault{"bad_size", where, "wanted a whole number of pixels"};
      return static_cast<int>(value);
    };
    const std::string split = Field(row, "split");
    if (!split.empty() && !ParseDatasetSplit(split) && !SplitOfWord(split)) {
      throw AnnotationFault{"bad_split", where, "found split '" + split + "', wanted train, validation or test"};
    }
    ManifestPicture* picture = context_.AddPicture(name, side("width"), side("height"), file_, where);
    pictures_[name] = picture;
    if (picture == nullptr) return nullptr;
    if (!split.empty()) picture->split = SplitOfWord(split).value_or(DatasetSplit::kUnassigned);
    AttributeBag bag;
    ForFreeColumns(row, kCsvPicture, &bag);
    TakeBag(bag, "csv", where, picture);
    return picture;
  }

  // Columns that are not ours: with this prefix ("picture."), or without it.
  void ForFreeColumns(const CsvTable::Row& row, std::string_view prefix, AttributeBag* bag) const {
    for (size_t i = 0; i < table_.columns.size(); ++i) {
      const std::string& name = table_.columns[i];
      if (row.fields[i].empty() || i == path_ || i == label_ || IsCsvColumn(name)) continue;
      if (name.starts_with(kCsvPicture) != !prefix.empty()) continue;
      (*bag)[name.substr(prefix.size())] = row.fields[i];
    }
  }

  const CsvTable& table_;
  fs::path file_;
  ImportContext& context_;
  size_t path_ = kNone, label_ = kNone;
  std::array<size_t, 4> box_{};
  std::map<std::string, ManifestPicture*> pictures_;
};

}  // namespace

void ReadCsvInto(ImportContext& context) {
  fs::path file = context.source();
  if (fs::is_directory(file)) file = FindOnlyCsv(file);
  const fs::path folder = context.dataset().root;
  context.SetImages(FirstFolder(folder, {"images"}, folder));
  const CsvTable table = ParseCsv(ReadAnnotationText(file, kMaxAnnotationBytes), file.string());
  Rows(table, file, context).Read();
  context.WarnOfUnlabelled(context.images());
}

}  // namespace maskscope
