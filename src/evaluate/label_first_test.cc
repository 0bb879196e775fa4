#include "evaluate/label_first.h"

#include <gtest/gtest.h>

#include <atomic>

#include "data/test_folder.h"
#include "evaluate/site_testing.h"

namespace maskscope {
namespace {

std::vector<std::string> Names(const LookedSet& set, const std::vector<PictureToLabel>& ranked) {
  std::vector<std::string> names;
  for (const PictureToLabel& one : ranked) names.push_back(set.pictures[one.picture].path.string());
  return names;
}

TEST(LabelFirstTest, WhatAFaceTeaches) {
  const LookedSet other = SetOfHeights(101, 50, 150);
  const SiteComparison against = CompareSite(other, &other);
  LookedPicture picture = EmptyPicture("a.jpg");
  AddFace(picture, 100, 0.9f, {1, 0, 0});
  AddFace(picture, 20, 0.5f, {1.0f / 3, 1.0f / 3, 1.0f / 3}, {10, 500});
  AddFace(picture, 100, 0.625f, {1, 0, 0});
  const FaceLesson plain = LessonOf(picture.result.faces[0], picture.looks[0], 0.5, against);
  EXPECT_DOUBLE_EQ(plain.worth(), 0);
  const FaceLesson rich = LessonOf(picture.result.faces[1], picture.looks[1], 0.5, against);
  EXPECT_NEAR(rich.unclear, 1, 1e-6);
  EXPECT_DOUBLE_EQ(rich.edge, 1);
  EXPECT_EQ(rich.unlike, (std::vector<std::string>{"smaller", "darker"}));
  EXPECT_NEAR(rich.worth(), 1 + 0.5 + 2.0 / 3, 1e-6);
  EXPECT_NEAR(LessonOf(picture.result.faces[2], picture.looks[2], 0.5, against).edge, 0.5, 1e-6);
  EXPECT_TRUE(LessonOf(picture.result.faces[1], picture.looks[1], 0.5, CompareSite(other, nullptr)).unlike.empty());
}

TEST(LabelFirstTest, RanksByWorthAndSaysWhy) {
  LookedSet site;
  LookedPicture sure = EmptyPicture("sure.jpg", 10), unclear = EmptyPicture("unclear.jpg", 60),
                barely = EmptyPicture("barely.jpg", 110), broken;
  AddFace(sure, 40, 0.95f, {1, 0, 0});
  AddFace(unclear, 40, 0.95f, {0.5f, 0, 0.5f});
  AddFace(unclear, 40, 0.95f, {0.3f, 0.1f, 0.6f});
  AddFace(barely, 40, 0.52f, {1, 0, 0});
  AddFace(barely, 40, 0.45f, {1, 0, 0});
  broken.result.error = Result::Failure{ErrorKind::kBadImage, "broken"};
  site.pictures = {sure, broken, barely, unclear, EmptyPicture("empty.jpg", 160)};
  const std::vector<PictureToLabel> ranked = RankToLabel(site, CompareSite(site, nullptr), 10);
  ASSERT_EQ(Names(site, ranked), (std::vector<std::string>{"unclear.jpg", "barely.jpg", "sure.jpg", "empty.jpg"}));
  EXPECT_EQ(ranked[0].reason, "state unclear: none 0.60, correct 0.30 (and 1 more)");
  EXPECT_EQ(ranked[0].face, 1u);
  EXPECT_EQ(ranked[1].reason, "barely found: score 0.52; almost found: score 0.45");
  EXPECT_EQ(ranked[2].reason, "nothing stands out");
  EXPECT_EQ(ranked[3].reason, "no face found, nor almost");
  EXPECT_FALSE(ranked[3].face);
}

TEST(LabelFirstTest, ACopyComesAfterOthers) {
  LookedSet site;
  LookedPicture a = EmptyPicture("a.jpg"), b = EmptyPicture("b.jpg", 101), moved = EmptyPicture("moved.jpg"),
                other = EmptyPicture("other.jpg", 200);
  AddFace(a, 40, 0.9f, {0.5f, 0, 0.5f});
  AddFace(b, 42, 0.9f, {0.5f, 0, 0.5f});
  AddFace(moved, 90, 0.9f, {0.6f, 0, 0.4f});
  AddFace(other, 40, 0.9f, {0.9f, 0, 0.1f});
  site.pictures = {a, b, moved, other};
  const SiteComparison alone = CompareSite(site, nullptr);
  EXPECT_EQ(Names(site, RankToLabel(site, alone, 3)),
            (std::vector<std::string>{"a.jpg", "moved.jpg", "other.jpg", "b.jpg"}));
  EXPECT_EQ(Names(site, RankToLabel(site, alone, 1)),
            (std::vector<std::string>{"a.jpg", "b.jpg", "moved.jpg", "other.jpg"}));
}

TEST(LookAtTest, ReadsWhatItCanAndKeepsTheOrder) {
  const TestFolder folder;
  folder.WritePicture("a.png", 60, 40);
  folder.Write("b.png", "no picture");
  folder.WritePicture("c.png", 30, 20);
  LookOptions options;
  options.workers = 2;
  std::atomic<int> steps{0};
  options.step = [&] { return ++steps > 0; };
  const auto analyze = [](const Image& image, const std::string& source) {
    Result result;
    result.source = source;
    result.width = image.width;
    FaceResult face;
    face.box = {0, 0, 10, 10};
    result.faces = {face};
    return result;
  };
  const LookedSet set = LookAt({folder / "a.png", folder / "b.png", folder / "c.png"}, analyze, options);
  ASSERT_EQ(set.pictures.size(), 3u);
  EXPECT_EQ(steps, 3);
  EXPECT_EQ(set.pictures[0].result.width, 60);
  EXPECT_NEAR(set.pictures[0].looks.at(0).brightness, 127, 0.5);
  EXPECT_EQ(set.pictures[0].thumbnail.size(), 256u);
  ASSERT_TRUE(set.pictures[1].result.error);
  EXPECT_EQ(set.pictures[1].result.error->kind, ErrorKind::kBadImage);
  EXPECT_EQ(set.pictures[2].result.width, 30);
  options.step = [] { return false; };
  ExpectError(ErrorKind::kInterrupted, {"stopped"}, [&] { LookAt({folder / "a.png"}, analyze, options); });
}

}  // namespace
}  // namespace maskscope
