#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "data/formats/test_round_trip.h"
#include "data/test_folder.h"

// Random sets through every format, and through every pair: what a format holds comes back.
namespace maskscope {
namespace {

constexpr int kRounds = 25;

const std::vector<std::string>& PictureNames() {
  static const std::vector<std::string> names{"a.png",
                                              "b c/\xd0\xb4'\xc3\xa9 \"q\" & <x>.png",
                                              "b c/\xe5\x8f\xa3\xe7\xbd\xa9 1.png",
                                              "b c/deep/100%25 #2.png",
                                              "b c/deep/=sum(1),2;3.png",
                                              "b c/other/x.y.png"};
  return names;
}

// Several names for a state, in several languages.
const ClassMap& Classes() {
  static const ClassMap classes = [] {
    ClassMap map = DefaultClassMap();
    for (const auto& [name, meaning] : ClassMap{
             {"\xe5\x8f\xa3\xe7\xbd\xa9 \xe6\xad\xa3\xe7\xa1\xae", "correct"},
             {"\xd0\xbc\xd0\xb0\xd1\x81\xd0\xba\xd0\xb0 \"\xd0\xbf\xd0\xbb\xd0\xbe\xd1\x85\xd0\xbe\"", "incorrect"},
             {"ohne Maske, wirklich", "none"},
             {"0", "none"},
             {"visage < & > ?", "face"},
             {"it's nothing", "ignore"}}) {
      map[name] = meaning;
      map[WithoutBlanks(name)] = meaning;  // as KITTI writes it
    }
    return map;
  }();
  return classes;
}

class RandomSet {
 public:
  RandomSet(uint64_t seed, const std::filesystem::path& root) : random_(seed) {
    dataset_.root = root;
    dataset_.header.sets["pictures"];
    for (const auto& [name, meaning] : Classes()) {
      if (random_.Chance(0.5)) dataset_.header.classes.push_back(name);
    }
    random_.Shuffle(dataset_.header.classes);
  }

  Dataset Draw(const std::map<std::string, std::pair<int, int>>& sizes) {
    for (const auto& [name, size] : sizes) {
      if (random_.Chance(0.3)) continue;
      dataset_.pictures.push_back(Picture(name, size));
    }
    if (dataset_.pictures.empty()) dataset_.pictures.push_back(Picture(sizes.begin()->first, sizes.begin()->second));
    return std::move(dataset_);
  }

 private:
  ManifestPicture Picture(const std::string& name, std::pair<int, int> size) {
    ManifestPicture picture;
    picture.path = picture.name = name;
    picture.set = "pictures";
    std::tie(picture.width, picture.height) = size;
    picture.split = static_cast<DatasetSplit>(random_.Below(4));
    if (random_.Chance(0.5)) picture.group = Pick({"g1", "\xd0\xb3\xd1\x80 2/\"x\"", "a, b"});
    if (random_.Chance(0.2)) picture.author = "Zo\xc3\xab \"Z\" <zoe@example.org>";
    if (random_.Chance(0.2)) picture.licence = "CC BY 4.0";
    if (random_.Chance(0.2)) picture.url = "https://example.org/?a=1&b=2#c";
    if (random_.Chance(0.3)) picture.attributes["collect.query"] = AnyText();
    if (random_.Chance(0.3)) picture.attributes["voc.source"] = AnyText();
    picture.synthetic = random_.Chance(0.2);
    if (random_.Chance(0.1)) {
      picture.kind = PictureKind::kNotAFace;
      return picture;
    }
    const bool crop = random_.Chance(0.1);
    const int faces = crop ? 1 : random_.Chance(0.1) ? 150 : random_.Int(0, 6);
    for (int i = 0; i < faces; ++i) picture.faces.push_back(Face(picture));
    if (crop) {
      picture.kind = PictureKind::kFaceCrop;
      picture.faces[0].face.box = {0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height)};
    }
    return picture;
  }

  ManifestFace Face(const ManifestPicture& picture) {
    ManifestFace face;
    std::tie(face.face.box.x1, face.face.box.x2) = Edges(picture.width);
    std::tie(face.face.box.y1, face.face.box.y2) = Edges(picture.height);
    Label(face);
    if (random_.Chance(0.4)) {
      for (int i = 0; i < 5; ++i) {
        face.face.landmarks.push_back({static_cast<float>(random_.Uniform(-20, picture.width + 20)),
                                       static_cast<float>(random_.Uniform(-20, picture.height + 20))});
      }
    }
    if (random_.Chance(0.4)) face.score = random_.Chance(0.1) ? 1.f : static_cast<float>(random_.Uniform());
    for (const char* key : {"audit.flag", "voc.pose", "cvat.occluded", "kitti.alpha", "wider.blur", "coco.shape"}) {
      if (random_.Chance(0.15)) face.attributes[key] = std::string(key) == "kitti.alpha" ? "-1.5" : AnyText();
    }
    return face;
  }

