#include "data/collect/collector.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "data/collect/collection_manifest.h"
#include "data/collect/test_server.h"
#include "data/painter.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/test_pictures.h"
#include "image/transform.h"

namespace maskscope::collect {
namespace {

namespace fs = std::filesystem;
using Request = TestServer::Request;
using Send = TestServer::Send;

std::string Text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

Image Painted(uint64_t seed) {
  PainterOptions options;
  options.width = 320;
  options.height = 240;
  options.people = 2;
  options.seed = seed;
  return PaintGroup(options).image;
}
std::string Jpeg(uint64_t seed) { return Text(EncodeJpeg(Painted(seed))); }

FetchOptions Quick() {
  FetchOptions options;
  options.http.address_policy = [](const sockaddr*) { return std::string(); };
  options.requests_per_second = 1000;
  options.retries = 1;
  options.backoff_seconds = 0.01;
  options.longest_wait_seconds = 1;
  return options;
}

// A site whose files are in a map; what is not there is a 404.
class Site {
 public:
  Site() : server_([this](const Request& request, const Send& send) { Serve(request, send); }) {}

  std::string Url(const std::string& path) const { return server_.Url(path); }
  TestServer& server() { return server_; }
  std::map<std::string, std::string> files, answers;  // bodies; whole raw answers

 private:
  void Serve(const Request& request, const Send& send) {
    if (const auto answer = answers.find(request.path()); answer != answers.end()) {
      send(answer->second);
    } else if (const auto file = files.find(request.path()); file != files.end()) {
      send(TestServer::Answer(file->second, 200, "Content-Type: image/jpeg\r\n"));
    } else {
      send(TestServer::Answer("none", 404));
    }
  }

