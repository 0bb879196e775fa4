#include "analyze/nms.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

struct Case {
  std::vector<Box> boxes;
  std::vector<float> scores;
  std::vector<int> classes;
};

Case Read(const nlohmann::json& json) {
  Case c;
  for (const auto& box : json.at("boxes")) c.boxes.push_back({box[0], box[1], box[2], box[3]});
  c.scores = json.at("scores").get<std::vector<float>>();
  c.classes = json.at("classes").get<std::vector<int>>();
  return c;
}

class GoldenNms : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream stream(test::SharedFile("golden/ops/nms.json"));
    if (!stream) GTEST_SKIP() << "golden/ops/nms.json is absent: set MASKSCOPE_SHARED";
    golden_ = nlohmann::json::parse(stream);
  }
  nlohmann::json golden_;
};

TEST_F(GoldenNms, Greedy) {
  for (const auto& json : golden_.at("cases")) {
    const Case c = Read(json);
    for (const auto& run : json.at("greedy")) {
      EXPECT_EQ(run.at("keep").get<std::vector<int>>(),
                Nms(c.boxes, c.scores, run.at("iou"), run.at("plus_one").get<bool>()))
          << json.at("name") << " " << run.at("iou");
    }
  }
}

TEST_F(GoldenNms, PerClass) {
  for (const auto& json : golden_.at("cases")) {
    const Case c = Read(json);
    for (const auto& run : json.at("greedy_per_class")) {
      EXPECT_EQ(run.at("keep").get<std::vector<int>>(),
                NmsPerClass(c.boxes, c.scores, c.classes, run.at("iou"), run.at("plus_one").get<bool>()))
          << json.at("name");
    }
  }
}

TEST_F(GoldenNms, Soft) {
  int compared = 0;
  for (const auto& json : golden_.at("cases")) {
    const Case c = Read(json);
    for (const auto& run : json.at("soft")) {
      if (run.at("plus_one").get<bool>()) continue;  // not offered for Soft-NMS
      std::vector<float> scores = c.scores;
      const SoftNmsKind kind = run.at("method") == "linear" ? SoftNmsKind::kLinear : SoftNmsKind::kGaussian;
      const std::vector<int> order =
          SoftNms(c.boxes, scores, kind, run.at("Nt"), run.at("sigma"), run.at("score_threshold"));
      ASSERT_EQ(run.at("result").size(), order.size()) << json.at("name") << run.at("method");
      for (size_t i = 0; i < order.size(); ++i) {
        EXPECT_EQ(run.at("result")[i][0].get<int>(), order[i]) << json.at("name") << run.at("method");
        EXPECT_NEAR(run.at("result")[i][1].get<double>(), scores[static_cast<size_t>(order[i])], 1e-6);
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

TEST(Nms, OnlyTheBestEnter) {
  const std::vector<Box> boxes = {{0, 0, 1, 1}, {5, 5, 6, 6}, {9, 9, 10, 10}};
  EXPECT_EQ((std::vector<int>{2, 0}), Nms(boxes, {0.5f, 0.1f, 0.9f}, 0.5f, false, 2));
}

// What NMS promises, on random boxes: no two kept ones overlap too much, and every one that went overlaps a better kept
// one.
TEST(Nms, KeepsItsPromise) {
  Random random(4);
  for (int round = 0; round < 100; ++round) {
    Case c;
    const int count = random.Int(0, 60);
    for (int i = 0; i < count; ++i) {
      const auto x = static_cast<float>(random.Uniform(0, 40)), y = static_cast<float>(random.Uniform(0, 40));
      c.boxes.push_back(
          {x, y, x + static_cast<float>(random.Uniform(1, 20)), y + static_cast<float>(random.Uniform(1, 20))});
      c.scores.push_back(static_cast<float>(random.Int(0, 20)) / 20);
    }
    const std::vector<int> kept = Nms(c.boxes, c.scores, 0.4f);
    std::vector<bool> is_kept(c.boxes.size(), false);
    for (const int i : kept) is_kept[static_cast<size_t>(i)] = true;
    for (size_t i = 0; i < c.boxes.size(); ++i) {
      bool suppressed = false;
      for (const int k : kept) {
        const auto j = static_cast<size_t>(k);
        if (j == i) continue;
        const bool better = c.scores[j] > c.scores[i] || (c.scores[j] == c.scores[i] && j < i);
        if (better && Iou(c.boxes[i], c.boxes[j]) > 0.4f) suppressed = true;
      }
      EXPECT_EQ(is_kept[i], !suppressed) << "round " << round << ", box " << i;
    }
  }
}

}  // namespace
}  // namespace maskscope
