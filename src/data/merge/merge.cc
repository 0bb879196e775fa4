#include "data/merge/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "data/merge/compare_labels.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

fs::path RealFolder(const fs::path& folder) {
  return fs::weakly_canonical(fs::absolute(folder.empty() ? "." : folder));
}

// The deepest folder that holds both.
fs::path CommonFolder(const fs::path& a, const fs::path& b) {
  fs::path common;
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  for (auto part = a.begin(); part != end; ++part) common /= *part;
  return common;
}

// What is measured on is never trained on: test beats validation beats train beats nothing.
int Strictness(DatasetSplit split) { return static_cast<int>(split); }

// Names of groups that turned out to be one.
class GroupUnion {
 public:
  const std::string& Find(const std::string& group) {
    const auto found = parent_.find(group);
    if (found == parent_.end()) return group;
    const std::string& top = Find(found->second);
    if (top != found->second) found->second = top;
    return found->second;
  }
  // The first name stays.
  void Join(const std::string& first, const std::string& second) {
    const std::string a = Find(first), b = Find(second);
    if (a != b) parent_[b] = a;
  }
  bool empty() const { return parent_.empty(); }

 private:
  std::unordered_map<std::string, std::string> parent_;
};

class Merger {
 public:
  Merger(const std::vector<MergeInput>& inputs, const MergeOptions& options) : options_(options) {
    fs::path root = RealFolder(inputs.at(0).dataset.root);
    for (const MergeInput& input : inputs) root = CommonFolder(root, RealFolder(input.dataset.root));
    result_.dataset.root = root;
    ManifestHeader& header = result_.dataset.header;
    header = {};
    header.name = options.name.empty() ? inputs[0].dataset.header.name : options.name;
  }

  void Add(MergeInput& input, size_t number) {
    sources_.push_back(input.source);
    AddHeader(input);
    const fs::path from = RealFolder(input.dataset.root);
    std::string prefix = from.lexically_relative(result_.dataset.root).generic_string();
    prefix = prefix == "." ? "" : prefix + "/";
    for (ManifestPicture& picture : input.dataset.pictures) {
      picture.path = prefix + picture.path;
      AddPicture(std::move(picture), input.source, number);
    }
    input.dataset.pictures = {};  // its memory is needed
  }

  MergeResult Take() {
    if (!groups_.empty()) {
      for (ManifestPicture& picture : result_.dataset.pictures) {
        if (!picture.group.empty()) picture.group = groups_.Find(picture.group);
      }
    }
    return std::move(result_);
  }

 private:
  void AddHeader(const MergeInput& input) {
    ManifestHeader& header = result_.dataset.header;
    const ManifestHeader& other = input.dataset.header;
    if (!input.hash.empty()) header.parents.push_back(input.hash);
    for (const std::string& step : other.recipe) {
      if (std::find(header.recipe.begin(), header.recipe.end(), step) == header.recipe.end()) {
        header.recipe.push_back(step);
      }
    }
    for (const std::string& name : other.classes) {
      if (std::find(header.classes.begin(), header.classes.end(), name) == header.classes.end()) {
        header.classes.push_back(name);
      }
    }
    for (const auto& [name, set] : other.sets) {
      const auto [known, fresh] = header.sets.emplace(name, set);
      if (fresh) {
        set_source_[name] = input.source;
        continue;
      }
      AddSetText(name, "origin", known->second.origin, set.origin, input.source);
      AddSetText(name, "licence", known->second.licence, set.licence, input.source);
    }
  }

  // What one input leaves open another may say; where both say something else, the first stays.
  void AddSetText(const std::string& name, const char* field, std::string& known, const std::string& other,
                  const std::string& source) {
    if (known.empty()) known = other;
    if (other.empty() || other == known) return;
    result_.conflicts.push_back({"set",
                                 name,
                                 set_source_[name],
                                 source,
                                 {fmt::format("{}: '{}' in the first, '{}' in the second", field, known, other)},
                                 "the first"});
  }

