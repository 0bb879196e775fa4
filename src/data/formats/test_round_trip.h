#ifndef MASKSCOPE_DATA_FORMATS_TEST_ROUND_TRIP_H_
#define MASKSCOPE_DATA_FORMATS_TEST_ROUND_TRIP_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/formats/formats.h"

// For tests only: what each format holds, and whether a set that went through one came back with that.
namespace maskscope {

// One row a format; docs/formats.md says the same to users. All hold pictures, boxes and how many faces there are.
struct Holds {
  DataFormat format;
  bool labels = false;       // class names, and with them the states
  bool class_order = false;  // all class names in the order of their numbers
  bool ignore = false;       // ignored faces, whatever their class
  bool landmarks = false;
  bool scores = false;
  bool face_attributes = false;  // whatever their names
  bool splits = false;
  bool pictures = false;  // group, author, licence, address, kind, synthetic, attributes
  bool low_edges = true;  // left and upper edges that lie within the first pixel
  bool blanks_in_labels = true;
};

inline const std::vector<Holds>& AllHolds() {
  static const std::vector<Holds> rows{
      {.format = DataFormat::kManifest,
       .labels = true,
       .class_order = true,
       .ignore = true,
       .landmarks = true,
       .scores = true,
       .face_attributes = true,
       .splits = true,
       .pictures = true},
      {.format = DataFormat::kVoc,
       .labels = true,
       .ignore = true,
       .landmarks = true,
       .scores = true,
       .face_attributes = true,
       .splits = true,
       .pictures = true,
       .low_edges = false},
      {.format = DataFormat::kYolo, .labels = true, .class_order = true, .scores = true, .splits = true},
      {.format = DataFormat::kCoco,
       .labels = true,
       .class_order = true,
       .ignore = true,
       .landmarks = true,
       .scores = true,
       .face_attributes = true,
       .splits = true,
       .pictures = true},
      {.format = DataFormat::kWider, .ignore = true, .splits = true},
      {.format = DataFormat::kRetinaFace, .landmarks = true},
      {.format = DataFormat::kKitti, .labels = true, .scores = true, .blanks_in_labels = false},
      {.format = DataFormat::kCvat,
       .labels = true,
       .class_order = true,
       .ignore = true,
       .landmarks = true,
       .scores = true,
       .face_attributes = true,
       .splits = true},
      {.format = DataFormat::kLabelStudio,
       .labels = true,
       .ignore = true,
       .landmarks = true,
       .scores = true,
       .face_attributes = true,
       .splits = true,
       .pictures = true},
      {.format = DataFormat::kCsv,
       .labels = true,
       .ignore = true,
       .landmarks = true,
       .scores = true,
       .face_attributes = true,
       .splits = true,
       .pictures = true},
  };
  return rows;
}

inline Holds Both(const Holds& a, const Holds& b) {
  return {a.format,
          a.labels && b.labels,
          a.class_order && b.class_order,
          a.ignore && b.ignore,
          a.landmarks && b.landmarks,
          a.scores && b.scores,
          a.face_attributes && b.face_attributes,
          a.splits && b.splits,
          a.pictures && b.pictures,
          a.low_edges && b.low_edges,
          a.blanks_in_labels && b.blanks_in_labels};
}

// Writes the set as `target` (a manifest with its ending) and reads it again. Pictures stay where they are; classes
// mean what `classes` says.
inline Dataset ThroughFormat(const Dataset& dataset, DataFormat format, const std::filesystem::path& target,
                             const ClassMap& classes, PictureCheck check) {
  ExportOptions out;
  out.target = format == DataFormat::kManifest ? target.string() + ".jsonl" : target.string();
  out.format = format;
  out.classes = classes;
  const ExportSummary summary = WriteAnnotations(dataset, out);
  if (format == DataFormat::kManifest) return ReadManifest(out.target);
  ImportOptions in;
  in.source = out.target;
  in.format = format;
  in.images = summary.images;
  in.classes = classes;
  in.check = check;
  return ReadAnnotations(in, [](const DataProblem& problem) {
    EXPECT_NE(problem.severity, DataProblem::Severity::kError)
        << problem.file << " " << problem.where << " " << problem.kind << ": " << problem.message;
  });
}

// Where the picture lies, whatever the set's root is.
inline std::string PlaceOf(const Dataset& dataset, const ManifestPicture& picture) {
  return std::filesystem::weakly_canonical(std::filesystem::absolute(dataset.root / picture.path)).string();
}

inline std::string ShowBox(const Box& box) {
  return std::to_string(box.x1) + " " + std::to_string(box.y1) + " " + std::to_string(box.x2) + " " +
         std::to_string(box.y2);
}

inline Box WithoutLowEdges(Box box) {
  if (box.x1 <= 1 && box.x2 > 1) box.x1 = 0;
  if (box.y1 <= 1 && box.y2 > 1) box.y1 = 0;
  return box;
}

inline std::string WithoutBlanks(std::string label) {
  std::replace(label.begin(), label.end(), ' ', '_');
  return label;
}

// What came back of a face, all of what is held. A face without a published name gets one.
inline void ExpectFaceHeld(const ManifestFace& wanted, const ManifestFace& found, const Holds& holds,
                           const ClassMap& classes) {
  const Box box = holds.low_edges ? wanted.face.box : WithoutLowEdges(wanted.face.box);
  EXPECT_TRUE(box == found.face.box) << "wanted " << ShowBox(box) << ", found " << ShowBox(found.face.box);
  EXPECT_EQ(found.face.state, holds.labels ? wanted.face.state : std::nullopt);
  if (holds.labels) {
    if (!wanted.label.empty()) {
      EXPECT_EQ(holds.blanks_in_labels ? wanted.label : WithoutBlanks(wanted.label), found.label);
    }
  }
  const auto meaning = classes.find(wanted.label);
  const bool by_class = holds.labels && !wanted.face.state && wanted.face.ignore &&
                        (wanted.label.empty() || (meaning != classes.end() && meaning->second == "ignore"));
  if (!wanted.face.ignore || holds.ignore || by_class) {
    EXPECT_EQ(wanted.face.ignore, found.face.ignore);
  }
  EXPECT_EQ(found.face.landmarks, holds.landmarks ? wanted.face.landmarks : std::vector<Point>());
  EXPECT_EQ(found.score, holds.scores ? wanted.score : std::nullopt);
  if (!holds.face_attributes) return;
  for (const auto& [key, value] : wanted.attributes) {
    const auto there = found.attributes.find(key);
    EXPECT_TRUE(there != found.attributes.end()) << "attribute " << key << " is gone";
    if (there != found.attributes.end()) {
      EXPECT_EQ(there->second, value) << key;
    }
  }
}

inline void ExpectPictureHeld(const ManifestPicture& wanted, const ManifestPicture& found, const Holds& holds,
                              const ClassMap& classes) {
  if (wanted.width > 0 && found.width > 0) {  // without reading pictures some formats know no sizes
    EXPECT_EQ(std::pair(wanted.width, wanted.height), std::pair(found.width, found.height));
  }
  EXPECT_EQ(DatasetSplitName(found.split), DatasetSplitName(holds.splits ? wanted.split : DatasetSplit::kUnassigned));
  if (holds.pictures) {
    EXPECT_EQ(wanted.group, found.group);
    EXPECT_EQ(wanted.author, found.author);
    EXPECT_EQ(wanted.licence, found.licence);
    EXPECT_EQ(wanted.url, found.url);
    EXPECT_EQ(wanted.synthetic, found.synthetic);
    EXPECT_EQ(PictureKindName(wanted.kind), PictureKindName(found.kind));
    for (const auto& [key, value] : wanted.attributes) {
      const auto there = found.attributes.find(key);
      EXPECT_TRUE(there != found.attributes.end() && there->second == value) << key;
    }
  }
  ASSERT_EQ(wanted.faces.size(), found.faces.size());
  for (size_t i = 0; i < wanted.faces.size(); ++i) {
    SCOPED_TRACE("face " + std::to_string(i));
    ExpectFaceHeld(wanted.faces[i], found.faces[i], holds, classes);
  }
}

// Everything that `holds` says came back: no less, and where a format holds nothing, nothing made up.
inline void ExpectHeld(const Dataset& wanted, const Dataset& found, const Holds& holds, const ClassMap& classes) {
  ASSERT_EQ(wanted.pictures.size(), found.pictures.size());
  std::map<std::string, const ManifestPicture*> by_place;
  for (const ManifestPicture& picture : found.pictures) by_place[PlaceOf(found, picture)] = &picture;
  for (const ManifestPicture& picture : wanted.pictures) {
    SCOPED_TRACE(picture.path);
    const auto there = by_place.find(PlaceOf(wanted, picture));
    ASSERT_TRUE(there != by_place.end());
    ExpectPictureHeld(picture, *there->second, holds, classes);
    if (testing::Test::HasFailure()) return;  // one picture says enough
  }
  if (!holds.class_order) return;
  ASSERT_GE(found.header.classes.size(), wanted.header.classes.size());
  for (size_t i = 0; i < wanted.header.classes.size(); ++i) {
    EXPECT_EQ(wanted.header.classes[i], found.header.classes[i]);
  }
}

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_TEST_ROUND_TRIP_H_