  // Every kind of label there is: published and not, ignored by name and by flag, of no state.
  void Label(ManifestFace& face) {
    const std::optional<MaskState> states[] = {MaskState::kCorrect, MaskState::kIncorrect, MaskState::kNone,
                                               std::nullopt};
    face.face.state = states[random_.Below(4)];
    face.face.ignore = random_.Chance(0.2);
    if (random_.Chance(0.2)) return;
    std::vector<std::string> fitting;
    for (const auto& [name, meaning] : Classes()) {
      if (meaning == (face.face.state ? MaskStateName(*face.face.state) : face.face.ignore ? "ignore" : "face"))
        fitting.push_back(name);
    }
    face.label = fitting[random_.Below(fitting.size())];
  }

  // Whole numbers, sixteenths, any float; now and then at the frame.
  std::pair<float, float> Edges(int side) {
    double low = random_.Uniform(0, side - 1), high = random_.Uniform(low + 0.5, side);
    const double step = random_.Chance(0.3) ? 1 : random_.Chance(0.5) ? 0.0625 : 0;
    if (step > 0) {
      low = std::floor(low / step) * step;
      high = std::min<double>(side, std::ceil(high / step) * step);
    }
    if (random_.Chance(0.1)) low = 0;
    if (random_.Chance(0.1)) high = side;
    return {static_cast<float>(low), static_cast<float>(high)};
  }

  std::string Pick(const std::vector<std::string>& texts) { return texts[random_.Below(texts.size())]; }
  std::string AnyText() {
    return Pick({"plain", "<b> & \"c\"", "\xd0\xbb\xd0\xb5\xd0\xb2\xd0\xbe; 100 %, it's", "two\nlines\tand a tab",
                 "{\"json\":[1,2.5,null]}", "12", "true", "=1+1", "[]"});
  }

  Random random_;
  Dataset dataset_;
};

class RoundTripTest : public testing::Test {
 protected:
  void SetUp() override {
    int width = 61;
    for (const std::string& name : PictureNames()) {
      sizes_[name] = {width, 900 - 2 * width};
      folder_.WritePicture("pictures/" + name, width, 900 - 2 * width);
      width += 40;
    }
  }
  Dataset Draw(uint64_t seed) const { return RandomSet(seed, folder_ / "pictures").Draw(sizes_); }
  Dataset Through(const Dataset& dataset, DataFormat format) {
    return ThroughFormat(dataset, format, folder_ / ("out" + std::to_string(count_++)), Classes(),
                         PictureCheck::kHeader);
  }
  std::map<std::string, std::pair<int, int>> sizes_;
  TestFolder folder_;
  int count_ = 0;
};

TEST_F(RoundTripTest, EveryFormatGivesBackWhatItHolds) {
  for (const Holds& holds : AllHolds()) {
    for (uint64_t seed = 1; seed <= kRounds; ++seed) {
      SCOPED_TRACE(std::string(DataFormatName(holds.format)) + ", seed " + std::to_string(seed));
      const Dataset dataset = Draw(seed);
      ExpectHeld(dataset, Through(dataset, holds.format), holds, Classes());
      if (HasFailure()) return;
    }
  }
}

TEST_F(RoundTripTest, EveryPairGivesBackWhatBothHold) {
  uint64_t seed = 1000;
  for (const Holds& first : AllHolds()) {
    for (const Holds& second : AllHolds()) {
      SCOPED_TRACE(std::string(DataFormatName(first.format)) + ", then " + std::string(DataFormatName(second.format)) +
                   ", seed " + std::to_string(++seed));
      const Dataset dataset = Draw(seed);
      ExpectHeld(dataset, Through(Through(dataset, first.format), second.format), Both(first, second), Classes());
      if (HasFailure()) return;
    }
  }
}

// Class folders hold what the others cannot be asked for: whole pictures of one face.
TEST_F(RoundTripTest, ClassFoldersGiveBackCrops) {
  for (uint64_t seed = 1; seed <= kRounds; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Dataset dataset;
    dataset.root = folder_ / "pictures";
    dataset.header.sets["pictures"];
    std::map<std::pair<int, int>, std::tuple<std::string, std::string, bool>> wanted, found;
    for (const auto& [name, size] : sizes_) {
      ManifestPicture picture;
      picture.path = name;
      picture.set = "pictures";
      std::tie(picture.width, picture.height) = size;
      picture.split = static_cast<DatasetSplit>(random.Below(4));
      std::vector<std::string> labels{
          "\xd0\xbc\xd0\xb0\xd1\x81\xd0\xba\xd0\xb0 \"\xd0\xbf\xd0\xbb\xd0\xbe\xd1\x85\xd0\xbe\"",
          "ohne Maske, wirklich", "visage < & > ?", "it's nothing"};
      const std::string label = labels[random.Below(labels.size())];
      const bool face = Classes().at(label) != "ignore";
      if (face) {
        picture.kind = PictureKind::kFaceCrop;
        picture.faces.resize(1);
        picture.faces[0].label = label;
        picture.faces[0].face.state = ParseMaskState(Classes().at(label));
      } else {
        picture.kind = PictureKind::kNotAFace;
        picture.attributes["folders.class"] = label;
      }
      wanted[size] = {label, std::string(DatasetSplitName(picture.split)), face};
      dataset.pictures.push_back(picture);
    }
    ExportOptions out;
    out.target = folder_ / ("folders" + std::to_string(seed));
    out.format = DataFormat::kClassFolders;
    out.copy_pictures = true;
    out.classes = Classes();
    WriteAnnotations(dataset, out);
    ImportOptions in;
    in.source = out.target;
    in.classes = Classes();
    for (const ManifestPicture& picture : ReadAnnotations(in).pictures) {
      const bool face = picture.kind == PictureKind::kFaceCrop;
      found[{picture.width, picture.height}] = {
          face ? picture.faces.at(0).label : picture.attributes.at("folders.class"),
          std::string(DatasetSplitName(picture.split)), face};
      if (face) {
        EXPECT_EQ(picture.faces[0].face.state, ParseMaskState(Classes().at(picture.faces[0].label)));
        EXPECT_EQ(picture.faces[0].face.box,
                  (Box{0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height)}));
      }
    }
    EXPECT_EQ(found, wanted);
  }
}