  void AddPicture(ManifestPicture&& picture, const std::string& source, size_t number) {
    if (picture.hash.empty()) {
      throw Error(ErrorKind::kBadData, "'" + source + "': picture '" + picture.path + "' has no content hash");
    }
    const auto [by_hash, fresh] = by_hash_.emplace(picture.hash, result_.dataset.pictures.size());
    if (!fresh) {
      ++result_.joined;
      Join(result_.dataset.pictures[by_hash->second], input_of_[by_hash->second], std::move(picture), source, number);
      return;
    }
    const auto [by_path, new_path] = by_path_.emplace(picture.path, result_.dataset.pictures.size());
    if (!new_path) {
      throw Error(ErrorKind::kBadData, "'" + sources_[input_of_[by_path->second]] + "' and '" + source +
                                           "' name two contents for the picture '" + picture.path +
                                           "': it was changed since one of them was written; 'maskscope data check' " +
                                           "tells which");
    }
    input_of_.push_back(number);
    result_.dataset.pictures.push_back(std::move(picture));
  }

  // One content in two places.
  void Join(ManifestPicture& first, size_t& labels_from, ManifestPicture&& second, const std::string& source,
            size_t number) {
    JoinLabels(first, labels_from, second, source, number);
    const DatasetSplit split = Strictness(first.split) >= Strictness(second.split) ? first.split : second.split;
    if (first.split != second.split && first.split != DatasetSplit::kUnassigned &&
        second.split != DatasetSplit::kUnassigned) {
      result_.conflicts.push_back({"split",
                                   first.path,
                                   sources_[labels_from],
                                   source,
                                   {fmt::format("{} in the first, {} in the second", DatasetSplitName(first.split),
                                                DatasetSplitName(second.split))},
                                   std::string(DatasetSplitName(split))});
    }
    first.split = split;
    if (first.group.empty()) {
      first.group = second.group;
    } else if (!second.group.empty() && first.group != second.group) {
      groups_.Join(first.group, second.group);
    }
    if (first.width == 0) {
      first.width = second.width;
      first.height = second.height;
    }
    first.synthetic = first.synthetic || second.synthetic;
    for (auto [mine, other] : {std::pair(&first.author, &second.author), std::pair(&first.licence, &second.licence),
                               std::pair(&first.url, &second.url)}) {
      if (mine->empty()) *mine = *other;
    }
    first.attributes.merge(second.attributes);
  }

  void JoinLabels(ManifestPicture& first, size_t& labels_from, ManifestPicture& second, const std::string& source,
                  size_t number) {
    std::vector<std::string> differences = CompareLabels(first, second);
    const bool take_second = options_.choice == ConflictChoice::kLast && !SameLabels(first, second);
    if (!differences.empty()) {
      if (options_.choice == ConflictChoice::kFail) {
        throw Error(ErrorKind::kBadData,
                    "'" + sources_[labels_from] + "' and '" + source + "' label the same picture '" + first.path +
                        "' differently: " + differences[0] + "; --on-conflict first or last chooses one of them");
      }
      result_.conflicts.push_back({"labels", first.path, sources_[labels_from], source, std::move(differences),
                                   take_second ? "the second" : "the first"});
    }
    if (!take_second) return;
    first.kind = second.kind;
    first.faces = std::move(second.faces);
    labels_from = number;
  }

  const MergeOptions& options_;
  MergeResult result_;
  GroupUnion groups_;
  std::vector<std::string> sources_;
  std::vector<size_t> input_of_;  // of each merged picture: where its labels are from
  std::map<std::string, std::string> set_source_;
  std::unordered_map<std::string, size_t> by_hash_, by_path_;
};

}  // namespace

MergeResult MergeDatasets(std::vector<MergeInput> inputs, const MergeOptions& options) {
  if (inputs.empty()) throw Error(ErrorKind::kUsage, "merging: found no input, wanted at least one");
  Merger merger(inputs, options);
  for (size_t i = 0; i < inputs.size(); ++i) merger.Add(inputs[i], i);
  return merger.Take();
}

}  // namespace maskscope
