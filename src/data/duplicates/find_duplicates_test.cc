#include "data/duplicates/find_duplicates.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "data/duplicates/cluster_sheets.h"
#include "data/duplicates/test_copies.h"
#include "data/painter.h"
#include "data/test_folder.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

using test::Cut;
using test::Letterboxed;
using test::QuarterTurn;
using test::Turned;

// Portraits of one painter share backdrops and poses: copies must be told from those (that is why scenes are not asked
// for here).
Image Portrait(uint64_t seed) {
  PainterOptions options;
  options.width = 480;
  options.height = 340;
  options.people = 3 + static_cast<int>(seed % 3);
  options.seed = seed;
  return PaintGroup(options).image;
}

class DuplicatesTest : public ::testing::Test {
 protected:
  void Add(const std::string& name, const Image& image, int quality = 90) {
    WriteImage(image, folder_ / name, quality);
    ManifestPicture picture;
    picture.path = name;
    dataset_.root = folder_.path();
    dataset_.pictures.push_back(picture);
  }
  DuplicateReport Find(const DuplicateOptions& options = {}) { return FindDuplicates(dataset_, options); }

  TestFolder folder_;
  Dataset dataset_;
};

struct Case {
  const char* name;
  std::function<Image(const Image&)> make;
  int quality = 90;
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases{
      {"recompressed", [](const Image& i) { return i; }, 30},
      {"smaller", [](const Image& i) { return Resize(i, 200, 142); }},
      {"squashed", [](const Image& i) { return Resize(i, 224, 224); }},
      {"mirrored", [](const Image& i) { return FlipHorizontal(i); }},
      {"turned_90", [](const Image& i) { return QuarterTurn(i); }},
      {"turned_180", [](const Image& i) { return QuarterTurn(QuarterTurn(i)); }},
      {"turned_and_mirrored", [](const Image& i) { return FlipHorizontal(QuarterTurn(i)); }},
      {"turned_20", [](const Image& i) { return Turned(i, 20); }},
      {"turned_minus_33_mirrored", [](const Image& i) { return FlipHorizontal(Turned(i, -33)); }},
      {"letterboxed_black", [](const Image& i) { return Letterboxed(i, 416, 0); }},
      {"letterboxed_grey", [](const Image& i) { return Letterboxed(i, 300, 114); }},
      {"crop_upper_left", [](const Image& i) { return Cut(i, 0, 0, 0.7, 0.72); }},
      {"crop_shifted", [](const Image& i) { return Cut(i, 0.17, 0.11, 0.83, 0.93); }},
      {"crop_square", [](const Image& i) { return Cut(i, 0.24, 0, 0.94, 1); }},
      {"crop_mirrored", [](const Image& i) { return FlipHorizontal(Cut(i, 0.21, 0.2, 0.9, 0.94)); }},
  };
  return cases;
}

TEST_F(DuplicatesTest, FindsEveryKindOfCopyAndNothingElse) {
  constexpr uint64_t kOthers = 12;
  for (uint64_t seed = 1; seed <= kOthers; ++seed) Add("other" + std::to_string(seed) + ".jpg", Portrait(seed));
  // Each case from a picture of its own: a cluster shows that the case itself was found, not a chain over others.
  for (size_t i = 0; i < Cases().size(); ++i) {
    const Image original = Portrait(100 + i);
    Add(std::string(Cases()[i].name) + "_a.jpg", original);
    Add(std::string(Cases()[i].name) + "_b.jpg", Cases()[i].make(original), Cases()[i].quality);
  }
  DuplicateOptions options;
  options.scenes = false;
  const DuplicateReport report = Find(options);
  EXPECT_TRUE(report.problems.empty());
  std::set<std::vector<size_t>> found(report.clusters.begin(), report.clusters.end());
  for (size_t i = 0; i < Cases().size(); ++i) {
    EXPECT_EQ(found.erase({kOthers + 2 * i, kOthers + 2 * i + 1}), 1u) << Cases()[i].name;
  }
  for (const auto& cluster : found)
    ADD_FAILURE() << "not a pair of copies, from " << dataset_.pictures[cluster[0]].path;
}

TEST_F(DuplicatesTest, FindsPartsThatOverlap) {
  const Image original = Portrait(7);
  Add("left.jpg", Cut(original, 0, 0, 0.8, 1));
  Add("right.jpg", Cut(original, 0.2, 0, 1, 1));
  Add("other.jpg", Portrait(8));
  DuplicateOptions options;
  options.scenes = false;
  const DuplicateReport report = Find(options);
  ASSERT_EQ(report.pairs.size(), 1u);
  EXPECT_EQ(report.pairs[0].second, 1u);
  EXPECT_NEAR(report.pairs[0].evidence.overlap_first, 0.75, 0.03);
  EXPECT_NEAR(report.pairs[0].evidence.overlap_second, 0.75, 0.03);
}

TEST_F(DuplicatesTest, SaysHowTheyLie) {
  const Image original = Portrait(3);
  Add("a.jpg", original);
  Add("b.jpg", FlipHorizontal(Resize(original, 240, 170)));
  const DuplicateReport report = Find();
  ASSERT_EQ(report.pairs.size(), 1u);
  EXPECT_EQ(report.pairs[0].kind, DuplicateKind::kCopy);
  EXPECT_TRUE(report.pairs[0].pose.mirrored);
  EXPECT_NEAR(report.pairs[0].pose.scale, 0.5, 0.01);
  EXPECT_NEAR(report.pairs[0].pose.rotation_degrees, 0, 1);
}

