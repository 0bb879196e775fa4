#include "data/merge/merge.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/merge/changes.h"
#include "data/merge/compare_labels.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

ManifestFace Face(Box box, std::optional<MaskState> state = MaskState::kCorrect) {
  ManifestFace face;
  face.face.box = box;
  face.face.state = state;
  return face;
}

class MergeTest : public testing::Test {
 protected:
  // A file of this content below the folder `root`, as a labelled picture.
  ManifestPicture Picture(const std::string& root, const std::string& path, const std::string& content,
                          const std::string& set = "s") {
    folder_.Write(root + "/" + path, content);
    ManifestPicture picture;
    picture.path = path;
    picture.name = path;
    picture.hash = ContentHash(content);
    picture.set = set;
    picture.faces = {Face({0, 0, 10, 10})};
    return picture;
  }
  MergeInput Input(const std::string& root, std::vector<ManifestPicture> pictures) {
    MergeInput input;
    input.source = root;
    input.dataset.root = folder_ / root;
    input.dataset.header.name = root;
    for (const ManifestPicture& picture : pictures) input.dataset.header.sets[picture.set];
    input.dataset.pictures = std::move(pictures);
    return input;
  }
  static MergeResult Merge(std::vector<MergeInput> inputs, ConflictChoice choice = ConflictChoice::kFirst) {
    return MergeDatasets(std::move(inputs), {.choice = choice});
  }
  TestFolder folder_;
};

TEST_F(MergeTest, PathsStandBelowTheCommonRoot) {
  MergeInput a = Input("x/one", {Picture("x/one", "p/a.jpg", "A")});
  MergeInput b = Input("x/two", {Picture("x/two", "b.jpg", "B", "t")});
  a.hash = ContentHash("manifest a");
  a.dataset.header.recipe = {"first step"};
  a.dataset.header.sets["s"] = {"", "CC0-1.0"};
  b.dataset.header.sets["s"] = {"web", ""};
  const MergeResult result = Merge({a, b});
  EXPECT_EQ(result.dataset.root, fs::canonical(folder_ / "x"));
  ASSERT_EQ(result.dataset.pictures.size(), 2u);
  EXPECT_EQ(result.dataset.pictures[0].path, "one/p/a.jpg");
  EXPECT_EQ(result.dataset.pictures[1].path, "two/b.jpg");
  EXPECT_EQ(result.dataset.header.name, "x/one");
  EXPECT_EQ(result.dataset.header.parents, std::vector<std::string>{ContentHash("manifest a")});
  EXPECT_EQ(result.dataset.header.recipe, std::vector<std::string>{"first step"});
  EXPECT_EQ(result.dataset.header.sets.at("s").licence, "CC0-1.0");
  EXPECT_EQ(result.dataset.header.sets.at("s").origin, "web");
  EXPECT_TRUE(result.conflicts.empty());
  EXPECT_EQ(Merge({Input("y", {Picture("y", "a.jpg", "A")})}).dataset.pictures.at(0).path, "a.jpg");
}

TEST_F(MergeTest, OneContentIsOnePicture) {
  ManifestPicture first = Picture("one", "a.jpg", "A"), second = Picture("two", "b.jpg", "A", "t");
  first.group = "g1";
  second.group = "g2";
  second.split = DatasetSplit::kTest;
  second.licence = "CC0-1.0";
  second.faces[0].face.box.x2 = 10.5f;  // the same face, not quite the same box
  ManifestPicture other = Picture("two", "c.jpg", "C", "t");
  other.group = "g2";
  const MergeResult result = Merge({Input("one", {first}), Input("two", {second, other})});
  ASSERT_EQ(result.dataset.pictures.size(), 2u);
  EXPECT_EQ(result.joined, 1);
  const ManifestPicture& merged = result.dataset.pictures[0];
  EXPECT_EQ(merged.path, "one/a.jpg");
  EXPECT_EQ(merged.set, "s");
  EXPECT_EQ(merged.split, DatasetSplit::kTest);
  EXPECT_EQ(merged.licence, "CC0-1.0");
  EXPECT_EQ(merged.faces[0].face.box.x2, 10);
  EXPECT_TRUE(result.conflicts.empty());
  // A picture in both groups makes them one.
  EXPECT_EQ(merged.group, "g1");
  EXPECT_EQ(result.dataset.pictures[1].group, "g1");
}

