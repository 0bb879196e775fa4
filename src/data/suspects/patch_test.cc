#include "data/suspects/patch.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

const std::string kHash = "sha256:" + std::string(64, 'a');

Dataset SmallSet() {
  Dataset dataset;
  dataset.header.sets["s"] = {};
  dataset.header.classes = {"with_mask"};
  ManifestPicture picture;
  picture.path = "a.jpg", picture.set = "s", picture.hash = kHash, picture.width = picture.height = 100;
  for (const float x : {0.0f, 10.25f, 20.0f}) {
    ManifestFace face;
    face.face.box = {x, 0, x + 9, 9};
    face.face.state = x == 20 ? MaskState::kNone : MaskState::kCorrect;
    face.label = x == 20 ? "without_mask" : "with_mask";
    picture.faces.push_back(face);
  }
  dataset.pictures.push_back(picture);
  return dataset;
}

LabelEdit Edit(EditKind kind, size_t face, const Box& box, std::optional<MaskState> from) {
  LabelEdit edit;
  edit.kind = kind, edit.accept = true, edit.path = "a.jpg", edit.hash = kHash;
  edit.face = face, edit.box = box, edit.from = from;
  return edit;
}

LabelPatch FullPatch() {
  LabelPatch patch;
  patch.author = "A. \"Name\"", patch.created = "2026-01-02";
  patch.edits = {Edit(EditKind::kRelabel, 0, {0, 0, 9, 9}, MaskState::kCorrect),
                 Edit(EditKind::kDelete, 1, {10.25f, 0, 19.25f, 9}, MaskState::kCorrect),
                 Edit(EditKind::kMove, 2, {20, 0, 29, 9}, MaskState::kNone),
                 Edit(EditKind::kAdd, 0, {50, 50, 70, 70}, std::nullopt)};
  patch.edits[0].to = MaskState::kNone;
  patch.edits[0].reason = "see";
  patch.edits[2].new_box = {21, 1, 31, 11};
  patch.edits[3].to = MaskState::kCorrect;
  return patch;
}

TEST(Patch, SurvivesTheWayThroughAFile) {
  TestFolder folder;
  WritePatch(folder / "p.jsonl", FullPatch());
  const LabelPatch read = ReadPatch(folder / "p.jsonl");
  EXPECT_EQ(read.author, "A. \"Name\"");
  ASSERT_EQ(read.edits.size(), 4u);
  EXPECT_EQ(read.edits[0].reason, "see");
  EXPECT_EQ(read.edits[2].new_box, (Box{21, 1, 31, 11}));
  Dataset dataset = SmallSet();
  EXPECT_EQ(ApplyPatch(read, {}, dataset).applied.size(), 4u);
}

TEST(Patch, AppliesAllAndSaysWhat) {
  Dataset dataset = SmallSet();
  ApplyOptions options;
  options.author = "B", options.patch_hash = kHash, options.patch_name = "p", options.manifest_hash = "sha256:m";
  const ApplyReport report = ApplyPatch(FullPatch(), options, dataset);
  const auto& faces = dataset.pictures[0].faces;
  ASSERT_EQ(faces.size(), 3u);
  EXPECT_EQ(faces[0].face.state, MaskState::kNone);
  EXPECT_EQ(faces[0].label, "without_mask");
  EXPECT_EQ(faces[0].attributes.at("relabel.was"), "correct");
  EXPECT_EQ(faces[0].attributes.at("relabel.by"), "B");
  EXPECT_EQ(faces[1].face.box, (Box{21, 1, 31, 11})) << "the second face is deleted, the third moved";
  EXPECT_EQ(faces[2].face.box, (Box{50, 50, 70, 70}));
  EXPECT_EQ(faces[2].label, "with_mask");
  EXPECT_EQ(report.applied[0].what, "a.jpg face 0: correct -> none");
  EXPECT_EQ(dataset.header.version, 2);
  EXPECT_EQ(dataset.header.parents, std::vector<std::string>{"sha256:m"});
  EXPECT_EQ(dataset.header.classes, (std::vector<std::string>{"with_mask", "without_mask"}));
  ExpectError(ErrorKind::kBadData, {"applied", "before"}, [&] { ApplyPatch(FullPatch(), options, dataset); });
}