TEST_F(DuplicatesTest, ExactCopiesAreJoinedAndComparedOnce) {
  for (const char* name : {"a.png", "b.png", "c.png"}) Add(name, Portrait(1));
  Add("d.jpg", Portrait(1), 80);
  const DuplicateReport report = Find();
  ASSERT_EQ(report.clusters.size(), 1u);
  EXPECT_EQ(report.clusters[0].size(), 4u);
  EXPECT_EQ(report.candidates, 1u);
  EXPECT_EQ(report.pairs.size(), 3u);
  EXPECT_EQ(report.pairs[0].kind, DuplicateKind::kExact);
}

TEST_F(DuplicatesTest, PlainPicturesAreNotAllAlike) {
  for (int i = 0; i < 6; ++i)
    Add("plain" + std::to_string(i) + ".png", Image(100 + i, 80, static_cast<uint8_t>(40 * i)));
  EXPECT_TRUE(Find().clusters.empty());
}

TEST_F(DuplicatesTest, UnreadablePicturesAreReportedAndTheRestCompared) {
  Add("a.png", Portrait(1));
  Add("b.png", Portrait(1));
  folder_.Write("broken.jpg", "not a picture");
  for (const char* name : {"broken.jpg", "missing.jpg"}) {
    ManifestPicture picture;
    picture.path = name;
    dataset_.pictures.push_back(picture);
  }
  dataset_.pictures[0].hash = "sha256:" + std::string(64, '0');
  const DuplicateReport report = Find();
  ASSERT_EQ(report.problems.size(), 3u);
  EXPECT_EQ(report.problems[0].kind, "hash_differs");
  EXPECT_EQ(report.problems[1].kind, "picture_unreadable");
  EXPECT_EQ(report.problems[2].file, "missing.jpg");
  EXPECT_EQ(report.clusters.size(), 1u);
}

TEST_F(DuplicatesTest, ResumesFromTheCache) {
  for (uint64_t seed = 0; seed < 8; ++seed)
    Add(std::to_string(seed) + ".jpg", Portrait(seed / 2), 90 - int(seed % 2) * 40);
  DuplicateOptions options;
  options.threads = 1;
  options.cache = folder_ / "prints";
  int steps = 0;
  ExpectError(ErrorKind::kInterrupted, {"prints"},
              [&] { FindDuplicates(dataset_, options, nullptr, [&] { return ++steps == 3; }); });
  const DuplicateReport resumed = Find(options);
  EXPECT_EQ(resumed.from_cache, 3u);
  const DuplicateReport again = Find(options);
  // The second search compared nothing anew and says the same.
  EXPECT_TRUE(std::filesystem::exists(folder_ / "prints.pairs"));
  EXPECT_EQ(again.from_cache, 8u);
  EXPECT_EQ(DuplicatesJson(dataset_, again), DuplicatesJson(dataset_, resumed));
  EXPECT_EQ(again.clusters.size(), 4u);
  folder_.Write("prints", "maskscope.prints/1\nabc");
  ExpectError(ErrorKind::kBadData, {"prints", "delete"}, [&] { Find(options); });
}

TEST_F(DuplicatesTest, LeaksAreClustersThatCrossSplits) {
  for (int i = 0; i < 3; ++i) Add("a" + std::to_string(i) + ".jpg", Portrait(1), 60 + 10 * i);
  for (int i = 0; i < 2; ++i) Add("b" + std::to_string(i) + ".jpg", Portrait(2), 60 + 10 * i);
  dataset_.pictures[0].split = dataset_.pictures[3].split = dataset_.pictures[4].split = DatasetSplit::kTrain;
  dataset_.pictures[2].split = DatasetSplit::kTest;
  DuplicateReport report = Find();
  const std::vector<DataProblem> leaks = LeakProblems(dataset_, report);
  ASSERT_EQ(leaks.size(), 1u);
  EXPECT_NE(leaks[0].message.find("'a0.jpg' (train) and 'a2.jpg' (test)"), std::string::npos) << leaks[0].message;
  // Also where only a picture without a split holds them together.
  std::erase_if(report.pairs, [](const DuplicatePair& pair) { return pair.first == 0 && pair.second == 2; });
  EXPECT_EQ(FindLeaks(dataset_, report).size(), 1u);
}

TEST_F(DuplicatesTest, SheetsShowClusters) {
  Add("a.jpg", Portrait(1));
  Add("b.jpg", Portrait(1), 50);
  const auto files = WriteClusterSheets(dataset_, Find(), folder_ / "sheets");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_GT(ReadImage(files[0]).image.width, 2 * 220);
}

TEST(DuplicateOptionsTest, ReportsEveryBadField) {
  DuplicateOptions options;
  options.whole_distance = -1;
  options.least_agreement = 2;
  ExpectError(ErrorKind::kUsage, {"whole_distance", "least_agreement"}, [&] { options.Validate(); });
}

}  // namespace
}  // namespace maskscope
