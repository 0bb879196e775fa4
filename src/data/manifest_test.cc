#include "data/manifest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "data/test_folder.h"

namespace maskscope {
namespace {

const char* const kHeader =
    R"({"schema":"maskscope.dataset/1","name":"x","version":1,"root":".","sets":{"s":{"origin":"","licence":""}}})";

ManifestPicture FullPicture() {
  ManifestPicture picture;
  picture.hash = ContentHash("abc");
  picture.path = "bilder/Straße 東京 \"q\" \\ \n.jpg";
  picture.set = "s";
  picture.name = "Straße.jpg";
  picture.group = "g1";
  picture.split = DatasetSplit::kValidation;
  picture.width = 640;
  picture.height = 480;
  picture.synthetic = true;
  picture.author = "A. Painter";
  picture.licence = "CC0-1.0";
  picture.url = "https://example.org/1";
  picture.attributes = {{"voc.segmented", "0"}};
  ManifestFace face;
  face.face.box = {0.1f, 10, 1e-7f, 123456.78f};
  face.face.state = MaskState::kIncorrect;
  face.face.ignore = true;
  face.face.landmarks = {{1, 2}, {3, 4}, {5.5f, 6.25f}, {7, 8}, {9, -1}};
  face.label = "with_incorrect_mask";
  face.score = 0.875f;
  face.attributes = {{"voc.pose", "Frontal"}, {"voc.truncated", "1"}};
  picture.faces = {face, {}};
  return picture;
}

ManifestHeader FullHeader() {
  ManifestHeader header;
  header.name = "mein Satz";
  header.version = 7;
  header.root = "pictures";
  header.parents = {ContentHash("one"), ContentHash("two")};
  header.recipe = {"maskscope data merge a b"};
  header.classes = {"mask", "no-mask"};
  header.sets = {{"s", {"https://example.org", "CC0-1.0"}}, {"t", {}}};
  return header;
}

void ExpectSame(const ManifestPicture& a, const ManifestPicture& b) {
  EXPECT_EQ(a.hash, b.hash);
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.set, b.set);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.group, b.group);
  EXPECT_EQ(a.split, b.split);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  EXPECT_EQ(a.synthetic, b.synthetic);
  EXPECT_EQ(a.author + a.licence + a.url, b.author + b.licence + b.url);
  EXPECT_EQ(a.attributes, b.attributes);
  ASSERT_EQ(a.faces.size(), b.faces.size());
  for (size_t i = 0; i < a.faces.size(); ++i) {
    EXPECT_EQ(a.faces[i].face.box, b.faces[i].face.box);
    EXPECT_EQ(a.faces[i].face.state, b.faces[i].face.state);
    EXPECT_EQ(a.faces[i].face.ignore, b.faces[i].face.ignore);
    EXPECT_EQ(a.faces[i].face.landmarks, b.faces[i].face.landmarks);
    EXPECT_EQ(a.faces[i].label, b.faces[i].label);
    EXPECT_EQ(a.faces[i].score, b.faces[i].score);
    EXPECT_EQ(a.faces[i].attributes, b.faces[i].attributes);
  }
}

class ManifestTest : public testing::Test {
 protected:
  // Reads a manifest of kHeader and this one line.
  void ReadLine(const std::string& line) {
    folder_.Write("m.jsonl", std::string(kHeader) + "\n" + line + "\n");
    ReadManifest(folder_ / "m.jsonl");
  }
  void ExpectBad(const std::string& line, std::initializer_list<std::string> parts) {
    SCOPED_TRACE(line.substr(0, 200));
    ExpectError(ErrorKind::kBadData, {"m.jsonl", "line 2"}, [&] { ReadLine(line); });
    ExpectError(ErrorKind::kBadData, parts, [&] { ReadLine(line); });
  }
  void ExpectBadHeader(ErrorKind kind, const std::string& line, std::initializer_list<std::string> parts) {
    SCOPED_TRACE(line);
    folder_.Write("h.jsonl", line + "\n");
    ExpectError(kind, {"h.jsonl", "line 1"}, [&] { ManifestReader reader(folder_ / "h.jsonl"); });
    ExpectError(kind, parts, [&] { ManifestReader reader(folder_ / "h.jsonl"); });
  }
  TestFolder folder_;
};

