// `maskscope data crops`, `clean` and `balance` on sets small enough to know every answer.
#include "image/decode.h"
#include "tests/cli/toy_sets.h"

namespace maskscope::test {
namespace {

class DataPrepareTest : public DataTest {
 protected:
  Image Crop(const Dataset& crops, const ManifestPicture& crop) const {
    return ReadImage(crops.root / crop.path).image;
  }
  static int Channel(const Image& image, int x, int y, int channel) { return image.row(y)[3 * x + channel]; }
  // "correct 1, none 2": rows of a split, by the first folder of their path.
  static std::string Rows(const Dataset& dataset, DatasetSplit split) {
    std::map<std::string, int> counts;
    for (const ManifestPicture& picture : dataset.pictures) {
      if (picture.split == split) ++counts[picture.path.substr(0, picture.path.find('/'))];
    }
    std::string text;
    for (const auto& [name, count] : counts) text += (text.empty() ? "" : ", ") + name + " " + std::to_string(count);
    return text;
  }
};

TEST_F(DataPrepareTest, CropsAreTheBoxGrownByTheMargin) {
  WriteVoc("voc", "a", {"......", "......", "..gg..", "......", "......"});  // a box of 64 x 32 at 64, 64
  ASSERT_EQ(Run({"data", "crops", "voc", "as_is", "--margin", "1.5", "--size", "0"}).exit_code, 0);
  const Dataset as_is = ReadSet("as_is/crops.jsonl");
  ASSERT_EQ(as_is.pictures.size(), 1u);
  EXPECT_EQ(as_is.pictures[0].attributes.at("crop.box"), "48.0 56.0 144.0 104.0");
  const Image image = Crop(as_is, as_is.pictures[0]);
  EXPECT_EQ(std::pair(image.width, image.height), std::pair(96, 48));
  EXPECT_GT(Channel(image, 48, 24, 1), 230);  // green where the box was, black in the margin
  EXPECT_LT(Channel(image, 8, 24, 1), 25);
  EXPECT_LT(Channel(image, 48, 3, 1), 25);
  ASSERT_EQ(Run({"data", "crops", "voc", "kept", "--margin", "1.5", "--size", "100", "--keep-aspect"}).exit_code, 0);
  const Dataset kept = ReadSet("kept/crops.jsonl");
  EXPECT_EQ(std::pair(kept.pictures[0].width, kept.pictures[0].height), std::pair(100, 50));
  ASSERT_EQ(Run({"data", "crops", "voc", "squashed", "--margin", "1.5", "--size", "100"}).exit_code, 0);
  const Dataset squashed = ReadSet("squashed/crops.jsonl");
  const Image square = Crop(squashed, squashed.pictures[0]);
  EXPECT_EQ(std::pair(square.width, square.height), std::pair(100, 100));
}

TEST_F(DataPrepareTest, CropsSayWhatTheyLeftOutAndWhy) {
  WriteVocObjects("voc", "a", {"g...", "...r"},
                  {"with_mask 0 0 32 32", "without_mask 96 32 128 64", "face 40 0 60 20"});
  WriteVocObjects("voc", "b", {"g...", "...."}, {"with_mask 0 0 12 12"});
  const ProgramRun run = Run({"data", "crops", "voc", "faces", "--least-side", "16"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  ExpectSaid(run.err, {"2 crops: 1 correct, 1 none", "1 no_state", "1 too_small", "faces/dropped.jsonl"});
  EXPECT_EQ(List("faces"), "correct crops.jsonl dropped.jsonl none");
  EXPECT_EQ(ReadSet("faces/dropped.jsonl").pictures.size(), 2u);
  const Dataset crops = ReadSet("faces/crops.jsonl");
  ExpectSaid(crops.header.recipe.back(), {"--least-side 16", "--margin 2"});
  const ProgramRun again = Run({"data", "crops", "voc", "faces"});
  EXPECT_EQ(again.exit_code, 10);
  ExpectSaid(again.err, {"'faces' is there already", "new or empty folder"});
}

TEST_F(DataPrepareTest, PatchesShowNoFace) {
  WriteVoc("voc", "a", {"g.......", "........", "........", "........"});
  WriteVoc("voc", "full", {"gg", "gg"});
  const ProgramRun run = Run({"data", "crops", "voc", "faces", "--margin", "1", "--not-a-face", "5", "--size", "0"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  ExpectSaid(run.err, {"5 not_a_face"});
  const Dataset crops = ReadSet("faces/crops.jsonl");
  int patches = 0;
  for (const ManifestPicture& crop : crops.pictures) {
    if (crop.kind != PictureKind::kNotAFace) continue;
    ++patches;
    EXPECT_TRUE(crop.faces.empty());
    const Image image = Crop(crops, crop);
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) ASSERT_LT(Channel(image, x, y, 1), 25) << crop.path;
    }
  }
  EXPECT_EQ(patches, 5);
  const ProgramRun much = Run({"data", "crops", "voc", "more", "--not-a-face", "500"});
  ExpectSaid(much.err, {"fewer than wanted", "no more room"});
}

TEST_F(DataPrepareTest, TheDetectorsBoxesTakeTheLabelsStates) {
  // Labels a little off; the toy detector finds whole cells.
  WriteVocObjects("voc", "a", {"....", ".g.r", "...."}, {"with_mask 36 36 64 64", "without_mask 1 1 20 20"});
  const ProgramRun run = Run({"data", "crops", "voc", "faces", "--detect", "--margin", "1", "--size", "0"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  ExpectSaid(run.err, {"1 correct", "1 no_label", "1 not_detected"});
  const Dataset crops = ReadSet("faces/crops.jsonl");
  EXPECT_EQ(crops.pictures.at(0).attributes.at("crop.box"), "32.0 32.0 64.0 64.0");
}

TEST_F(DataPrepareTest, CleanLeavesOutWhatIsTooBlurred) {
  for (int i = 0; i < 6; ++i) {
    WriteStripes("faces/train/none/n" + std::to_string(i) + ".png", 10 * i);
    WriteStripes("faces/test/none/t" + std::to_string(i) + ".png", 10 * i);
  }
  WriteStripes("faces/train/correct/c0.png", 0);
  WriteStripes("faces/train/correct/c1.png", 90);
  const ProgramRun look = Run({"data", "clean", "faces", "all.jsonl", "--least-sharpness", "0"});
  ASSERT_EQ(look.exit_code, 0) << look.err;
  ExpectSaid(look.out, {"sharpness", "50 %", "correct           2       0.0", "none              6       0.0"});
  ExpectSaid(look.err, {"8 faces measured; 14 of 14 pictures", "nothing was left out"});
  // Stripes of contrast c, two rows each: the Laplacian is c or -c in every row, so its variance is c squared.
  const ProgramRun run = Run({"data", "clean", "faces", "clean.jsonl", "--least-sharpness", "500"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ExpectSaid(run.err, {"4 blurred", "clean.dropped.jsonl"});
  const Dataset clean = ReadSet("clean.jsonl");
  EXPECT_EQ(Rows(clean, DatasetSplit::kTrain), "train 4");
  EXPECT_EQ(Rows(clean, DatasetSplit::kTest), "test 6");
  const Dataset dropped = ReadSet("clean.dropped.jsonl");
  ASSERT_EQ(dropped.pictures.size(), 4u);
  for (const ManifestPicture& picture : dropped.pictures) {
    EXPECT_EQ(picture.attributes.at("dropped.reason"), "blurred");
    EXPECT_LT(std::stod(picture.faces.at(0).attributes.at("sharpness")), 500);
  }
}

TEST_F(DataPrepareTest, CleanThinsTheMostBlurredOfAClass) {
  for (int i = 0; i < 8; ++i) WriteStripes("faces/none/n" + std::to_string(i) + ".png", 10 + 10 * i);
  for (int i = 0; i < 3; ++i) WriteStripes("faces/correct/c" + std::to_string(i) + ".png", 5);
  const ProgramRun run = Run({"data", "clean", "faces", "thin.jsonl", "--thin", "none"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ExpectSaid(run.err, {"4 thinned"});  // 1.5 times 3 stay, the sharpest
  std::string left;
  for (const ManifestPicture& picture : ReadSet("thin.jsonl").pictures) left += picture.path + " ";
  EXPECT_EQ(left, "correct/c0.png correct/c1.png correct/c2.png none/n4.png none/n5.png none/n6.png none/n7.png ");
  ExpectSaid(Run({"data", "clean", "faces", "x.jsonl", "--thin", "nnoe"}).err, {"did you mean 'none'"});
  const ProgramRun nothing = Run({"data", "clean", "faces", "x.jsonl"});
  EXPECT_EQ(nothing.exit_code, 2);
  ExpectSaid(nothing.err, {"nothing to do", "--least-sharpness", "--thin"});
}

TEST_F(DataPrepareTest, BalanceCapsRepeatsOrWeighs) {
  for (int i = 0; i < 12; ++i) WriteStripes("faces/train/none/n" + std::to_string(i) + ".png", i);
  for (int i = 0; i < 6; ++i) WriteStripes("faces/train/correct/c" + std::to_string(i) + ".png", i);
  for (int i = 0; i < 3; ++i) WriteStripes("faces/train/incorrect/i" + std::to_string(i) + ".png", i);
  for (int i = 0; i < 5; ++i) WriteStripes("faces/test/none/t" + std::to_string(i) + ".png", i);
  const auto balance = [&](const std::string& out, const std::vector<std::string>& more) {
    std::vector<std::string> words{"data", "balance", "faces", out};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramRun run = Run(words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const Dataset set = ReadSet(out);
    EXPECT_EQ(Rows(set, DatasetSplit::kTest), "test 5");
    std::map<std::string, int> counts;
    for (const ManifestPicture& picture : set.pictures) {
      if (picture.split == DatasetSplit::kTrain) ++counts[std::string(MaskStateName(*picture.faces.at(0).face.state))];
    }
    return std::pair(run, counts);
  };
  using Counts = std::map<std::string, int>;
  EXPECT_EQ(balance("cap.jsonl", {}).second, (Counts{{"correct", 3}, {"incorrect", 3}, {"none", 3}}));
  EXPECT_EQ(balance("cap2.jsonl", {"--ratio", "2"}).second, (Counts{{"correct", 6}, {"incorrect", 3}, {"none", 6}}));
  const auto [more, repeated] = balance("more.jsonl", {"--by", "oversample", "--ratio", "2"});
  EXPECT_EQ(repeated, (Counts{{"correct", 6}, {"incorrect", 6}, {"none", 12}}));
  ExpectSaid(more.out, {"incorrect           3        6"});
  const auto [weights, same] = balance("weights.jsonl", {"--by", "weights"});
  EXPECT_EQ(same, (Counts{{"correct", 6}, {"incorrect", 3}, {"none", 12}}));
  ExpectSaid(weights.out, {"correct             6        6    1.167", "incorrect           3        3    2.333"});
  ExpectSaid(Run({"data", "balance", "faces", "x.jsonl", "--by", "wieghts"}).err, {"did you mean 'weights'"});
  WriteVoc("voc", "a", {"g."});
  const ProgramRun scenes = Run({"data", "balance", "voc", "x.jsonl"});
  EXPECT_EQ(scenes.exit_code, 9);
  ExpectSaid(scenes.err, {"is a scene", "maskscope data crops"});
}

}  // namespace
}  // namespace maskscope::test