TEST(Patch, ListsEveryEditThatDoesNotFitAndChangesNothing) {
  LabelPatch patch = FullPatch();
  patch.edits[0].from = MaskState::kIncorrect;
  patch.edits[1].box.x1 = 11;
  patch.edits[2].hash = "sha256:" + std::string(64, 'b');
  patch.edits.push_back(Edit(EditKind::kIgnore, 9, {0, 0, 9, 9}, MaskState::kNone));
  patch.edits.push_back(Edit(EditKind::kIgnore, 0, {0, 0, 9, 9}, MaskState::kCorrect));
  patch.edits.push_back(patch.edits.back());
  patch.edits.push_back(patch.edits.back());
  patch.edits.back().path = "nowhere.jpg";
  Dataset dataset = SmallSet();
  ExpectError(ErrorKind::kBadData,
              {"6 of the accepted", "edit 1 (a.jpg face 0)", "'correct'", "'incorrect'", "edit 2", "box", "edit 3",
               "hash", "edit 5", "has 3 faces", "edit 7", "another accepted edit", "edit 8", "no such picture"},
              [&] { ApplyPatch(patch, {}, dataset); });
  EXPECT_EQ(dataset.pictures[0].faces[0].face.state, MaskState::kCorrect);
  EXPECT_EQ(dataset.header.version, 1);
}

TEST(Patch, NoticesWhatIsInEffectAlready) {
  LabelPatch patch = FullPatch();
  patch.edits.erase(patch.edits.begin() + 1);  // deleting changes the numbers: it does not fit twice either way
  Dataset dataset = SmallSet();
  ApplyPatch(patch, {}, dataset);
  ExpectError(ErrorKind::kBadData, {"3 of the accepted", "in effect already"}, [&] { ApplyPatch(patch, {}, dataset); });
  ApplyOptions options;
  options.skip_applied = true;
  EXPECT_EQ(ApplyPatch(patch, options, dataset).skipped, 3);
}

TEST(Patch, NothingAcceptedIsAnError) {
  LabelPatch patch = FullPatch();
  for (LabelEdit& edit : patch.edits) edit.accept = false;
  Dataset dataset = SmallSet();
  ExpectError(ErrorKind::kBadData, {"none of the patch's 4 edits is accepted"},
              [&] { ApplyPatch(patch, {}, dataset); });
  patch.edits[0].accept = true;
  EXPECT_EQ(ApplyPatch(patch, {}, dataset).not_accepted, 3);
}

TEST(Patch, RefusesBadLinesByName) {
  TestFolder folder;
  const std::string header = "{\"schema\":\"maskscope.labels-patch/1\",\"author\":\"a\",\"created\":\"\"}\n";
  const auto refuses = [&](const std::string& text, std::initializer_list<std::string> parts,
                           ErrorKind kind = ErrorKind::kBadData) {
    folder.Write("bad.jsonl", text);
    ExpectError(kind, parts, [&] { ReadPatch(folder / "bad.jsonl"); });
  };
  const std::string start = R"({"edit":"ignore","accept":true,"path":"a","hash":")" + kHash + R"(","box":[0,0,9,9])";
  refuses("", {"empty"});
  refuses("{}\n", {"line 1", "schema"});
  refuses("{\"schema\":\"maskscope.labels-patch/2\"}\n", {"maskscope.labels-patch/2"}, ErrorKind::kUnsupported);
  refuses(header + "{]\n", {"line 2"});
  refuses(header + start + ",\"face\":1}\n", {"line 2", "from"});
  refuses(header + start + ",\"from\":null,\"face\":-1}\n", {"line 2", "face"});
  refuses(header + start + ",\"from\":\"nose\",\"face\":1}\n", {"line 2", "from", "nose"});
  refuses(header + start + ",\"from\":null,\"face\":1,\"fcae\":1}\n", {"fcae", "did you mean 'face'"});
  refuses(header + start + ",\"from\":null,\"from\":null,\"face\":1}\n", {"line 2"});
  refuses(header + R"({"edit":"destroy"})" + "\n", {"edit", "destroy"});
  refuses(header + "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n", {"line 2"});
}

TEST(Patch, SurvivesDamagedFiles) {
  TestFolder folder;
  WritePatch(folder / "p.jsonl", FullPatch());
  const std::string good = ReadFileText(folder / "p.jsonl");
  Random random(11);
  for (int i = 0; i < 500; ++i) {
    std::string text = good;
    for (int k = random.Int(1, 4); k > 0; --k) {
      text[random.Below(text.size())] = static_cast<char>(random.Below(256));
    }
    if (random.Chance(0.3)) text.resize(random.Below(text.size()));
    folder.Write("damaged.jsonl", text);
    try {
      const LabelPatch patch = ReadPatch(folder / "damaged.jsonl");
      Dataset dataset = SmallSet();
      ApplyPatch(patch, {}, dataset);
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::kBadData || error.kind() == ErrorKind::kUnsupported) << error.what();
    }
  }
}

}  // namespace
}  // namespace maskscope