  TestServer server_;
};

struct Gathered {
  CollectSummary summary;
  std::vector<std::string> lines;  // "fate reason"
};

Gathered Gather(const std::string& list, const CollectOptions& options, const Labeller& labeller = {},
                std::function<bool()> stop = {}) {
  Fetcher fetcher(Quick(), std::move(stop));
  const auto source = MakeListSource(list, "list");
  Gathered run;
  run.summary = Collect(*source, fetcher, options, labeller, nullptr, [&run](const CollectEvent& event) {
    run.lines.push_back(std::string(FateName(event.fate)) + (event.reason.empty() ? "" : " " + event.reason));
  });
  return run;
}

CollectOptions Into(const fs::path& folder) {
  CollectOptions options;
  options.folder = folder;
  return options;
}

TEST(Collector, KeepsBytesLicenceAuthorAndSuggestions) {
  Site site;
  site.files["/a.jpg"] = Jpeg(1);
  TestFolder folder;
  CollectOptions options = Into(folder / "set");
  options.set = "mine";
  options.origin = "my list";
  options.recipe = "the command";
  const Labeller labeller = [](const Image& image, const std::string&) {
    ManifestFace face;
    face.face.box = {1, 2, static_cast<float>(image.width), static_cast<float>(image.height)};
    face.score = 0.75f;
    face.attributes[kReviewed] = "no";
    return std::vector<ManifestFace>{face};
  };
  const Gathered run =
      Gather("url,licence,author,page\n" + site.Url("/a.jpg") + ",CC BY-SA 4.0,Jo,http://h/p\n", options, labeller);
  EXPECT_EQ(run.summary.kept, 1);
  EXPECT_EQ(run.summary.faces, 1);
  EXPECT_EQ(run.summary.ended, "source");
  const Dataset set = ReadManifest(folder / "set" / kManifestName);
  ASSERT_EQ(set.pictures.size(), 1u);
  const ManifestPicture& picture = set.pictures[0];
  EXPECT_EQ(picture.hash, ContentHash(site.files["/a.jpg"]));
  EXPECT_EQ(picture.path, "pictures/" + picture.hash.substr(7, 2) + "/" + picture.hash.substr(7) + ".jpg");
  EXPECT_EQ(ReadFileText(folder / "set" / picture.path), site.files["/a.jpg"]);
  EXPECT_EQ(picture.url, site.Url("/a.jpg"));
  EXPECT_EQ(picture.licence, "CC-BY-SA-4.0");
  EXPECT_EQ(picture.author, "Jo");
  EXPECT_EQ(picture.group, "mine/Jo");
  EXPECT_EQ(picture.width, 320);
  EXPECT_EQ(picture.attributes.at("collect.page"), "http://h/p");
  ASSERT_EQ(picture.faces.size(), 1u);
  EXPECT_EQ(picture.faces[0].score, 0.75f);
  EXPECT_EQ(picture.faces[0].attributes.at(kReviewed), "no");
  EXPECT_EQ(set.header.sets.at("mine").origin, "my list");
  EXPECT_EQ(set.header.recipe, std::vector<std::string>{"the command"});
  EXPECT_EQ(set.header.version, 1);
}

TEST(Collector, EveryKindOfBadPictureIsNamed) {
  Site site;
  const std::string good = Jpeg(1);
  site.files["/html.jpg"] = "<html><body>not found</body></html>";
  site.files["/gif.gif"] = "GIF89a\x01\x01 and so on and so on";
  site.files["/cut.jpg"] = good.substr(0, good.size() / 2);
  site.files["/empty.jpg"] = "";
  site.files["/icon.jpg"] = Text(EncodeJpeg(Image(32, 200, 90)));
  site.files["/huge.png"] = Text(test::MakePng(60'000, 60'000, 8, 2, {}));
  site.files["/long.jpg"] = good + std::string(200'000, 'x');
  site.answers["/endless.jpg"] = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
  site.answers["/short.jpg"] = "HTTP/1.1 200 OK\r\nContent-length: 5000\r\n\r\n" + good.substr(0, 1000);
  site.answers["/noai.jpg"] = TestServer::Answer(good, 200, "X-Robots-Tag: noai\r\n");
  site.answers["/file.jpg"] = TestServer::Redirect("file:///etc/passwd");
  site.files["/robots.txt"] = "User-agent: *\nDisallow: /secret\n";
  TestFolder folder;
  CollectOptions options = Into(folder.path());
  options.max_file_bytes = 100'000;
  std::string list;
  for (const char* path : {"/html.jpg", "/gif.gif", "/cut.jpg", "/empty.jpg", "/icon.jpg", "/huge.png", "/long.jpg",
                           "/endless.jpg", "/short.jpg", "/noai.jpg", "/file.jpg", "/secret/a.jpg", "/none.jpg"}) {
    list += site.Url(path) + "\n";
  }
  list += "file:///etc/passwd\n";
  const Gathered run = Gather(list, options);
  EXPECT_EQ(run.lines, (std::vector<std::string>{"skipped not_a_picture", "skipped not_a_picture",
                                                 "skipped broken_picture", "skipped not_a_picture", "skipped too_small",
                                                 "skipped too_many_pixels", "skipped too_large", "skipped too_large",
                                                 "failed unavailable", "skipped opted_out", "skipped refused",
                                                 "skipped robots", "skipped missing", "skipped bad_url"}));
  EXPECT_EQ(run.summary.kept, 0);
  EXPECT_FALSE(fs::exists(folder / kManifestName));
  EXPECT_FALSE(fs::exists(folder / "pictures"));
}

TEST(Collector, CopiesAreDroppedAlsoInLaterRuns) {
  Site site;
  const Image image = Painted(1);
  site.files["/a.jpg"] = Text(EncodeJpeg(image));
  site.files["/same.jpg"] = site.files["/a.jpg"];
  site.files["/smaller.jpg"] = Text(EncodeJpeg(Resize(image, 240, 180), 70));
  site.files["/mirrored.png"] = Text(EncodePng(FlipHorizontal(image)));
  site.files["/other.jpg"] = Jpeg(2);
  TestFolder folder;
  const CollectOptions options = Into(folder.path());
  Gathered run =
      Gather(site.Url("/a.jpg") + "\n" + site.Url("/same.jpg") + "\n" + site.Url("/smaller.jpg") + "\n", options);
  EXPECT_EQ(run.lines, (std::vector<std::string>{"kept", "duplicate exact_duplicate", "duplicate near_duplicate"}));
  run = Gather(site.Url("/mirrored.png") + "\n" + site.Url("/other.jpg") + "\n", options);
  EXPECT_EQ(run.lines, (std::vector<std::string>{"duplicate near_duplicate", "kept"}));
  fs::remove(folder / kPrintsName);  // made anew from the files
  run = Gather(site.Url("/mirrored.png?again") + "\n", options);
  EXPECT_EQ(run.lines, (std::vector<std::string>{"duplicate near_duplicate"}));
  CollectOptions keep = Into(folder.path());
  keep.near_duplicates = false;
  run = Gather(site.Url("/smaller.jpg?again") + "\n", keep);
  EXPECT_EQ(run.lines, (std::vector<std::string>{"kept"}));
}

TEST(Collector, GoesOnWhereItWasStopped) {
  Site site;
  std::string list;
  for (int i = 0; i < 5; ++i) {
    const std::string path = "/" + std::to_string(i) + ".jpg";
    site.files[path] = Jpeg(10 + i);
    list += site.Url(path) + "\n";
  }
  site.files.erase("/1.jpg");
  TestFolder folder;
  const CollectOptions options = Into(folder.path());
  // Stopped while the fourth picture is on its way.
  const Gathered first = Gather(list, options, {}, [&site] { return site.server().Count("/3.jpg") > 0; });
  EXPECT_EQ(first.summary.ended, "stopped");
  EXPECT_GE(first.summary.kept, 2);
  const size_t kept = static_cast<size_t>(first.summary.kept);
  EXPECT_EQ(ReadManifest(folder / kManifestName).pictures.size(), kept);
  const Gathered second = Gather(list, options);
  EXPECT_EQ(second.summary.ended, "source");
  EXPECT_EQ(second.summary.kept + first.summary.kept, 4);
  EXPECT_EQ(second.summary.known, first.summary.kept + 1);
  EXPECT_EQ(site.server().Count("/0.jpg"), 1);
  EXPECT_EQ(site.server().Count("/1.jpg"), 1);  // a 404 is not asked for again
  const Dataset set = ReadManifest(folder / kManifestName);
  EXPECT_EQ(set.pictures.size(), 4u);
  EXPECT_EQ(set.header.version, 2);
  const Gathered third = Gather(list, options);
  EXPECT_EQ(third.summary.known, 5);
  EXPECT_EQ(ReadManifest(folder / kManifestName).header.version, 2);  // nothing new, nothing written
  CollectOptions retry = options;
  retry.retry = true;
  site.files["/1.jpg"] = Jpeg(11);
  EXPECT_EQ(Gather(list, retry).summary.kept, 1);
}

// Killed at any moment: after a picture's file, in the middle of a journal line, before the manifest.
TEST(Collector, SurvivesBeingKilled) {
  Site site;
  site.files["/a.jpg"] = Jpeg(1);
  site.files["/b.jpg"] = Jpeg(2);
  const std::string list = site.Url("/a.jpg") + "\n" + site.Url("/b.jpg") + "\n";
  TestFolder folder;
  Gather(list, Into(folder.path()));
  const std::string journal = ReadFileText(folder / kJournalName);
  fs::remove(folder / kManifestName);
  fs::remove(folder / kPrintsName);
  WriteFileAtomically(folder / kJournalName, journal.substr(0, journal.size() - 20));
  int labelled = 0;
  const Labeller labeller = [&labelled](const Image&, const std::string&) {
    ++labelled;
    return std::vector<ManifestFace>();
  };
  const Gathered run = Gather(list, Into(folder.path()), labeller);
  EXPECT_EQ(run.summary.kept, 1);
  EXPECT_EQ(labelled, 2);  // also the one whose labels had not been written
  EXPECT_EQ(ReadManifest(folder / kManifestName).pictures.size(), 2u);
  EXPECT_EQ(site.server().Count("/a.jpg"), 1);
}

TEST(Collector, WhatAPersonChangedInTheManifestStays) {
  Site site;
  site.files["/a.jpg"] = Jpeg(1);
  site.files["/b.jpg"] = Jpeg(2);
  TestFolder folder;
  Gather(site.Url("/a.jpg") + "\n", Into(folder.path()));
  Dataset set = ReadManifest(folder / kManifestName);
  ManifestFace face;
  face.face.box = {10, 10, 50, 60};
  face.face.state = MaskState::kIncorrect;
  set.pictures[0].faces = {face};
  set.root = folder.path();
  WriteManifest(folder / kManifestName, set);
  Gather(site.Url("/b.jpg") + "\n", Into(folder.path()));
  set = ReadManifest(folder / kManifestName);
  ASSERT_EQ(set.pictures.size(), 2u);
  ASSERT_EQ(set.pictures[0].faces.size(), 1u);
  EXPECT_EQ(set.pictures[0].faces[0].face.state, MaskState::kIncorrect);
}

TEST(Collector, LimitsAndLicences) {
  Site site;
  for (int i = 0; i < 4; ++i) site.files["/" + std::to_string(i) + ".jpg"] = Jpeg(20 + i);
  std::string list = "url,licence\n";
  const char* licences[] = {"CC BY-NC 2.0", "CC0", "", "CC BY 4.0"};
  for (int i = 0; i < 4; ++i) list += site.Url("/" + std::to_string(i) + ".jpg") + "," + licences[i] + "\n";
  TestFolder folder;
  CollectOptions options = Into(folder / "a");
  options.licences = {"cc0", "by"};
  Gathered run = Gather(list, options);
  EXPECT_EQ(run.lines, (std::vector<std::string>{"skipped licence", "kept", "skipped licence", "kept"}));
  options.licences = {};  // a wider choice later: what was left for its licence is looked at again
  options.count = 3;
  run = Gather(list, options);
  EXPECT_EQ(run.lines, (std::vector<std::string>{"kept"}));
  EXPECT_EQ(run.summary.ended, "count");
  EXPECT_EQ(run.summary.collection, 3);
  CollectOptions few = Into(folder / "b");
  few.max_total_bytes = 1000;
  run = Gather(list, few);
  EXPECT_EQ(run.summary.kept, 1);
  EXPECT_EQ(run.summary.ended, "bytes");
}

TEST(Collector, ADryRunWritesNothing) {
  Site site;
  site.files["/a.jpg"] = Jpeg(1);
  TestFolder folder;
  CollectOptions options = Into(folder / "set");
  options.dry_run = true;
  const Gathered run =
      Gather(site.Url("/a.jpg") + "\n" + site.Url("/b.jpg") + "\n" + site.Url("/a.jpg") + "\n", options);
  EXPECT_EQ(run.summary.kept, 2);
  EXPECT_EQ(run.summary.known, 1);
  EXPECT_FALSE(fs::exists(folder / "set"));
  EXPECT_TRUE(site.server().requests().empty());
}

TEST(Collector, AFailingSourceKeepsWhatWasGathered) {
  TestServer* self = nullptr;
  const std::string picture = Jpeg(1);
  TestServer server([&](const Request& request, const Send& send) {
    if (request.path() == "/a.jpg") return void(send(TestServer::Answer(picture)));
    if (request.Has("page=1&")) {
      return void(send(TestServer::Answer(R"({"page_count":9,"results":[{"license":"by","url":")" +
                                          self->Url("/a.jpg") + R"("}]})")));
    }
    send(TestServer::Answer("<html>oops</html>", request.path() == "/robots.txt" ? 404 : 200));
  });
  self = &server;
  TestFolder folder;
  Fetcher fetcher(Quick(), {});
  const auto source = MakeOpenverseSource(fetcher, {"q", {"by"}, server.Url(), 20});
  const CollectSummary summary = Collect(*source, fetcher, Into(folder.path()));
  EXPECT_EQ(summary.kept, 1);
  EXPECT_EQ(summary.ended, "error");
  EXPECT_EQ(summary.error_kind, ErrorKind::kBadData);
  EXPECT_NE(summary.error.find("is not JSON"), std::string::npos) << summary.error;
  EXPECT_EQ(ReadManifest(folder / kManifestName).pictures.size(), 1u);
}

TEST(Collector, AFileThatWasDeletedStaysAway) {
  Site site;
  site.files["/a.jpg"] = Jpeg(1);
  site.files["/b.jpg"] = Jpeg(2);
  const std::string list = site.Url("/a.jpg") + "\n";
  TestFolder folder;
  Gather(list, Into(folder.path()));
  const Dataset set = ReadManifest(folder / kManifestName);
  fs::remove(folder / set.pictures[0].path);
  fs::remove(folder / kManifestName);
  const Gathered run = Gather(list + site.Url("/b.jpg") + "\n", Into(folder.path()));
  EXPECT_EQ(run.summary.lost, 1);
  EXPECT_EQ(run.summary.collection, 1);
}

TEST(Collector, OneRunAtATimeAndBrokenJournalsAreNamed) {
  TestFolder folder;
  {
    const Journal open(folder / kJournalName);
    try {
      Gather("", Into(folder.path()));
      FAIL();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("another run"), std::string::npos) << error.what();
    }
  }
  WriteFileAtomically(folder / kJournalName, "{\"url\":\"http://h/\",\"fate\":\"lost\"}\n");
  try {
    Gather("", Into(folder.path()));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("line 1: field 'fate'"), std::string::npos) << error.what();
  }
}