TEST_F(MergeTest, LabelsThatDiffer) {
  const ManifestPicture first = Picture("one", "a.jpg", "A");
  ManifestPicture second = Picture("two", "b.jpg", "A");
  second.faces = {Face({0, 0, 10, 9}, MaskState::kNone), Face({50, 50, 60, 60})};
  const std::vector<MergeInput> inputs{Input("one", {first}), Input("two", {second})};
  const MergeResult result = Merge(inputs);
  ASSERT_EQ(result.conflicts.size(), 1u);
  EXPECT_EQ(result.conflicts[0].kind, "labels");
  EXPECT_EQ(result.conflicts[0].first, "one");
  EXPECT_EQ(result.conflicts[0].second, "two");
  EXPECT_EQ(result.conflicts[0].kept, "the first");
  EXPECT_EQ(result.conflicts[0].differences,
            (std::vector<std::string>{"face at 0, 0, 10, 10: correct in the first, none in the second",
                                      "face at 50, 50, 60, 60 only in the second"}));
  EXPECT_EQ(result.dataset.pictures.at(0).faces.size(), 1u);
  const MergeResult last = Merge(inputs, ConflictChoice::kLast);
  EXPECT_EQ(last.conflicts.at(0).kept, "the second");
  EXPECT_EQ(last.dataset.pictures.at(0).faces.size(), 2u);
  EXPECT_EQ(last.dataset.pictures.at(0).path, "one/a.jpg");
  ExpectError(ErrorKind::kBadData, {"one", "two", "a.jpg", "--on-conflict"},
              [&] { Merge(inputs, ConflictChoice::kFail); });
}

TEST_F(MergeTest, ConflictsOfSplitAndSet) {
  ManifestPicture first = Picture("one", "a.jpg", "A"), second = Picture("two", "b.jpg", "A");
  first.split = DatasetSplit::kTest;
  second.split = DatasetSplit::kTrain;
  MergeInput one = Input("one", {first}), two = Input("two", {second});
  one.dataset.header.sets["s"].licence = "CC0-1.0";
  two.dataset.header.sets["s"].licence = "none";
  const MergeResult result = Merge({one, two}, ConflictChoice::kLast);
  ASSERT_EQ(result.conflicts.size(), 2u);
  EXPECT_EQ(result.conflicts[0].kind, "set");
  EXPECT_EQ(result.conflicts[1].kind, "split");
  EXPECT_EQ(result.conflicts[1].kept, "test");
  EXPECT_EQ(result.dataset.pictures.at(0).split, DatasetSplit::kTest);
}

TEST_F(MergeTest, WhatCannotBeMerged) {
  ManifestPicture bare = Picture("one", "a.jpg", "A");
  bare.hash.clear();
  ExpectError(ErrorKind::kBadData, {"one", "a.jpg", "hash"}, [&] { Merge({Input("one", {bare})}); });
  const ManifestPicture before = Picture("one", "a.jpg", "A"), after = Picture("one", "a.jpg", "B");
  ExpectError(ErrorKind::kBadData, {"two contents", "a.jpg"}, [&] {
    Merge({Input("one", {before}), Input("one", {after})});
  });
  ExpectError(ErrorKind::kUsage, {"no input"}, [&] { Merge({}); });
}

TEST_F(MergeTest, Copies) {
  ManifestPicture a = Picture("one", "a.jpg", "A"), b = Picture("two", "a.jpg", "B");
  a.name = b.name = "../../escape.jpg";
  ManifestPicture c = Picture("two", "sub/c.jpg", "C", "../up");
  MergeResult result = Merge({Input("one", {a}), Input("two", {b, c})});
  CopyPictures(result.dataset, folder_ / "copy", 2, nullptr, {});
  for (const ManifestPicture& picture : result.dataset.pictures) {
    EXPECT_EQ(ContentHashOfFile(folder_ / "copy" / picture.path), picture.hash) << picture.path;
    EXPECT_NO_THROW(WriteManifest(folder_ / "m.jsonl", result.dataset));
  }
  EXPECT_EQ(result.dataset.pictures[2].path, ".._up/sub/c.jpg");
  EXPECT_EQ(result.dataset.root, folder_ / "copy");
  // Again: what is there already stays. Changed pictures are refused.
  MergeResult again = Merge({Input("one", {a})});
  CopyPictures(again.dataset, folder_ / "copy2", 1, nullptr, {});
  MergeResult changed = Merge({Input("one", {a})});
  folder_.Write("one/a.jpg", "changed");
  ExpectError(ErrorKind::kBadData, {"a.jpg", "changed"},
              [&] { CopyPictures(changed.dataset, folder_ / "copy3", 1, nullptr, {}); });
  EXPECT_FALSE(fs::exists(folder_ / "copy3/s/one/a.jpg"));
}

