#include "evaluate/picture_index.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/error.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

std::set<std::string> Folders(const LabelledImage& image) {
  std::set<std::string> names{image.set};
  for (const fs::path& part : image.path.parent_path()) names.insert(part.string());
  for (const fs::path& part : fs::path(image.name).parent_path()) names.insert(part.string());
  return names;
}

}  // namespace

PictureIndex::PictureIndex(const std::vector<LabelledImage>& images) : images_(images) {
  for (size_t i = 0; i < images.size(); ++i) {
    const std::string stem = images[i].path.stem().string();
    by_stem_[stem].push_back(i);
    long long number = 0;
    const auto [rest, code] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (code == std::errc() && rest == stem.data() + stem.size()) by_number_[number].push_back(i);
  }
}

std::optional<size_t> PictureIndex::OnlyOne(const std::vector<size_t>& found, const std::string& name,
                                            const std::string& where) const {
  if (found.size() == 1) return found[0];
  if (found.empty()) return std::nullopt;
  throw Error(ErrorKind::kBadData, where + ": '" + name + "' can be " + images_[found[0]].path.string() + " or " +
                                       images_[found[1]].path.string() + "; put the name of the set before it (SET/" +
                                       name + "), or choose one with --set");
}

std::optional<size_t> PictureIndex::Find(const std::string& name, const std::string& where) const {
  const fs::path path(name);
  auto found = by_stem_.find(path.stem().string());
  // A name without ending may hold a dot: "a.b" for a.b.jpg.
  if (found == by_stem_.end()) found = by_stem_.find(path.filename().string());
  if (found == by_stem_.end()) return std::nullopt;
  if (found->second.size() == 1) return found->second[0];
  std::vector<size_t> fitting;
  for (const size_t i : found->second) {
    const std::set<std::string> folders = Folders(images_[i]);
    const fs::path parent = path.parent_path();
    const bool all = std::all_of(parent.begin(), parent.end(),
                                 [&](const fs::path& part) { return part == "." || folders.count(part.string()) > 0; });
    if (all) fitting.push_back(i);
  }
  return OnlyOne(fitting, name, where);
}

std::optional<size_t> PictureIndex::FindNumber(long long number, const std::string& where) const {
  const auto found = by_number_.find(number);
  if (found == by_number_.end()) return std::nullopt;
  return OnlyOne(found->second, std::to_string(number), where);
}

}  // namespace maskscope