TEST(Collector, OptionsNameEveryBadField) {
  CollectOptions options;
  options.count = 0;
  options.min_side = 0;
  try {
    options.Validate();
    FAIL();
  } catch (const Error& error) {
    for (const char* field : {"folder", "count", "min_side"}) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos) << error.what();
    }
  }
}

TEST(Prelabel, PredictionsAreMarkedAsNotReviewed) {
  Result result;
  FaceResult sure;
  sure.box = {1, 2, 30, 40};
  sure.score = 0.9f;
  sure.state = sure.best_state = "correct";
  sure.confidence = 0.93f;
  FaceResult unsure = sure;
  unsure.state = "unsure";
  unsure.best_state = "none";
  unsure.unsure_reason = "small";
  result.faces = {sure, unsure};
  const std::vector<ManifestFace> faces = FacesOf(result);
  ASSERT_EQ(faces.size(), 2u);
  EXPECT_EQ(faces[0].face.state, MaskState::kCorrect);
  EXPECT_EQ(faces[0].score, 0.9f);
  EXPECT_EQ(faces[0].attributes.at(kReviewed), "no");
  EXPECT_EQ(faces[0].attributes.at(kPredictedConfidence), "0.930");
  EXPECT_FALSE(faces[1].face.state.has_value());
  EXPECT_EQ(faces[1].attributes.at(kPredictedState), "none");
  EXPECT_EQ(faces[1].attributes.at(kPredictedUnsure), "small");
}

}  // namespace
}  // namespace maskscope::collect
