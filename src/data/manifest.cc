#include "data/manifest.h"

#include <array>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "data/content_hash.h"
#include "data/labels.h"
#include "data/manifest_json.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr size_t kWriteBytes = size_t{1} << 20;
constexpr size_t kReadBytes = size_t{1} << 18;
// A line of a hundred thousand faces has some 10 MB. Beyond this a file is not a manifest.
constexpr size_t kGreatestLine = size_t{64} << 20;

constexpr std::array<std::string_view, 4> kSplitNames{"unassigned", "train", "validation", "test"};
constexpr std::array<std::string_view, 3> kKindNames{"scene", "face_crop", "not_a_face"};

template <typename T, size_t kCount>
std::optional<T> ParseName(std::string_view name, const std::array<std::string_view, kCount>& names) {
  for (size_t i = 0; i < kCount; ++i) {
    if (names[i] == name) return static_cast<T>(i);
  }
  return std::nullopt;
}

fs::path FolderOf(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

// "a/." and "a/" -> "a".
fs::path Tidy(const fs::path& folder) {
  const fs::path tidy = folder.lexically_normal();
  return tidy.has_filename() || !tidy.has_relative_path() ? tidy : tidy.parent_path();
}

[[noreturn]] void Throw(const fs::path& file, const std::string& line, const JsonFault& fault) {
  FailLabel(file, line + (fault.field.empty() ? "" : ", " + fault.field), fault.what);
}

// How a manifest at `file` should name the folder `root`: relative where it lies in the manifest's folder or in that
// folder's parent (they move together), else absolute.
std::string RootFor(const fs::path& file, const fs::path& root) {
  const fs::path base = fs::weakly_canonical(fs::absolute(FolderOf(file)));
  const fs::path target = fs::weakly_canonical(fs::absolute(root));
  const fs::path relative = Tidy(target.lexically_relative(base));
  int steps_up = 0;
  for (const fs::path& part : relative) steps_up += part == ".." ? 1 : 0;
  if (relative.empty() || steps_up > 1) return target.string();
  return relative.generic_string();
}

}  // namespace

std::string GroupOf(const ManifestPicture& picture) {
  if (!picture.group.empty()) return picture.group;
  return picture.set + "/" + (picture.name.empty() ? picture.path : picture.name);
}

std::string_view DatasetSplitName(DatasetSplit split) { return kSplitNames[static_cast<size_t>(split)]; }
std::optional<DatasetSplit> ParseDatasetSplit(std::string_view name) {
  return ParseName<DatasetSplit>(name, kSplitNames);
}
std::string_view PictureKindName(PictureKind kind) { return kKindNames[static_cast<size_t>(kind)]; }
std::optional<PictureKind> ParsePictureKind(std::string_view name) { return ParseName<PictureKind>(name, kKindNames); }

struct ManifestReader::State {
  fs::path file, root;
  std::ifstream stream;
  std::vector<char> buffer = std::vector<char>(kReadBytes);
  std::string line;
  int64_t number = 0;
  ManifestHeader header;

  // The next line that is not blank; false at the end.
  bool NextLine() {
    do {
      if (!GetLine()) return false;
      ++number;
    } while (line.find_first_not_of(" \t\r") == std::string::npos);
    return true;
  }

  std::string Line() const { return "line " + std::to_string(number); }

 private:
  // As std::getline, but a file without line ends does not fill the memory.
  bool GetLine() try {
    line.clear();
    std::streambuf& bytes = *stream.rdbuf();
    for (int c = bytes.sbumpc(); c != EOF; c = bytes.sbumpc()) {
      if (c == '\n') return true;
      line += static_cast<char>(c);
      if (line.size() > kGreatestLine) {
        FailLabel(file, "line " + std::to_string(number + 1), "longer than 64 MiB; is this a maskscope manifest?");
      }
    }
    return !line.empty();
  } catch (const std::ios_base::failure& error) {
    throw Error(ErrorKind::kUnreadable, "reading '" + file.string() + "' failed: " + error.what());
  }
};

