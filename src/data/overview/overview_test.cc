#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "data/overview/contact_sheets.h"
#include "data/overview/heat_map.h"
#include "data/overview/stats.h"
#include "data/painter.h"
#include "data/test_folder.h"
#include "image/decode.h"

namespace maskscope {
namespace {

class OverviewTest : public testing::Test {
 protected:
  // A painted group portrait.
  ManifestPicture& AddPainting(const std::string& set, uint64_t seed) {
    PainterOptions options;
    options.width = 320;
    options.height = 240;
    options.people = 3;
    options.covers = {FaceCover::kMask, FaceCover::kMaskUnderNose, FaceCover::kBare};
    options.seed = seed;
    const Painting painting = PaintGroup(options);
    ManifestPicture picture;
    picture.path = "painted" + std::to_string(seed) + ".jpg";
    picture.set = set;
    picture.width = 320;
    picture.height = 240;
    for (const PaintedFace& face : painting.faces) picture.faces.emplace_back().face = face.label;
    WriteImage(painting.image, folder_ / picture.path);
    return Add(picture);
  }
  // A grey crop of one face.
  ManifestPicture& AddGrey(const std::string& path, uint8_t value) {
    WriteImage(Image(40, 50, value), folder_ / path);
    ManifestPicture picture;
    picture.path = path;
    picture.set = "crops";
    picture.kind = PictureKind::kFaceCrop;
    picture.faces.emplace_back().face.state = MaskState::kNone;
    return Add(picture);
  }
  ManifestPicture& Add(const ManifestPicture& picture) {
    dataset_.root = folder_.path();
    dataset_.header.sets[picture.set];
    dataset_.pictures.push_back(picture);
    return dataset_.pictures.back();
  }
  TestFolder folder_;
  Dataset dataset_;
};

TEST_F(OverviewTest, Stats) {
  AddPainting("painted", 1).split = DatasetSplit::kTrain;
  AddPainting("painted", 2).split = DatasetSplit::kTest;
  AddGrey("dark.png", 10);
  AddGrey("bright.png", 250);
  folder_.Write("broken.jpg", "not a picture");
  AddGrey("x.png", 0).path = "broken.jpg";
  const DataStats stats = CollectStats(StreamOf(dataset_, "test"), {});
  EXPECT_EQ(stats.counts.all.pictures, 5);
  EXPECT_EQ(stats.counts.by_set.at("painted").faces, (FaceCounts{2, 2, 2, 0, 0}));
  EXPECT_EQ(stats.unreadable, 1);
  EXPECT_NE(stats.first_unreadable.find("broken.jpg"), std::string::npos);
  EXPECT_EQ(stats.brightness_of_set.at("crops")[0], 1);
  EXPECT_EQ(stats.brightness_of_set.at("crops")[7], 1);
  EXPECT_EQ(stats.heights.at({"crops", 2}), (std::vector<float>{50, 50}));
  EXPECT_EQ(stats.faces_in_picture.at(3), 2);
  const std::string markdown = StatsMarkdown(stats);
  EXPECT_NE(markdown.find("| painted | train | 1 | 1 | 1 | 1 | 0 | 0 | 0 | 0 | 0 |"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("1 pictures could not be read"), std::string::npos) << markdown;
  const auto json = nlohmann::json::parse(StatsJson(stats));
  EXPECT_EQ(json["schema"], "maskscope.stats/1");
  EXPECT_EQ(json["counts"]["sets"]["painted"]["faces"]["incorrect"], 2);
  EXPECT_EQ(json["brightness"]["224-255"]["none"], stats.brightness[7][2]);
  const CsvTable table = ParseCsv(StatsCsv(stats), "stats");
  EXPECT_EQ(table.columns, (std::vector<std::string>{"table", "set", "row", "column", "value"}));
  int64_t correct = 0;
  for (const CsvTable::Row& row : table.rows) {
    if (row.fields[0] == "faces" && row.fields[3] == "correct") correct += std::stoll(row.fields[4]);
  }
  EXPECT_EQ(correct, 2);
}

TEST_F(OverviewTest, StatsWithoutOpeningPictures) {
  AddPainting("painted", 1);
  std::filesystem::remove(folder_ / "painted1.jpg");
  StatsOptions options;
  options.decode = false;
  const DataStats stats = CollectStats(StreamOf(dataset_, "test"), options);
  EXPECT_EQ(stats.unreadable, 0);
  EXPECT_EQ(stats.counts.all.faces[1], 1);
  EXPECT_EQ(StatsMarkdown(stats).find("Brightness"), std::string::npos);
}

TEST_F(OverviewTest, NamesOfSetsDoNotBreakTables) {
  ManifestPicture picture;
  picture.path = "a.jpg";
  picture.set = "=cmd|\"x\",\nü";
  Add(picture);
  StatsOptions options;
  options.decode = false;
  const DataStats stats = CollectStats(StreamOf(dataset_, "test"), options);
  const CsvTable table = ParseCsv(StatsCsv(stats), "stats");
  EXPECT_EQ(table.rows.at(0).fields.at(1), "'" + picture.set);
  EXPECT_NE(StatsMarkdown(stats).find("| =cmd\\|\"x\", ü |"), std::string::npos);
}

TEST_F(OverviewTest, ContactSheets) {
  for (uint64_t seed = 1; seed <= 4; ++seed) AddPainting("painted/../x", seed);
  AddGrey("grey.png", 100);
  AddGrey("x.png", 0).path = "gone.png";
  SheetOptions options;
  options.faces = 3;
  options.tile = 64;
  options.columns = 2;
  const SheetSummary summary = WriteContactSheets(StreamOf(dataset_, "test"), folder_ / "out", options);
  ASSERT_EQ(summary.sheets.size(), 4u);  // three states of the paintings, one of the crops
  EXPECT_EQ(summary.unreadable, 1);
  for (const SheetSummary::Sheet& sheet : summary.sheets) {
    EXPECT_EQ(sheet.file.find('/'), std::string::npos) << sheet.file;
    const Image image = ReadImage(folder_ / "out" / sheet.file).image;
    EXPECT_GE(image.width, 2 * 64) << sheet.file;
  }
  EXPECT_EQ(summary.sheets[0].set, "crops");
  EXPECT_EQ(summary.sheets[1].shown, 3);
  EXPECT_EQ(summary.sheets[1].of, 4);
  // The colour of the state stands on its sheet.
  const Image sheet = ReadImage(folder_ / "out" / summary.sheets[1].file).image;
  const uint8_t* mark = sheet.row(15) + 3 * 12;
  EXPECT_NEAR(mark[0], FaceKindColor(0).r, 6);
  EXPECT_NEAR(mark[1], FaceKindColor(0).g, 6);
  EXPECT_EQ(summary.maps.size(), 2u);
  const std::string index = ReadFileText(folder_ / "out/index.md");
  for (const std::string& map : summary.maps) EXPECT_NE(index.find(map), std::string::npos);
  // The same lot gives the same sheets.
  WriteContactSheets(StreamOf(dataset_, "test"), folder_ / "again", options);
  EXPECT_EQ(ReadFileText(folder_ / "again" / summary.sheets[1].file),
            ReadFileText(folder_ / "out" / summary.sheets[1].file));
  options.faces = 0;
  options.tile = 1;
  ExpectError(ErrorKind::kUsage, {"faces", "tile"},
              [&] { WriteContactSheets(StreamOf(dataset_, "test"), folder_ / "bad", options); });
}

TEST(HeatMapTest, CountsBoxesWhereTheyAre) {
  HeatMap map;
  map.Add({0, 0, 50, 100}, 100, 100);
  map.Add({25, 0, 100, 50}, 100, 100);
  map.Add({-50, -50, 1e30f, 1e30f}, 10, 10);
  map.Add({200, 200, 300, 300}, 100, 100);  // outside
  map.Add({0, 0, 5, 5}, 0, 0);              // size unknown
  EXPECT_EQ(map.faces(), 3);
  EXPECT_EQ(map.At(0.1, 0.1), 2);
  EXPECT_EQ(map.At(0.3, 0.1), 3);
  EXPECT_EQ(map.At(0.9, 0.9), 1);
  const Image image = map.Draw(128, "test");
  EXPECT_EQ(image.width, 128);
  const auto luma = [&](int x, int y) {
    return image.row(y)[3 * x] + image.row(y)[3 * x + 1] + image.row(y)[3 * x + 2];
  };
  EXPECT_GT(luma(40, 28 + 20), luma(10, 28 + 20));
  EXPECT_GT(luma(10, 28 + 20), luma(120, 28 + 120));
}

}  // namespace
}  // namespace maskscope