TEST_F(MergeTest, TwoOfOneNameAreCopiedAside) {
  ManifestPicture a = Picture("one", "x/p.jpg", "A"), b = Picture("one", "y/p.jpg", "B");
  a.name = b.name = "p.jpg";
  MergeResult result = Merge({Input("one", {a, b})});
  CopyPictures(result.dataset, folder_ / "copy", 1, nullptr, {});
  EXPECT_EQ(result.dataset.pictures[0].path, "s/p.jpg");
  EXPECT_EQ(result.dataset.pictures[1].path, "s/p-" + ContentHash("B").substr(7, 8) + ".jpg");
  EXPECT_EQ(ReadFileText(folder_ / "copy" / result.dataset.pictures[1].path), "B");
}

TEST_F(MergeTest, ChangesBetweenVersions) {
  ManifestPicture stays = Picture("r", "stays.jpg", "1"), goes = Picture("r", "goes.jpg", "2"),
                  relabelled = Picture("r", "relabelled.jpg", "3"), moves = Picture("r", "moves.jpg", "4");
  moves.split = DatasetSplit::kTrain;
  Dataset before = Merge({Input("r", {stays, goes, relabelled, moves})}).dataset;
  before.header.version = 3;
  WriteManifest(folder_ / "m.jsonl", before);
  VersionDigest digest = DigestManifest(folder_ / "m.jsonl");

  stays.path = "elsewhere.jpg";            // the same content
  stays.faces[0].attributes["a.b"] = "c";  // no label
  relabelled.faces[0].face.state = MaskState::kIncorrect;
  moves.split = DatasetSplit::kTest;
  const ManifestPicture fresh = Picture("r", "fresh.jpg", "5", "t");
  Dataset after = Merge({Input("r", {stays, relabelled, moves, fresh})}).dataset;
  after.header.version = 4;
  const DatasetChanges changes = CompareVersions(std::move(digest), after, ContentHash("after"));
  EXPECT_EQ(changes.previous_version, 3);
  EXPECT_EQ(changes.previous_hash, ContentHashOfFile(folder_ / "m.jsonl"));
  EXPECT_EQ(changes.added, std::vector<std::string>{"fresh.jpg"});
  EXPECT_EQ(changes.removed, std::vector<std::string>{"goes.jpg"});
  ASSERT_EQ(changes.relabelled.size(), 1u);
  EXPECT_EQ(changes.relabelled[0].before + " > " + changes.relabelled[0].after, "1 correct > 1 incorrect");
  ASSERT_EQ(changes.moved_split.size(), 1u);
  EXPECT_EQ(changes.moved_split[0].before + " > " + changes.moved_split[0].after, "train > test");
  const std::string markdown = ChangesMarkdown(changes);
  EXPECT_NE(markdown.find("| s | 3 (-1) | 2 (-2) | 1 (+1) | 0 | 0 | 0 |"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("| t | 1 (+1) |"), std::string::npos) << markdown;
  const auto json = nlohmann::json::parse(ChangesJson(changes));
  EXPECT_EQ(json["schema"], "maskscope.changes/1");
  EXPECT_EQ(json["removed"][0], "goes.jpg");
  EXPECT_EQ(json["counts"]["sets"]["t"]["pictures"], 1);
}

TEST(CompareLabelsTest, CropsAreComparedByStateAlone) {
  ManifestPicture a, b;
  a.kind = b.kind = PictureKind::kFaceCrop;
  a.faces = {Face({0, 0, 100, 100})};
  b.faces = {Face({})};
  EXPECT_TRUE(CompareLabels(a, b).empty());
  b.faces[0].face.ignore = true;
  EXPECT_EQ(CompareLabels(a, b), std::vector<std::string>{"correct in the first, ignored in the second"});
  b.kind = PictureKind::kScene;
  EXPECT_EQ(CompareLabels(a, b), std::vector<std::string>{"face_crop in the first, scene in the second"});
}

}  // namespace
}  // namespace maskscope
