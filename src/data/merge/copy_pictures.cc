#include <map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/threads.h"
#include "data/merge/merge.h"
#include "image/decode.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

// A set's name as a folder's.
std::string FolderName(std::string set) {
  for (char& c : set) c = c == '/' || c == '\0' ? '_' : c;
  return set == "." || set == ".." ? "_" : set;
}

std::string Aside(const fs::path& path, const std::string& hash) {
  const std::string digits = hash.substr(hash.find(':') + 1, 8);
  return (path.parent_path() / (path.stem().string() + "-" + digits + path.extension().string())).generic_string();
}

// Where each picture goes: its own path below its set, another name where two want the same.
std::vector<std::string> TargetPaths(const Dataset& dataset) {
  std::map<std::string, size_t> taken;
  std::vector<std::string> targets;
  for (const ManifestPicture& picture : dataset.pictures) {
    std::string target = FolderName(picture.set) + "/" + (picture.name.empty() ? picture.path : picture.name);
    const fs::path tidy = fs::path(target).lexically_normal();
    if (tidy != fs::path(target) || tidy.begin()->string() != FolderName(picture.set)) {
      target = FolderName(picture.set) + "/" + picture.path;  // a name that is no path: the path is one
    }
    if (taken.contains(target)) target = Aside(target, picture.hash);
    taken.emplace(target, targets.size());
    targets.push_back(std::move(target));
  }
  return targets;
}

void CopyOne(const fs::path& from, const fs::path& to, const std::string& hash) {
  std::error_code code;
  if (fs::is_regular_file(to, code) && ContentHashOfFile(to) == hash) return;
  if (fs::exists(to, code)) {
    throw Error(ErrorKind::kOutput, "'" + to.string() + "' exists and is another file; choose another folder");
  }
  const std::vector<uint8_t> bytes = ReadFileBytes(from, DecodeOptions().max_file_bytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (ContentHash(text) != hash) {
    throw Error(ErrorKind::kBadData, "'" + from.string() + "' has changed: its content is not what its hash says");
  }
  MakeFolder(to.parent_path());
  WriteFileAtomically(to, text);
}

}  // namespace

void CopyPictures(Dataset& dataset, const fs::path& folder, int workers, Progress* progress,
                  const std::function<bool()>& stop) {
  const std::vector<std::string> targets = TargetPaths(dataset);
  MakeFolder(folder);
  if (progress != nullptr) progress->Start("copying", static_cast<int64_t>(targets.size()), "pictures");
  ParallelFor(targets.size(), workers, [&](size_t i) {
    if (stop && stop()) throw Error(ErrorKind::kInterrupted, "stopped while pictures were copied");
    CopyOne(dataset.root / dataset.pictures[i].path, folder / targets[i], dataset.pictures[i].hash);
    if (progress != nullptr) progress->Step();
  });
  if (progress != nullptr) progress->Finish();
  for (size_t i = 0; i < targets.size(); ++i) dataset.pictures[i].path = targets[i];
  dataset.root = folder;
}

}  // namespace maskscope
