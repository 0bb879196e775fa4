#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/csv.h"
#include "base/files.h"
#include "base/random.h"
#include "data/duplicates/find_duplicates.h"
#include "data/duplicates/test_copies.h"
#include "data/test_folder.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/test_pictures.h"

// Copies made of real pictures, train against test: how many of each kind the search finds. docs/duplicates.md shows
// the table that this test prints.
namespace maskscope {
namespace {

namespace fs = std::filesystem;
using test::Outside;

// Makes a copy of a picture; what chance decides comes from `random`.
struct CopyKind {
  const char* name;
  double least_scenes, least_faces;  // recall that must be reached, 0..1: a little below what was measured
  std::function<Image(const Image&, Random&)> make;
  int jpeg_quality = 90;
};

// `share` of both sides, anywhere.
Image RandomCut(const Image& image, double share, Random& random) {
  const double x = random.Uniform(0, 1 - share), y = random.Uniform(0, 1 - share);
  return test::Cut(image, x, y, x + share, y + share);
}

// As the augmentation of Kaggle's "Face Mask 12K" and many notebooks do: a turn, a shear, a zoom, half of them
// mirrored, edges repeated.
Image Augmented(const Image& image, Random& random) {
  const Image turned = test::Turned(image, random.Uniform(-20, 20), Outside::kNearest, random.Uniform(-0.15, 0.15),
                                    random.Uniform(0.9, 1.2));
  return random.Chance(0.5) ? FlipHorizontal(turned) : turned;
}

Image TurnedBy(const Image& image, double degrees, Random& random) {
  return test::Turned(image, random.Chance(0.5) ? degrees : -degrees);
}

const std::vector<CopyKind>& Kinds() {
  using I = const Image&;
  using R = Random&;
  static const std::vector<CopyKind> kinds{
      {"JPEG quality 20", 0.9, 0.85, [](I i, R) { return i; }, 20},
      {"half the size", 0.95, 0.85, [](I i, R) { return test::Scaled(i, 0.5); }},
      {"third of the size, JPEG 40", 0.95, 0.6, [](I i, R) { return test::Scaled(i, 0.34); }, 40},
      {"twice the size", 0.9, 0.85, [](I i, R) { return test::Scaled(i, 2); }},
      {"squashed to a square", 0.9, 0.85, [](I i, R) { return Resize(i, 224, 224); }},
      {"mirrored", 0.9, 0.85, [](I i, R) { return FlipHorizontal(i); }},
      {"turned by 90", 0.9, 0.85, [](I i, R) { return test::QuarterTurn(i); }},
      {"turned by 180", 0.9, 0.85, [](I i, R) { return test::QuarterTurn(test::QuarterTurn(i)); }},
      {"turned by 270, mirrored", 0.9, 0.85, [](I i, R) { return test::QuarterTurn(FlipHorizontal(i)); }},
      {"turned by 5", 0.9, 0.85, [](I i, R r) { return TurnedBy(i, 5, r); }},
      {"turned by 15", 0.9, 0.85, [](I i, R r) { return TurnedBy(i, 15, r); }},
      {"turned by 30", 0.9, 0.85, [](I i, R r) { return TurnedBy(i, 30, r); }},
      {"augmented as in Kaggle 12K", 0.9, 0.85, [](I i, R r) { return Augmented(i, r); }},
      {"letterboxed, black", 0.9, 0.85, [](I i, R) { return test::Letterboxed(i, 416, 0); }},
      {"letterboxed, grey, JPEG 50", 0.9, 0.85, [](I i, R) { return test::Letterboxed(i, 320, 114); }, 50},
      {"letterboxed, mirrored", 0.9, 0.85, [](I i, R) { return FlipHorizontal(test::Letterboxed(i, 416, 255)); }},
      {"crop of 80 % of the sides", 0.9, 0.85, [](I i, R r) { return RandomCut(i, 0.8, r); }},
      {"crop of 80 %, mirrored", 0.9, 0.85, [](I i, R r) { return FlipHorizontal(RandomCut(i, 0.8, r)); }},
      {"crop of 80 %, turned by 10", 0.8, 0.6, [](I i, R r) { return TurnedBy(RandomCut(i, 0.8, r), 10, r); }},
      {"crop of 60 % of the sides", 0.75, 0.8, [](I i, R r) { return RandomCut(i, 0.6, r); }},
      {"brighter by 50", 0.9, 0.85, [](I i, R) { return test::Relit(i, 1, 50); }},
      {"half the contrast, darker", 0.9, 0.85, [](I i, R) { return test::Relit(i, 0.5, -30); }},
      {"contrast raised by half", 0.9, 0.85, [](I i, R) { return test::Relit(i, 1.5, 0); }},
  };
  return kinds;
}

struct Original {
  fs::path file;
  bool face = false;  // a face crop, not a scene
};

// `count` pictures of these sets, dealt evenly, no two of one published group; the same ones every time.
void Choose(const fs::path& folder, const std::vector<std::string>& columns, const std::set<std::string>& sets,
            size_t count, bool faces, std::vector<Original>& chosen) {
  CsvTable table = ReadCsv(folder / "splits.csv", columns);
  const auto column = [&](const char* name) {
    return size_t(std::find(columns.begin(), columns.end(), name) - columns.begin());
  };
  Random random(11);
  random.Shuffle(table.rows);
  std::set<std::string> groups;
  std::map<std::string, size_t> taken;
  for (const CsvTable::Row& row : table.rows) {
    const std::string& set = row.fields[column("set")];
    if (sets.count(set) == 0 || taken[set] * sets.size() >= count) continue;
    if (!groups.insert(row.fields[column("group")]).second) continue;
    ++taken[set];
    chosen.push_back({folder / set / row.fields[column("image")], faces});
  }
}

class RealCopiesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const fs::path data = test::SharedFile("data");
    if (!fs::is_directory(data)) GTEST_SKIP() << "NO REAL DATA: set MASKSCOPE_SHARED to the folder that holds data";
    Choose(data / "scenes", {"set", "image", "split", "group"}, {"ilc2021", "kaggle853", "mafa", "wider"}, 40, false,
           originals_);
    Choose(data / "faces", {"set", "image", "label", "split", "group", "synthetic"}, {"chandrikadeb7", "kaggle12k"}, 20,
           true, originals_);
    ASSERT_EQ(originals_.size(), 60u);
    for (size_t i = 0; i < originals_.size(); ++i) {
      const std::string name = fmt::format("original{}{}", i, originals_[i].file.extension().string());
      fs::copy_file(originals_[i].file, folder_ / name);
      Add(name, DatasetSplit::kTrain);
      pictures_.push_back(ReadImage(originals_[i].file).image);
    }
    dataset_.root = folder_.path();
  }

