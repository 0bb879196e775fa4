#include "evaluate/predictions.h"

#include <gtest/gtest.h>

#include "base/expect_error.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

class PredictionsTest : public testing::Test {
 protected:
  PredictionsTest() {
    Add("one", "images/a.png");
    Add("one", "images/000012.png");
    Add("two", "images/a.png");
  }

  void Add(const std::string& set, const std::string& name) {
    LabelledImage image;
    image.set = set;
    image.name = name;
    image.path = std::filesystem::path("data") / set / name;
    image.width = 200;
    image.height = 100;
    images_.push_back(image);
  }

  Predictions Read(const std::string& name, std::vector<std::string> names = {}) const {
    PredictionOptions options;
    options.source = folder_ / name;
    options.names = std::move(names);
    return ReadPredictions(images_, options);
  }
  void Refuse(const std::string& name, std::initializer_list<std::string> parts,
              std::vector<std::string> names = {}) const {
    ExpectError(ErrorKind::kBadData, parts, [&] { Read(name, names); });
  }

  TestFolder folder_;
  std::vector<LabelledImage> images_;
};

TEST_F(PredictionsTest, DetectionText) {
  folder_.Write("out/one/a.txt", "face_mask 0.9876 10 20 40 60\nface 0.5 100 20 150 90\n");
  folder_.Write("out/000012.txt", "");
  const Predictions read = Read("out");
  EXPECT_EQ(read.format, "detection text");
  ASSERT_EQ(read.results[0].faces.size(), 2u);
  EXPECT_EQ(read.results[0].faces[0].best_state, "correct");
  EXPECT_FLOAT_EQ(read.results[0].faces[0].score, 0.9876f);
  EXPECT_EQ(read.results[0].faces[0].box, (Box{10, 20, 40, 60}));
  EXPECT_EQ(read.results[0].faces[1].best_state, "none");
  EXPECT_TRUE(read.results[2].faces.empty());
  ASSERT_EQ(read.notes.size(), 2u);
  EXPECT_NE(read.notes[1].find("of 3 measured pictures 1 have no predictions"), std::string::npos) << read.notes[1];
}

TEST_F(PredictionsTest, AFaceAloneHasNoState) {
  folder_.Write("out/000012.txt", "face 0.9 10 20 40 60");
  EXPECT_TRUE(Read("out").results[1].faces[0].probabilities.empty());
}

TEST_F(PredictionsTest, YoloText) {
  folder_.Write("out/000012.txt", "1 0.5 0.5 0.1 0.2 0.75\n");
  const Predictions read = Read("out", {"correct", "none"});
  EXPECT_EQ(read.format, "YOLO text");
  const FaceResult& face = read.results[1].faces.at(0);
  EXPECT_EQ(face.state, "none");
  EXPECT_NEAR(face.box.x1, 90, 1e-4);
  EXPECT_NEAR(face.box.y2, 60, 1e-4);
  folder_.Write("out/classes.txt", "mask\nno-mask\n");
  EXPECT_EQ(Read("out").results[1].faces.at(0).state, "none");
}

TEST_F(PredictionsTest, CocoListAndWholeObject) {
  folder_.Write("list.json", R"([{"image_id": 12, "category_id": 3, "bbox": [10, 20, 30, 40], "score": 0.25}])");
  const Predictions list = Read("list.json", {"1=correct", "3=incorrect"});
  EXPECT_EQ(list.results[1].faces.at(0).state, "incorrect");
  EXPECT_EQ(list.results[1].faces.at(0).box, (Box{10, 20, 40, 60}));
  folder_.Write("whole.json", R"({"images": [{"id": 7, "file_name": "two/a.png"}],
      "categories": [{"id": 1, "name": "with_mask"}],
      "annotations": [{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}]})");
  const Predictions whole = Read("whole.json");
  EXPECT_EQ(whole.results[2].faces.at(0).state, "correct");
  EXPECT_TRUE(whole.results[0].faces.empty());
}

TEST_F(PredictionsTest, OurOwnLines) {
  folder_.Write("out.jsonl",
                R"({"schema":"maskscope.result/1","source":"x/000012.png","width":200,"height":100,"faces":[)"
                R"({"box":[1,2,30,40],"score":0.9,"landmarks":null,"state":"unsure","confidence":0.5,)"
                R"("probabilities":{"correct":0.5,"incorrect":0.1,"none":0.4},"unsure_reason":"small"}],)"
                R"("timing_ms":{},"error":null})"
                "\n");
  const FaceResult& face = Read("out.jsonl").results[1].faces.at(0);
  EXPECT_EQ(face.best_state, "correct");
  EXPECT_EQ(face.state, "unsure");
  EXPECT_FLOAT_EQ(face.confidence, 0.5f);
  EXPECT_EQ(face.probabilities.size(), 3u);
}

TEST_F(PredictionsTest, BadInput) {
  ExpectError(ErrorKind::kNotFound, {"nowhere"}, [&] { Read("nowhere"); });
  folder_.Write("unknown/b.txt", "face 0.5 1 1 2 2");
  Refuse("unknown", {"none of its pictures (b.txt)", "3 that are measured"});
  folder_.Write("ambiguous/a.txt", "face 0.5 1 1 2 2");
  Refuse("ambiguous", {"'a.txt' can be", "SET/a.txt"});
  folder_.Write("class/000012.txt", "with_mak 0.5 1 1 2 2\nwith_mak 0.5 1 1 2 2\n");
  Refuse("class", {"with_mak", "with_mask", "2 detections", "line 1", "--map"});
  folder_.Write("score/000012.txt", "\nface 1.5 1 1 2 2");
  Refuse("score", {"000012.txt', line 2", "score 1.5", "0 to 1"});
  folder_.Write("nan/000012.txt", "face nan 1 1 2 2");
  Refuse("nan", {"line 1", "'nan'", "wanted a number"});
  folder_.Write("box/000012.txt", "face 0.5 10 10 10 20");
  Refuse("box", {"x1 < x2"});
  folder_.Write("outside/000012.txt", "face 0.5 210 10 220 20");
  Refuse("outside", {"outside the picture"});
  folder_.Write("fields/000012.txt", "0 0.5 0.5 0.1 0.1");
  Refuse("fields", {"found 5 fields", "score"}, {"face"});
  folder_.Write("number/000012.txt", "4 0.5 0.5 0.1 0.1 0.9");
  Refuse("number", {"class 4 has no name"}, {"face"});
  Refuse("number", {"--names"});
  folder_.Write("coco.json", R"([{"image_id": 12, "category_id": 0, "bbox": [1, 1, 2, 2], "score": NaN}])");
  Refuse("coco.json", {"coco.json", "NaN"}, {"face"});
  folder_.Write("empty.json", "[]");
  Refuse("empty.json", {"no prediction"});
  folder_.Write("words.csv", "a,b\n");
  Refuse("words.csv", {".jsonl", "COCO"});
}

TEST_F(PredictionsTest, AnswersAreThoseOfEnoughScore) {
  folder_.Write("out/000012.txt", "face 0.9 10 20 40 60\nface 0.4 50 20 80 60");
  const Predictions read = Read("out");
  EXPECT_EQ(WithScoreFrom(read.results, 0.5)[1].faces.size(), 1u);
  EXPECT_EQ(WithScoreFrom(read.results, 0.4)[1].faces.size(), 2u);
}

}  // namespace
}  // namespace maskscope