TEST_F(ManifestTest, KeepsEverything) {
  ManifestWriter writer(folder_ / "m.jsonl", FullHeader());
  const ManifestPicture full = FullPicture();
  ManifestPicture crop, nothing;
  crop.path = "a.png";
  crop.set = "t";
  crop.kind = PictureKind::kFaceCrop;
  crop.faces.emplace_back();
  nothing.path = "b/c.png";
  nothing.set = "t";
  nothing.kind = PictureKind::kNotAFace;
  writer.Write(full);
  writer.Write(crop);
  writer.Write(nothing);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "m.jsonl"));
  const std::string hash = writer.Commit();
  EXPECT_EQ(hash, ContentHashOfFile(folder_ / "m.jsonl"));

  const Dataset read = ReadManifest(folder_ / "m.jsonl");
  EXPECT_EQ(read.header.name, "mein Satz");
  EXPECT_EQ(read.header.version, 7);
  EXPECT_EQ(read.header.parents, FullHeader().parents);
  EXPECT_EQ(read.header.recipe, FullHeader().recipe);
  EXPECT_EQ(read.header.classes, FullHeader().classes);
  EXPECT_EQ(read.header.sets.at("s").licence, "CC0-1.0");
  EXPECT_EQ(read.header.sets.at("s").origin, "https://example.org");
  EXPECT_EQ(read.root, folder_ / "pictures");
  ASSERT_EQ(read.pictures.size(), 3u);
  ExpectSame(read.pictures[0], full);
  ExpectSame(read.pictures[1], crop);
  ExpectSame(read.pictures[2], nothing);
  // Writing what was read gives the same bytes.
  EXPECT_EQ(WriteManifest(folder_ / "again.jsonl", read), hash);
}

TEST_F(ManifestTest, SaysNumbersShortly) {
  Dataset dataset;
  ManifestPicture picture;
  picture.path = "a.png";
  picture.set = "s";
  picture.faces.emplace_back();
  picture.faces[0].face.box = {0.1f, 12, -3, 33.3f};
  dataset.pictures = {picture};
  WriteManifest(folder_ / "m.jsonl", dataset);
  EXPECT_EQ(ReadFileText(folder_ / "m.jsonl"),
            "{\"schema\":\"maskscope.dataset/1\",\"name\":\"dataset\",\"version\":1,\"root\":\".\","
            "\"sets\":{\"s\":{\"origin\":\"\",\"licence\":\"\"}}}\n"
            "{\"path\":\"a.png\",\"set\":\"s\",\"faces\":[{\"box\":[0.1,12,-3,33.3]}]}\n");
}

TEST_F(ManifestTest, EveryFloatComesBack) {
  ManifestPicture picture = FullPicture();
  uint32_t bits = 1;
  for (int i = 0; i < 2000; ++i) {
    ManifestFace face;
    float* edges[] = {&face.face.box.x1, &face.face.box.y1, &face.face.box.x2, &face.face.box.y2};
    for (float* edge : edges) {
      do {
        bits = bits * 1664525u + 1013904223u;
        std::memcpy(edge, &bits, sizeof(bits));
      } while (!std::isfinite(*edge));
    }
    picture.faces.push_back(face);
  }
  Dataset dataset{.header = FullHeader(), .root = {}, .pictures = {picture}};
  WriteManifest(folder_ / "m.jsonl", dataset);
  ExpectSame(ReadManifest(folder_ / "m.jsonl").pictures.at(0), picture);
}

TEST_F(ManifestTest, RootIsRelativeNearby) {
  const auto root_of = [&](const std::string& file, const std::filesystem::path& root) {
    MakeFolder((folder_ / file).parent_path());
    Dataset dataset;
    dataset.root = root;
    WriteManifest(folder_ / file, dataset);
    const ManifestReader reader(folder_ / file);
    EXPECT_EQ(std::filesystem::weakly_canonical(reader.root()), std::filesystem::weakly_canonical(root));
    return reader.header().root;
  };
  EXPECT_EQ(root_of("m.jsonl", folder_.path()), ".");
  EXPECT_EQ(root_of("m.jsonl", folder_ / "data/sets"), "data/sets");
  EXPECT_EQ(root_of("manifests/m.jsonl", folder_ / "data"), "../data");
  EXPECT_EQ(root_of("manifests/m.jsonl", folder_.path()), "..");
  EXPECT_EQ(root_of("a/b/c/m.jsonl", folder_ / "data"), std::filesystem::weakly_canonical(folder_ / "data").string());
}

