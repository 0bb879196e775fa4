#include "train/settings.h"

#include <gtest/gtest.h>

#include "data/test_folder.h"

namespace maskscope {
namespace {

struct Settings {
  int epochs = 3;
  float share = 0.1f;
  bool flip = true;
  std::string name = "12";
  std::filesystem::path data = "a b";
  std::vector<int> sizes{96, 128};
  OptimizerKind optimizer = OptimizerKind::kAdagrad;
  ScheduleKind schedule = ScheduleKind::kStep;
};

template <typename S, typename Visit>
void VisitFields(S& s, Visit&& visit) {
  visit("loop", "epochs", s.epochs);
  visit("loop", "optimizer", s.optimizer);
  visit("loop", "schedule", s.schedule);
  visit("data", "share", s.share);
  visit("data", "flip", s.flip);
  visit("data", "name", s.name);
  visit("data", "folder", s.data);
  visit("data", "sizes", s.sizes);
}

nlohmann::json Write(const Settings& s) {
  return WriteSettings([&](auto&& visit) { VisitFields(s, visit); });
}

void Read(const nlohmann::json& json, Settings& s) {
  ReadSettings(json, "file.yaml", [&](auto&& visit) { VisitFields(s, visit); });
}

TEST(Settings, GoThroughYamlAndBack) {
  const TestFolder folder;
  Settings s;
  s.name = "with \"quotes\", a: colon\nand a line";
  s.data = "Übung/données";
  s.flip = false;
  const nlohmann::json json = Write(s);
  EXPECT_EQ(json.at("data").at("share").dump(), "0.1");
  folder.Write("args.yaml", ToYaml(json));
  EXPECT_EQ(ReadYaml(folder.path() / "args.yaml"), json);
  Settings back;
  Read(ReadYaml(folder.path() / "args.yaml"), back);
  EXPECT_EQ(Write(back), json);
}

TEST(Settings, ARecipeSetsWhatItNames) {
  const TestFolder folder;
  folder.Write("recipe.yaml", "# as in the paper\nloop:\n  epochs: 15\n  optimizer: sgd\ndata: {sizes: [224]}\n");
  Settings s;
  Read(ReadYaml(folder.path() / "recipe.yaml"), s);
  EXPECT_EQ(s.epochs, 15);
  EXPECT_EQ(s.optimizer, OptimizerKind::kSgd);
  EXPECT_EQ(s.sizes, std::vector<int>{224});
  EXPECT_EQ(s.schedule, ScheduleKind::kStep);
}

TEST(Settings, SayWhatIsWrong) {
  const TestFolder folder;
  Settings s;
  const auto read = [&](const char* text) {
    folder.Write("bad.yaml", text);
    Read(ReadYaml(folder.path() / "bad.yaml"), s);
  };
  ExpectError(ErrorKind::kBadData, {"'epoch'", "'epochs'"}, [&] { read("loop: {epoch: 3}"); });
  ExpectError(ErrorKind::kBadData, {"'lop'", "'loop'"}, [&] { read("lop: {epochs: 3}"); });
  ExpectError(ErrorKind::kBadData, {"file.yaml", "loop: epochs"}, [&] { read("loop: {epochs: many}"); });
  ExpectError(ErrorKind::kBadData, {"optimizer", "'lamb'"}, [&] { read("loop: {optimizer: lamb}"); });
  ExpectError(ErrorKind::kBadData, {"bad.yaml", "line 3"}, [&] { read("loop:\n  epochs: [3\n"); });
  ExpectError(ErrorKind::kBadData, {"named settings"}, [&] { read("- 1\n- 2\n"); });
  ExpectError(ErrorKind::kBadData, {"'loop'"}, [&] { read("loop: 5\n"); });
}

}  // namespace
}  // namespace maskscope