// One picture with all there is: whatever a format does not hold is counted under a name that says it.
TEST_F(RoundTripTest, WhatIsLostIsCounted) {
  Dataset dataset = Draw(1);
  dataset.pictures.resize(1);
  dataset.header.sets["pictures"] = {"from here", "CC0"};
  ManifestPicture& picture = dataset.pictures[0];
  picture.split = DatasetSplit::kTest;
  picture.group = "g";
  picture.author = "a";
  picture.synthetic = true;
  picture.attributes["collect.query"] = "q";
  ManifestFace face;
  face.face.box = {0.5f, 1, 20, 30};
  face.face.state = MaskState::kNone;
  face.face.ignore = true;
  face.face.landmarks.assign(5, {10, 10});
  face.label = "ohne Maske, wirklich";
  face.score = 0.5f;
  face.attributes["audit.flag"] = "x";
  picture.faces = {face};
  for (const Holds& holds : AllHolds()) {
    SCOPED_TRACE(DataFormatName(holds.format));
    ExportOptions options;
    options.format = holds.format;
    options.classes = Classes();
    options.target =
        folder_ / ("lost" + std::to_string(count_++) + (holds.format == DataFormat::kManifest ? ".jsonl" : ""));
    std::string lost;
    for (const auto& [what, count] : WriteAnnotations(dataset, options).lost) lost += what + "; ";
    const auto expect = [&](bool held, const std::string& word) {
      EXPECT_EQ(lost.find(word) == std::string::npos, held) << word << " in: " << lost;
    };
    expect(holds.labels, "class names and states");
    expect(holds.ignore, "ignore flags");
    expect(holds.landmarks, "landmarks");
    expect(holds.scores, "scores");
    expect(holds.face_attributes, "faces' attributes");
    expect(holds.splits, "splits");
    for (const char* word : {"groups", "author", "synthetic", "pictures' attributes"}) expect(holds.pictures, word);
    expect(holds.low_edges, "first pixel");
    expect(holds.blanks_in_labels, "blanks");
    expect(holds.format == DataFormat::kManifest, "origin");
  }
}

TEST_F(RoundTripTest, FormatsAreRecognised) {
  const Dataset dataset = Draw(3);
  for (const Holds& holds : AllHolds()) {
    if (holds.format == DataFormat::kManifest) continue;
    ExportOptions options;
    options.format = holds.format;
    options.classes = Classes();
    options.target = folder_ / ("known" + std::to_string(count_++));
    WriteAnnotations(dataset, options);
    EXPECT_EQ(DataFormatName(DetectFormat(options.target)), DataFormatName(holds.format));
  }
}

}  // namespace
}  // namespace maskscope
