#include "data/set_digest.h"

#include <gtest/gtest.h>

namespace maskscope {
namespace {

ManifestPicture Picture(const std::string& path, const std::string& content) {
  ManifestPicture picture;
  picture.path = path;
  picture.hash = content;
  picture.set = "s";
  picture.faces.resize(1);
  picture.faces[0].face.box = {1, 2, 3, 4};
  return picture;
}

std::string DigestOf(const std::vector<ManifestPicture>& pictures) {
  SetDigest digest;
  for (const ManifestPicture& picture : pictures) digest.Add(picture);
  return digest.Text();
}

TEST(SetDigest, KnowsContentNotPlaceNorOrder) {
  const std::vector<ManifestPicture> set{Picture("a/1.jpg", "sha256:aa"), Picture("a/2.jpg", "sha256:bb")};
  EXPECT_EQ(DigestOf(set), DigestOf({Picture("z/2.jpg", "sha256:bb"), Picture("y/1.jpg", "sha256:aa")}));
  EXPECT_NE(DigestOf(set), DigestOf({set[0]}));
  EXPECT_NE(DigestOf(set), DigestOf({set[0], set[1], set[1]}));
}

TEST(SetDigest, LabelsAndSplitsCount) {
  const ManifestPicture picture = Picture("1.jpg", "sha256:aa");
  ManifestPicture other = picture;
  other.faces[0].face.state = MaskState::kCorrect;
  EXPECT_NE(DigestOf({picture}), DigestOf({other}));
  other = picture;
  other.split = DatasetSplit::kTest;
  EXPECT_NE(DigestOf({picture}), DigestOf({other}));
}

TEST(SetDigest, WithoutHashThePathCounts) {
  EXPECT_NE(DigestOf({Picture("1.jpg", "")}), DigestOf({Picture("2.jpg", "")}));
}

// The sum of two numbers with a carry from word to word, and over the end.
TEST(SetDigest, IsTheSumOfThePictures) {
  std::vector<ManifestPicture> many;
  for (int i = 0; i < 200; ++i) many.push_back(Picture("p", "sha256:" + std::to_string(i)));
  SetDigest forward, backward;
  for (size_t i = 0; i < many.size(); ++i) forward.Add(many[i]);
  for (size_t i = many.size(); i-- > 0;) backward.Add(many[i]);
  EXPECT_EQ(forward.Text(), backward.Text());
  EXPECT_EQ(forward.Text().size(), 11u + 64u);
}

}  // namespace
}  // namespace maskscope