TEST_F(ManifestTest, ReadsWhatEditorsLeave) {
  folder_.Write("m.jsonl", "\xEF\xBB\xBF" + std::string(kHeader) + "\r\n\r\n{\"path\":\"a\",\"set\":\"s\"}\r\n \n");
  EXPECT_EQ(ReadManifest(folder_ / "m.jsonl").pictures.size(), 1u);
  folder_.Write("m.jsonl", std::string(kHeader) + "\n{\"path\":\"a\",\"set\":\"s\"}");
  EXPECT_EQ(ReadManifest(folder_ / "m.jsonl").pictures.size(), 1u);
}

TEST_F(ManifestTest, BadHeaders) {
  ExpectError(ErrorKind::kNotFound, {"none.jsonl"}, [&] { ReadManifest(folder_ / "none.jsonl"); });
  ExpectError(ErrorKind::kUnreadable, {"not a regular file"}, [&] { ReadManifest(folder_.path()); });
  ExpectBadHeader(ErrorKind::kBadData, "", {"found nothing"});
  ExpectBadHeader(ErrorKind::kBadData, "set,image,split", {"not valid JSON"});
  ExpectBadHeader(ErrorKind::kBadData, "[]", {"schema"});
  ExpectBadHeader(ErrorKind::kBadData, R"({"path":"a.jpg"})", {"names no schema"});
  ExpectBadHeader(ErrorKind::kBadData, R"({"schema":"coco"})", {"schema", "\"coco\""});
  ExpectBadHeader(ErrorKind::kUnsupported, R"({"schema":"maskscope.dataset/2"})", {"maskscope.dataset/1"});
  const std::string good = R"({"schema":"maskscope.dataset/1",)";
  ExpectBadHeader(ErrorKind::kBadData, good + R"("version":0})", {"version", "found 0"});
  ExpectBadHeader(ErrorKind::kBadData, good + R"("version":"1"})", {"version"});
  ExpectBadHeader(ErrorKind::kBadData, good + R"("version":1,"version":2})", {"version", "twice"});
  ExpectBadHeader(ErrorKind::kBadData, good + R"("root":""})", {"root"});
  ExpectBadHeader(ErrorKind::kBadData, good + R"("rot":"x"})", {"rot", "did you mean 'root'"});
  ExpectBadHeader(ErrorKind::kBadData, good + R"("sets":{"s":{"license":"x"}}})", {"sets.s.license", "'licence'"});
  ExpectBadHeader(ErrorKind::kBadData, good + R"("parents":[1]})", {"parents[0]", "text"});
}