  void Add(const std::string& name, DatasetSplit split) {
    ManifestPicture picture;
    picture.path = name;
    picture.split = split;
    dataset_.pictures.push_back(picture);
  }

  std::vector<Original> originals_;
  std::vector<Image> pictures_;
  TestFolder folder_;
  Dataset dataset_;  // the originals, and then one kind of copies in their order
};

TEST_F(RealCopiesTest, FindsTheKindsOfLeaksThatPublishedSetsHave) {
  DuplicateOptions options;
  options.cache = folder_ / "prints";
  const size_t count = originals_.size();
  std::string table = fmt::format("{:<30} {:>10} {:>10}\n", "kind of copy", "scenes", "face crops");
  for (const CopyKind& kind : Kinds()) {
    Random random(5);
    dataset_.pictures.resize(count);
    for (size_t i = 0; i < count; ++i) {
      const std::string name = fmt::format("copy{}.jpg", i);
      WriteImage(kind.make(pictures_[i], random), folder_ / name, kind.jpeg_quality);
      Add(name, DatasetSplit::kTest);
    }
    const DuplicateReport report = FindDuplicates(dataset_, options);
    EXPECT_TRUE(report.problems.empty());
    int found[2]{}, of[2]{};
    std::set<size_t> leaks;
    for (const DuplicatePair& leak : FindLeaks(dataset_, report)) {
      EXPECT_EQ(leak.first + count, leak.second)
          << kind.name << ": " << originals_[leak.first].file << " and the copy of "
          << originals_[leak.second - count].file << " are not alike";
      if (leak.first + count == leak.second) leaks.insert(leak.first);
    }
    for (size_t i = 0; i < count; ++i) {
      ++of[originals_[i].face];
      found[originals_[i].face] += leaks.count(i) > 0;
    }
    for (const DuplicatePair& pair : report.pairs) {
      EXPECT_NE(pair.first < count, pair.second < count)
          << kind.name << ": originals of different groups: " << originals_[pair.first % count].file << " and "
          << originals_[pair.second % count].file;
    }
    table += fmt::format("{:<30} {:>4} of {:<3} {:>4} of {:<3}\n", kind.name, found[0], of[0], found[1], of[1]);
    EXPECT_GE(found[0], kind.least_scenes * of[0]) << kind.name;
    EXPECT_GE(found[1], kind.least_faces * of[1]) << kind.name;
  }
  fmt::print("{}", table);
}

}  // namespace
}  // namespace maskscope
