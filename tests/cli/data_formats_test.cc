// `maskscope data`: annotation formats as people bring them, to every command.
#include "tests/cli/toy_sets.h"

namespace maskscope::test {
namespace {

class DataFormatsTest : public DataTest {
 protected:
  void WriteSmallSet(const std::string& folder = "voc") {
    WriteVoc(folder, "a", {"g.b.", "....", ".rr."});
    WriteVoc(folder, "b", {"....", ".g.."});
    WriteVoc(folder, "c d", {"r..r", "...."});
  }
};

TEST_F(DataFormatsTest, OneSetThroughAllOfThem) {
  WriteSmallSet();
  std::string from = "voc";
  for (const std::string format : {"manifest", "yolo", "coco", "cvat", "voc"}) {
    const std::string to = format == "manifest" ? "set.jsonl" : "as_" + format;
    std::vector<std::string> words{"data", "convert", from, to, "--to", format};
    if (format != "manifest") words.push_back("--copy");
    const ProgramRun run = Run(words);
    ASSERT_EQ(run.exit_code, 0) << format << "\n" << run.err;
    ExpectSaid(run.err, {to + ": 3 pictures, 6 faces (2 correct, 1 incorrect, 3 none)"});
    from = to;
  }
  EXPECT_EQ(List("as_voc"), "Annotations JPEGImages");
  EXPECT_EQ(List("as_voc/JPEGImages"), "a.png b.png c d.png");
  ASSERT_EQ(Run({"data", "convert", "as_voc", "end.jsonl", "--to", "manifest"}).exit_code, 0);
  const Dataset begin = ReadSet("set.jsonl"), end = ReadSet("end.jsonl");
  for (size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(begin.pictures[i].faces.size(), end.pictures[i].faces.size());
    for (size_t f = 0; f < begin.pictures[i].faces.size(); ++f) {
      EXPECT_EQ(begin.pictures[i].faces[f].face.box, end.pictures[i].faces[f].face.box);
      EXPECT_EQ(begin.pictures[i].faces[f].label, end.pictures[i].faces[f].label);
    }
  }
}

TEST_F(DataFormatsTest, ConvertSaysWhatIsLost) {
  WriteSmallSet();
  const ProgramRun run = Run({"data", "convert", "voc", "wider", "--to", "wider"});
  EXPECT_EQ(run.exit_code, 0);
  ExpectSaid(run.err, {"lost", "6 class names and states", "pictures are named below voc/JPEGImages"});
  EXPECT_EQ(Run({"data", "convert", "voc", "all", "--to", "collection"}).exit_code, 2);
  ExpectSaid(Run({"data", "convert", "voc", "x", "--to", "yolov5"}).err, {"did you mean 'yolo'"});
  ExpectSaid(Run({"data", "convert", "voc", "wider", "--to", "yolo"}).err, {"'wider' exists", "new folder"});
}

TEST_F(DataFormatsTest, ClassNamesNobodyKnowsAreListedAndMapped) {
  WriteVocObjects("voc", "a", {"g..", "..r"}, {"With_Mask 1 1 32 32", "helmet 64 32 96 64", "With_Mask 40 1 60 20"});
  for (const std::string command : {"stats", "check"}) {
    const ProgramRun run = Run({"data", command, "voc"});
    EXPECT_EQ(run.exit_code, 9) << command;
    ExpectSaid(run.out + run.err, {"'With_Mask' (it differs from 'with_mask' only by case or blanks) 2 times",
                                   "'helmet' 1 times", "known are", "--map", "a.xml"});
  }
  WriteFile("map.yaml", "With_Mask: correct\nhelmet: ignore\n");
  const ProgramRun run = Run({"data", "stats", "voc", "--map", "map.yaml"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  ExpectSaid(run.out, {"| voc | unassigned | 1 | 2 | 0 | 0 | 0 | 1 |"});
  ASSERT_EQ(Run({"data", "convert", "voc", "set.jsonl", "--to", "manifest", "--map", "map.yaml"}).exit_code, 0);
  const ProgramRun needless = Run({"data", "stats", "set.jsonl", "--map", "map.yaml"});
  EXPECT_EQ(needless.exit_code, 2);
  ExpectSaid(needless.err, {"set.jsonl", "--map", "says itself"});
}

// All of them open their data in one way: one format that needs a word more shows it.
TEST_F(DataFormatsTest, EveryCommandTakesAnnotations) {
  WriteSmallSet();
  ASSERT_EQ(Run({"data", "convert", "voc", "coco.json", "--to", "coco"}).exit_code, 0);
  const auto run = [&](std::vector<std::string> words, const std::vector<std::string>& more = {}) {
    words.insert(words.begin(), "data");
    for (const char* word : {"coco.json", "--images", "voc/JPEGImages"}) words.push_back(word);
    words.insert(words.end(), more.begin(), more.end());
    const ProgramRun result = Run(words);
    EXPECT_EQ(result.exit_code, 0) << words[1] << "\n" << result.err;
    return result;
  };
  ExpectSaid(run({"check"}).out, {"3 pictures, 6 faces", "0 errors"});
  ExpectSaid(run({"stats"}).out, {"| all |  | 3 | 2 | 1 | 3 |"});
  run({"duplicates"});
  run({"show"}, {"--out", "look"});
  EXPECT_TRUE(Exists("look/index.md"));
  run({"split"}, {"split.jsonl", "--no-duplicates"});
  EXPECT_EQ(FacesOf(ReadSet("split.jsonl")), "2 correct, 1 incorrect, 3 none");
  ExpectSaid(ReadSet("split.jsonl").header.recipe.back(), {"coco.json", "--images voc/JPEGImages"});
  run({"crops"}, {"crops"});
  EXPECT_EQ(ReadSet("crops/crops.jsonl").pictures.size(), 6u);
  run({"clean"}, {"clean.jsonl", "--least-sharpness", "0"});
  EXPECT_EQ(FacesOf(ReadSet("clean.jsonl")), "2 correct, 1 incorrect, 3 none");
  run({"merge", "merged.jsonl"});
  const Dataset merged = ReadSet("merged.jsonl");
  EXPECT_EQ(FacesOf(merged), "2 correct, 1 incorrect, 3 none");
  EXPECT_NE(merged.pictures.at(0).hash, "");
  ASSERT_EQ(Run({"data", "balance", "crops", "even.jsonl", "--from", "folders"}).exit_code, 0);
  EXPECT_EQ(FacesOf(ReadSet("even.jsonl")), "1 correct, 1 incorrect, 1 none");
}

TEST_F(DataFormatsTest, OriginAndLicenceGoWithTheSet) {
  WriteSmallSet("site4");
  WriteSmallSet("scenes/kaggle853");
  ASSERT_EQ(Run({"data", "convert", "site4", "site.jsonl", "--to", "manifest", "--origin", "our cameras", "--licence",
                 "ours alone"})
                .exit_code,
            0);
  ExpectSaid(Run({"data", "stats", "site.jsonl"}).out, {"| site4 | 3 | ours alone | our cameras |"});
  // Sets that many people use are known by their folder's name.
  ExpectSaid(Run({"data", "check", "scenes/kaggle853"}).out, {"| kaggle853 | 3 | CC0 1.0"});
  ASSERT_EQ(Run({"data", "merge", "all.jsonl", "site4", "scenes/kaggle853", "--licence", "ours"}).exit_code, 0);
  const Dataset all = ReadSet("all.jsonl");
  EXPECT_EQ(all.header.sets.at("site4").licence, "ours");
  EXPECT_EQ(all.header.sets.at("kaggle853").licence.substr(0, 3), "CC0");
  const ProgramRun again = Run({"data", "merge", "again.jsonl", "all.jsonl", "--licence", "mine"});
  EXPECT_EQ(again.exit_code, 2);
  ExpectSaid(again.err, {"--licence", "says its own already"});
}

TEST_F(DataFormatsTest, CheckListsEverythingThatIsWrongWithAnnotations) {
  WriteSmallSet();
  WriteVocObjects("voc", "swapped", {"g.", ".."}, {"with_mask 30 1 10 20", "with_mask 1 1 20 20"});
  WriteVocObjects("voc", "negative", {"g.", ".."}, {"with_mask -5 1 10 20"});
  WriteVocObjects("voc", "nan", {"g.", ".."}, {"with_mask nan 1 10 inf"});
  WriteFile("voc/Annotations/torn.xml", "<annotation><filename>");
  WriteFile("voc/Annotations/wide.xml", std::string("\xFF\xFE<\0a\0", 6));
  WriteFile("voc/Annotations/gone.xml", "<annotation><filename>gone.png</filename></annotation>");
  WriteFile("voc/Annotations/leaves.xml", "<annotation><filename>../../etc/passwd</filename></annotation>");
  WriteFile("voc/JPEGImages/broken.png", "no picture");
  WriteFile("voc/Annotations/broken.xml", "<annotation><filename>broken.png</filename></annotation>");
  WritePicture("voc/JPEGImages/alone.png");
  const ProgramRun run = Run({"data", "check", "voc", "--json", "check.json"});
  EXPECT_EQ(run.exit_code, 9);
  const nlohmann::json report = nlohmann::json::parse(ReadFile("check.json"));
  for (const auto& [kind, found] : std::map<std::string, int>{{"bad_box", 2},
                                                              {"bad_number", 1},
                                                              {"bad_xml", 1},
                                                              {"bad_file", 1},
                                                              {"picture_missing", 1},
                                                              {"bad_path", 1},
                                                              {"bad_picture", 1}}) {
    ASSERT_TRUE(report["kinds"].contains(kind)) << kind << "\n" << run.out;
    EXPECT_EQ(report["kinds"][kind]["found"], found) << kind;
    EXPECT_EQ(report["kinds"][kind]["severity"], "error");
  }
  EXPECT_EQ(report["kinds"]["not_labelled"]["severity"], "warning");
  ExpectSaid(run.out, {"swapped.xml` object[0]/bndbox: swapped: xmin 30 is greater than xmax 10", "alone.png"});
  // The others stop at once, with the first of each kind.
  const ProgramRun stats = Run({"data", "stats", "voc"});
  EXPECT_EQ(stats.exit_code, 9);
  EXPECT_EQ(stats.out, "");
  ExpectSaid(stats.err, {"'voc' has errors", "2 bad_box, the first: ", "negative.xml", "--skip-bad"});
  const ProgramRun skipped = Run({"data", "convert", "voc", "good.jsonl", "--to", "manifest", "--skip-bad"});
  EXPECT_EQ(skipped.exit_code, 9);
  EXPECT_EQ(FacesOf(ReadSet("good.jsonl")), "3 correct, 1 incorrect, 3 none");
  ASSERT_EQ(Run({"data", "convert", "voc", "bad.jsonl", "--to", "manifest"}).exit_code, 9);
  EXPECT_FALSE(Exists("bad.jsonl"));
}

TEST_F(DataFormatsTest, WhatCannotBeASetSaysWhatToDo) {
  WriteFile("set.zip", "PK\x03\x04 and so on");
  WriteFile("downloads/set.tar.gz", "\x1f\x8b and so on");
  WriteFile("text/readme.md", "hello");
  for (const auto& [source, said] : std::map<std::string, std::string>{
           {"set.zip", "unpack it first"}, {"downloads", "unpack it first"}, {"text", "cannot tell the format"}}) {
    const ProgramRun run = Run({"data", "stats", source});
    EXPECT_EQ(run.exit_code, 9) << source;
    ExpectSaid(run.err, {source, said});
  }
  EXPECT_EQ(Run({"data", "check", "nowhere"}).exit_code, 3);
  WriteSmallSet("all/scenes/s");
  WriteFile("all/scenes/splits.csv", "set,image,split,group\n");
  ExpectSaid(Run({"data", "stats", "all/scenes"}).err, {"part of a collection", "/all'"});
}

}  // namespace
}  // namespace maskscope::test