ManifestReader::ManifestReader(const fs::path& file) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.file = file;
  std::error_code code;
  const fs::file_status status = fs::status(file, code);
  if (status.type() == fs::file_type::not_found) {
    throw Error(ErrorKind::kNotFound, "manifest '" + file.string() + "' does not exist");
  }
  if (code || status.type() != fs::file_type::regular) {
    throw Error(ErrorKind::kUnreadable, "manifest '" + file.string() + "' is not a regular file");
  }
  state.stream.rdbuf()->pubsetbuf(state.buffer.data(), static_cast<std::streamsize>(state.buffer.size()));
  state.stream.open(file, std::ios::binary);
  if (!state.stream) throw Error(ErrorKind::kUnreadable, "cannot read '" + file.string() + "'");
  if (!state.NextLine()) FailLabel(file, "line 1", "found nothing, wanted a line that says what the set is");
  try {
    state.header = ParseHeaderLine(state.line, file.string());
  } catch (const JsonFault& fault) {
    Throw(file, state.Line(), fault);
  }
  state.root = Tidy(FolderOf(file) / state.header.root);
}

ManifestReader::~ManifestReader() = default;
ManifestReader::ManifestReader(ManifestReader&&) noexcept = default;
ManifestReader& ManifestReader::operator=(ManifestReader&&) noexcept = default;

const ManifestHeader& ManifestReader::header() const { return state_->header; }
const fs::path& ManifestReader::root() const { return state_->root; }

bool ManifestReader::Next(ManifestPicture* picture) {
  if (!state_->NextLine()) return false;
  try {
    *picture = ParsePictureLine(state_->line);
    CheckPicture(*picture, state_->header);
  } catch (const JsonFault& fault) {
    Throw(state_->file, state_->Line(), fault);
  }
  return true;
}

struct ManifestWriter::State {
  State(const fs::path& path, const ManifestHeader& head) : file(path), header(head), output(path) {}
  fs::path file;
  ManifestHeader header;
  AtomicFile output;
  ContentHasher hasher;
  std::string pending;

  void Put(std::string_view line) {
    pending += line;
    pending += '\n';
    if (pending.size() >= kWriteBytes) Flush();
  }
  void Flush() {
    hasher.Add(pending);
    output.Write(pending);
    pending.clear();
  }
};

ManifestWriter::ManifestWriter(const fs::path& file, const ManifestHeader& header)
    : state_(std::make_unique<State>(file, header)) {
  try {
    state_->Put(HeaderLine(header));
  } catch (const JsonFault& fault) {
    Throw(file, "header", fault);
  }
}

ManifestWriter::~ManifestWriter() = default;
ManifestWriter::ManifestWriter(ManifestWriter&&) noexcept = default;
ManifestWriter& ManifestWriter::operator=(ManifestWriter&&) noexcept = default;

void ManifestWriter::Write(const ManifestPicture& picture) {
  try {
    CheckPicture(picture, state_->header);
    state_->Put(PictureLine(picture));
  } catch (const JsonFault& fault) {
    Throw(state_->file, "picture '" + picture.path.substr(0, 200) + "'", fault);
  }
}

std::string ManifestWriter::Commit() {
  state_->Flush();
  state_->output.Commit();
  return state_->hasher.Finish();
}

Dataset ReadManifest(const fs::path& file) {
  ManifestReader reader(file);
  Dataset dataset;
  dataset.header = reader.header();
  dataset.root = reader.root();
  for (ManifestPicture picture; reader.Next(&picture);) dataset.pictures.push_back(std::move(picture));
  return dataset;
}

std::string WriteManifest(const fs::path& file, const Dataset& dataset) {
  ManifestHeader header = dataset.header;
  if (!dataset.root.empty()) header.root = RootFor(file, dataset.root);
  for (const ManifestPicture& picture : dataset.pictures) {
    if (!picture.set.empty()) header.sets.emplace(picture.set, ManifestSet{});
  }
  ManifestWriter writer(file, header);
  for (const ManifestPicture& picture : dataset.pictures) writer.Write(picture);
  return writer.Commit();
}

}  // namespace maskscope