TEST_F(ManifestTest, BadLines) {
  ExpectBad("{", {"not valid JSON"});
  ExpectBad(R"({"path":"a","set":"s"} {})", {"not valid JSON"});
  ExpectBad(R"({"path":"a","set":"s","path":"b"})", {"path", "twice"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"box":[1,2,3,4]},{"box":[1,2,3,4],"box":[1,2,3,4]}]})",
            {"faces[1].box", "twice"});
  ExpectBad(R"({"path":"a","set":"s","attributes":{"k":"1","k":"2"}})", {"attributes.k", "twice"});
  ExpectBad(R"({"set":"s"})", {"path", "found nothing"});
  ExpectBad(R"({"path":"a"})", {"set", "one of the sets"});
  ExpectBad(R"({"path":"a","set":"t"})", {"set", "'t'"});
  ExpectBad(R"({"path":1,"set":"s"})", {"path", "found 1", "text"});
  ExpectBad(R"({"path":"a","set":"s","hash":"md5:1"})", {"hash", "sha256:"});
  ExpectBad(R"({"path":"a","set":"s","split":"dev"})", {"split", "validation"});
  ExpectBad(R"({"path":"a","set":"s","kind":"crop"})", {"kind", "face_crop"});
  ExpectBad(R"({"path":"a","set":"s","kind":"face_crop"})", {"faces", "wanted one"});
  ExpectBad(R"({"path":"a","set":"s","kind":"not_a_face","faces":[{"box":[0,0,1,1]}]})", {"shows no face"});
  ExpectBad(R"({"path":"a","set":"s","width":-1,"height":1})", {"width", "-1"});
  ExpectBad(R"({"path":"a","set":"s","width":1.5,"height":1})", {"width", "1.5"});
  ExpectBad(R"({"path":"a","set":"s","width":99999999999,"height":1})", {"width"});
  ExpectBad(R"({"path":"a","set":"s","width":18446744073709551615,"height":1})", {"width"});
  ExpectBad(R"({"path":"a","set":"s","width":5})", {"both sides"});
  ExpectBad(R"({"path":"a","set":"s","synthetic":1})", {"synthetic", "true or false"});
  ExpectBad(R"({"path":"a","set":"s","faces":{}})", {"faces", "list"});
  ExpectBad(R"({"path":"a","set":"s","faces":[1]})", {"faces[0]", "object"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{}]})", {"faces[0]", "box"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"box":[1,2,3]}]})", {"faces[0].box", "4 numbers"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"box":[1,2,3,null]}]})", {"faces[0].box", "null"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"box":[1,2,3,NaN]}]})", {"faces[0].box[3]", "not valid JSON"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"box":[1,2,3,1e300]}]})", {"faces[0].box", "1e+300"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"box":[1,2,3,1e999]}]})", {"1e999"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"box":[1,2,3,4],"state":"Correct"}]})", {"faces[0].state", "Correct"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"box":[1,2,3,4],"score":1.5}]})", {"faces[0].score"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"box":[1,2,3,4],"landmarks":[[1,2]]}]})", {"faces[0].landmarks"});
  ExpectBad(R"({"path":"a","set":"s","faces":[{"bbox":[1,2,3,4]}]})", {"faces[0].bbox", "'box'"});
  ExpectBad("{\"path\":\"a\xff\",\"set\":\"s\"}", {"not valid JSON"});
  ExpectBad(std::string(100000, '['), {"nested deeper"});
}

TEST_F(ManifestTest, PathsStayBelowTheRoot) {
  for (const char* path : {"/etc/passwd", "../a", "a/../../b", "a//b", "a/", "./a", "a/.", "..", "/", R"(a\u0000b)"}) {
    ExpectBad(std::string(R"({"path":")") + path + R"(","set":"s"})", {"path"});
  }
  for (const char* path : {"a..b", ".hidden", "a/...", "c:\\\\x", "~", " "}) {
    EXPECT_NO_THROW(ReadLine(std::string(R"({"path":")") + path + R"(","set":"s"})")) << path;
  }
}

TEST_F(ManifestTest, WriterRefusesWhatCannotBeRead) {
  const auto expect = [&](const ManifestPicture& picture, std::initializer_list<std::string> parts) {
    ExpectError(ErrorKind::kBadData, parts, [&] {
      ManifestWriter writer(folder_ / "w.jsonl", FullHeader());
      writer.Write(picture);
      writer.Commit();
    });
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 0) << "a file was left behind";
  };
  ManifestPicture picture = FullPicture();
  picture.path = "";
  expect(picture, {"w.jsonl", "path"});
  picture = FullPicture();
  picture.faces[1].face.box.x2 = std::numeric_limits<float>::quiet_NaN();
  expect(picture, {"w.jsonl", "faces[1].box", "finite"});
  picture = FullPicture();
  picture.faces[0].face.landmarks[0].x = std::numeric_limits<float>::infinity();
  expect(picture, {"faces[0].landmarks"});
  picture = FullPicture();
  picture.set = "other";
  expect(picture, {"set", "'other'"});
  picture = FullPicture();
  picture.name = "latin-1 \xe9";
  expect(picture, {"name", "UTF-8"});
}

TEST(ContentHashTest, KnownValues) {
  // FIPS 180-4 examples.
  EXPECT_EQ(ContentHash(""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ContentHash("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const TestFolder folder;
  const std::string million(1000000, 'a');
  folder.Write("a", million);
  EXPECT_EQ(ContentHashOfFile(folder / "a"), "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  ExpectError(ErrorKind::kNotFound, {"gone"}, [&] { ContentHashOfFile(folder / "gone"); });
  ExpectError(ErrorKind::kUnreadable, {"regular"}, [&] { ContentHashOfFile(folder.path()); });
}

}  // namespace
}  // namespace maskscope
