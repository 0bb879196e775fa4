#include "data/formats/collection.h"

#include <map>
#include <set>

#include "base/csv.h"
#include "base/error.h"
#include "base/files.h"
#include "data/formats/import_context.h"
#include "data/formats/yolo_yaml.h"
#include "data/labels.h"

// A collection folder: sets side by side, one table that says which picture is for what.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

struct SplitRow {
  int line = 0;
  Split split = Split::kTrain;
  std::string set, name, label, group;
  bool synthetic = false;
};

std::string LineOf(int line) { return "line " + std::to_string(line); }

Split ParseSplit(const std::string& text, const fs::path& file, int line) {
  if (text == "train") return Split::kTrain;
  if (text == "test") return Split::kTest;
  FailLabel(file, LineOf(line), "found split '" + text + "', wanted train or test");
}

// Rows of splits.csv, of scenes (set,image,split,group) or faces (set,image,label,split,group,synthetic).
std::vector<SplitRow> ReadSplits(const fs::path& file, bool faces) {
  const std::vector<std::string> columns =
      faces ? std::vector<std::string>{"set", "image", "label", "split", "group", "synthetic"}
            : std::vector<std::string>{"set", "image", "split", "group"};
  std::vector<SplitRow> rows;
  std::set<std::pair<std::string, std::string>> seen;
  std::map<std::string, Split> side_of_group;
  for (const CsvTable::Row& line : ReadCsv(file, columns).rows) {
    SplitRow row;
    row.line = line.line;
    row.set = line.fields[0];
    row.name = line.fields[1];
    row.split = ParseSplit(line.fields[faces ? 3 : 2], file, line.line);
    row.group = line.fields[faces ? 4 : 3];
    if (row.group.empty()) FailLabel(file, LineOf(line.line), "the group is empty");
    if (faces) {
      row.label = line.fields[2];
      if (line.fields[5] != "0" && line.fields[5] != "1") {
        FailLabel(file, LineOf(line.line), "found synthetic '" + line.fields[5] + "', wanted 0 or 1");
      }
      row.synthetic = line.fields[5] == "1";
    }
    if (!seen.emplace(row.set, row.name).second) {
      FailLabel(file, LineOf(line.line), "a second row for '" + row.set + "/" + row.name + "'");
    }
    // Test pictures whose twins are trained on would measure memory.
    const auto [side, fresh] = side_of_group.emplace(row.group, row.split);
    if (!fresh && side->second != row.split) {
      FailLabel(file, LineOf(line.line), "group '" + row.group + "' is in train and in test");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<LabelledImage> ReadSceneSet(const fs::path& folder) {
  const fs::path images = FirstFolder(folder, {"JPEGImages", "images"}, {});
  const fs::path annotations = FirstFolder(folder, {"Annotations", "annotations"}, {});
  const fs::path labels = FirstFolder(folder, {"labels"}, {});
  if (images.empty() || (annotations.empty() && labels.empty())) {
    throw Error(ErrorKind::kBadData,
                "set '" + folder.string() +
                    "': wanted a VOC set (Annotations/ and JPEGImages/ or images/) or a YOLO set " +
                    "(labels/, images/ and data.yaml)");
  }
  if (!annotations.empty()) return ReadVoc(annotations, images);
  return ReadYolo(labels, images, ReadYoloYaml(folder / "data.yaml").names);
}

// Boxes that a reader found not to show a face at all are neither faces nor background.
void ApplyAudit(const fs::path& file, std::map<std::string, LabelledImage>& images) {
  static const std::set<std::string> kFlags{"ok",
                                            "ambiguous",
                                            "eyes_forehead_or_odd_placement",
                                            "not_face",
                                            "not_a_face",
                                            "not_looked_at",
                                            "too_blurred_or_dark"};
  for (const CsvTable::Row& row : ReadCsv(file, {"image", "object", "flag"}).rows) {
    const auto image = images.find(row.fields[0]);
    if (image == images.end()) FailLabel(file, LineOf(row.line), "no such picture: '" + row.fields[0] + "'");
    const double object = ParseLabelNumber(row.fields[1], file, LineOf(row.line) + ", object");
    std::vector<LabelledFace>& faces = image->second.faces;
    if (object < 0 || object >= static_cast<double>(faces.size()) || object != static_cast<int>(object)) {
      FailLabel(file, LineOf(row.line), "object " + row.fields[1] + " does not exist in '" + row.fields[0] + "'");
    }
    if (kFlags.count(row.fields[2]) == 0) FailLabel(file, LineOf(row.line), "unknown flag '" + row.fields[2] + "'");
    if (row.fields[2] == "not_face" || row.fields[2] == "not_a_face") {
      LabelledFace& face = faces[static_cast<size_t>(object)];
      face.ignore = true;
      face.state.reset();
    }
  }
}

std::map<std::string, LabelledImage> ReadSceneSetByName(const fs::path& folder) {
  std::map<std::string, LabelledImage> by_name;
  for (LabelledImage& image : ReadSceneSet(folder)) {
    image.set = folder.filename().string();
    by_name.emplace(image.name, std::move(image));
  }
  if (fs::exists(folder / "incorrect_audit.csv")) ApplyAudit(folder / "incorrect_audit.csv", by_name);
  return by_name;
}

// Crops in class folders, and crops that lie loose in the set's folder: their label stands in the table alone.
std::map<std::string, LabelledCrop> ReadFaceSetByName(const fs::path& folder) {
  std::map<std::string, LabelledCrop> by_name;
  const auto add = [&](const fs::path& path, const std::string& name) {
    LabelledCrop crop;
    crop.path = path;
    crop.set = folder.filename().string();
    crop.name = name;
    by_name.emplace(name, std::move(crop));
  };
  for (const fs::path& path : ListPictures(folder)) add(path, path.filename().string());
  for (const fs::path& label : ListFolders(folder)) {
    for (const fs::path& path : ListPictures(label)) add(path, (label.filename() / path.filename()).string());
  }
  return by_name;
}

// Every folder below `root` read by `read_set`, joined with the rows of splits.csv.
template <typename Item, typename ReadSet, typename Use>
std::vector<Item> Join(const fs::path& root, const std::vector<SplitRow>& rows, Split split, const ReadSet& read_set,
                       const Use& use) {
  const fs::path table = root / "splits.csv";
  std::map<std::string, std::map<std::string, Item>> sets;
  for (const fs::path& folder : ListFolders(root)) sets[folder.filename().string()] = read_set(folder);
  std::vector<Item> chosen;
  for (const SplitRow& row : rows) {
    const auto set = sets.find(row.set);
    if (set == sets.end()) FailLabel(table, LineOf(row.line), "there is no set '" + row.set + "'");
    const auto item = set->second.find(row.name);
    if (item == set->second.end()) {
      FailLabel(table, LineOf(row.line), "set '" + row.set + "' has no labelled picture '" + row.name + "'");
    }
    if (row.split == split) chosen.push_back(use(row, std::move(item->second)));
    set->second.erase(item);
  }
  for (const auto& [set, left] : sets) {
    if (!left.empty()) {
      throw Error(ErrorKind::kBadData,
                  "picture '" + set + "/" + left.begin()->first + "' has no row in '" + table.string() + "'");
    }
  }
  return chosen;
}

}  // namespace

std::vector<LabelledImage> ReadScenes(const fs::path& collection, Split split) {
  const fs::path root = collection / "scenes";
  return Join<LabelledImage>(root, ReadSplits(root / "splits.csv", false), split, ReadSceneSetByName,
                             [](const SplitRow& row, LabelledImage image) {
                               image.group = row.group;
                               return image;
                             });
}

std::vector<LabelledCrop> ReadFaces(const fs::path& collection, Split split) {
  const fs::path root = collection / "faces";
  const fs::path table = root / "splits.csv";
  return Join<LabelledCrop>(
      root, ReadSplits(table, true), split, ReadFaceSetByName, [&](const SplitRow& row, LabelledCrop crop) {
        const size_t slash = row.name.find('/');
        if (slash != std::string::npos && row.name.substr(0, slash) != row.label) {
          FailLabel(table, LineOf(row.line), "found label '" + row.label + "' for picture '" + row.name + "'");
        }
        crop.state = FindLabelClass(row.label, DefaultClassMap(), table, LineOf(row.line)).state;
        crop.group = row.group;
        crop.synthetic = row.synthetic;
        return crop;
      });
}

}  // namespace maskscope
