#include "data/collect/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <span>

#include "base/error.h"
#include "base/files.h"
#include "data/collect/collection_manifest.h"
#include "data/collect/html.h"
#include "data/collect/licence.h"
#include "data/collect/near_duplicates.h"
#include "data/collect/robots.h"
#include "image/decode.h"
#include "image/header.h"

namespace maskscope::collect {
namespace {

namespace fs = std::filesystem;

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Whether the first bytes can be a picture that we decode; what a header says further on is checked later.
bool CanBePicture(std::string_view start) {
  try {
    ParsePictureHeader(AsBytes(start), "");
    return true;
  } catch (const Error&) {
  }
  constexpr std::string_view kStarts[] = {"\xff\xd8\xff", "\x89PNG\r\n\x1a\n", {"II\x2a\0", 4}, {"MM\0\x2a", 4}, "BM"};
  for (const std::string_view known : kStarts) {
    if (start.substr(0, known.size()) == known) return true;
  }
  const bool pnm = start.size() > 2 && start[0] == 'P' && start[1] >= '1' && start[1] <= '6';
  return pnm || (start.substr(0, 4) == "RIFF" && start.substr(8, 4) == "WEBP");
}

// What is wrong with one candidate; never leaves Run().
struct Dropped {
  Fate fate;
  std::string reason;
  std::string message;
};

class Collector {
 public:
  Collector(CandidateSource& source, Fetcher& fetcher, const CollectOptions& options, const Labeller& labeller,
            Progress* progress, const std::function<void(const CollectEvent&)>& tell)
      : source_(source), fetcher_(fetcher), options_(options), labeller_(labeller), progress_(progress), tell_(tell) {}

  CollectSummary Run();

 private:
  void Open();
  void TakeCandidates();
  bool Full();
  void Take(const Candidate& candidate);
  void CheckWhatIsStated(const Candidate& candidate) const;
  FetchResult FetchPicture(const Url& url);
  Image CheckAndDecode(const std::string& bytes, const Url& url, ManifestPicture* picture) const;
  void Keep(const Candidate& candidate, const Url& url);
  ManifestPicture Describe(const Candidate& candidate, const Url& url) const;
  void Note(const Candidate& candidate, Fate fate, const std::string& reason, const std::string& message);
  void Finish();

  CandidateSource& source_;
  Fetcher& fetcher_;
  const CollectOptions& options_;
  const Labeller& labeller_;
  Progress* progress_;
  const std::function<void(const CollectEvent&)>& tell_;

  CollectSummary summary_;
  std::optional<Journal> journal_;
  std::optional<NearDuplicates> prints_;
  std::set<std::string> done_;                              // URLs that need no look
  std::set<std::string> hashes_;                            // of the pictures there are
  std::map<std::string, std::vector<ManifestFace>> faces_;  // by hash, of this run
  int64_t bytes_before_ = 0;
  int64_t bytes_of_candidate_ = 0;
};

// Knows what earlier runs did. Where the run is a dry one nothing is made.
void Collector::Open() {
  const fs::path file = options_.folder / kJournalName;
  std::vector<JournalEntry> entries;
  if (options_.dry_run) {
    entries = Journal::Read(file);
    for (const JournalEntry& entry : entries) bytes_before_ += entry.bytes;
  } else {
    MakeFolder(options_.folder);
    journal_.emplace(file);
    bytes_before_ = journal_->bytes();
    entries = Journal::Read(file);
    if (options_.near_duplicates) prints_.emplace(options_.folder, options_.folder / kPrintsName);
  }
  for (const JournalEntry& entry : entries) {
    const bool again = entry.fate == Fate::kFailed || (options_.retry && entry.fate != Fate::kKept);
    if (again) {
      done_.erase(entry.url);
    } else {
      done_.insert(entry.url);
    }
    std::error_code code;
    if (entry.fate != Fate::kKept || !fs::exists(options_.folder / entry.picture->path, code)) continue;
    if (!hashes_.insert(entry.picture->hash).second) continue;
    if (prints_) prints_->AddFile(entry.picture->hash, entry.picture->path);
  }
}

bool Collector::Full() {
  if (static_cast<int64_t>(hashes_.size()) + (options_.dry_run ? summary_.kept : 0) >= options_.count) {
    summary_.ended = "count";
  } else if (bytes_before_ + summary_.bytes >= options_.max_total_bytes) {
    summary_.ended = "bytes";
  } else if (fetcher_.stopped()) {
    summary_.ended = "stopped";
  }
  return !summary_.ended.empty();
}

void Collector::TakeCandidates() {
  Candidate candidate;
  while (!Full()) {
    try {
      if (!source_.Next(&candidate)) {
        summary_.ended = "source";
        return;
      }
    } catch (const Error& error) {
      summary_.ended = error.kind() == ErrorKind::kInterrupted ? "stopped" : "error";
      summary_.error = error.what();
      summary_.error_kind = error.kind();
      return;
    }
    Take(candidate);
  }
}

void Collector::Take(const Candidate& candidate) {
  bytes_of_candidate_ = 0;
  Url url;
  try {
    url = ParseUrl(candidate.url);
  } catch (const Error& error) {
    Note(candidate, Fate::kSkipped, "bad_url", error.what());
    return;
  }
  if (!done_.insert(url.text).second) {
    ++summary_.known;
    return;
  }
  try {
    CheckWhatIsStated(candidate);
    if (options_.dry_run) {
      ++summary_.kept;
      Note(candidate, Fate::kKept, "", "");
    } else {
      Keep(candidate, url);
    }
  } catch (const Dropped& dropped) {
    if (dropped.fate == Fate::kFailed && dropped.reason == "stopped") return;  // nothing happened to it
    // What was dropped by what is stated of it is looked at anew each time: the limits may have changed.
    const bool fetched = dropped.reason.rfind("stated_", 0) != 0 && dropped.reason != "licence";
    if (journal_ && fetched) {
      journal_->Add({url.text, dropped.fate, dropped.reason, dropped.message, bytes_of_candidate_, std::nullopt});
    }
    Note(candidate, dropped.fate, dropped.reason, dropped.message);
  }
}

void Collector::CheckWhatIsStated(const Candidate& candidate) const {
  if (!options_.licences.empty()) {
    const std::optional<Licence> licence = ParseLicence(candidate.licence);
    if (!licence ||
        std::find(options_.licences.begin(), options_.licences.end(), licence->code) == options_.licences.end()) {
      throw Dropped{Fate::kSkipped, "licence",
                    candidate.licence.empty() ? "no licence is stated" : "the licence is " + candidate.licence};
    }
  }
  if (candidate.bytes > options_.max_file_bytes) {
    throw Dropped{Fate::kSkipped, "stated_too_large", fmt::format("{} bytes are stated", candidate.bytes)};
  }
  if (candidate.width <= 0 || candidate.height <= 0) return;
  if (static_cast<int64_t>(candidate.width) * candidate.height > options_.max_pixels) {
    throw Dropped{Fate::kSkipped, "stated_too_many_pixels",
                  fmt::format("{} x {} pixels are stated", candidate.width, candidate.height)};
  }
  if (std::min(candidate.width, candidate.height) < options_.min_side) {
    throw Dropped{Fate::kSkipped, "stated_too_small",
                  fmt::format("{} x {} pixels are stated", candidate.width, candidate.height)};
  }
}

FetchResult Collector::FetchPicture(const Url& url) {
  FetchRequest request;
  request.url = url;
  request.max_bytes = options_.max_file_bytes;
  request.accept = "image/jpeg, image/png, image/webp, image/*;q=0.5";
  request.wants = CanBePicture;
  const int64_t before = fetcher_.bytes_received();
  FetchResult result = fetcher_.Fetch(request);
  bytes_of_candidate_ = fetcher_.bytes_received() - before;
  summary_.bytes += bytes_of_candidate_;
  switch (result.outcome) {
    case FetchOutcome::kFetched:
      break;
    case FetchOutcome::kUnavailable:
      throw Dropped{Fate::kFailed, "unavailable", result.message};
    case FetchOutcome::kStopped:
      throw Dropped{Fate::kFailed, "stopped", result.message};
    case FetchOutcome::kUnwanted:
      throw Dropped{Fate::kSkipped, "not_a_picture",
                    "the first bytes are not those of a JPEG, PNG, WebP, BMP, TIFF or PNM" +
                        (result.content_type.empty() ? "" : "; the server says " + result.content_type)};
    default:
      throw Dropped{Fate::kSkipped, std::string(FetchOutcomeName(result.outcome)), result.message};
  }
  if (OptsOut(result.robots_tag, "maskscope")) {
    throw Dropped{Fate::kSkipped, "opted_out", "its X-Robots-Tag asks that it be not collected"};
  }
  return result;
}

// Fills in what the file says of itself.
Image Collector::CheckAndDecode(const std::string& bytes, const Url& url, ManifestPicture* picture) const {
  try {
    DecodeOptions decode;
    decode.max_file_bytes = options_.max_file_bytes;
    decode.max_pixels = options_.max_pixels;
    const ImageInfo info = ReadImageInfo(AsBytes(bytes), url.text);
    if (std::min(info.width, info.height) < options_.min_side) {
      throw Dropped{Fate::kSkipped, "too_small", fmt::format("{} x {} pixels", info.width, info.height)};
    }
    DecodedImage decoded = DecodeImage(AsBytes(bytes), url.text, decode);
    picture->hash = ContentHash(bytes);
    picture->width = decoded.full_width;
    picture->height = decoded.full_height;
    const std::string hex = picture->hash.substr(picture->hash.find(':') + 1);
    picture->name = hex.substr(0, 2) + "/" + hex + EndingOf(info.format);
    picture->path = "pictures/" + picture->name;
    return std::move(decoded.image);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kResource) throw;
    const bool large = error.kind() == ErrorKind::kTooLarge;
    throw Dropped{Fate::kSkipped, large ? "too_many_pixels" : "broken_picture", error.what()};
  }
}

ManifestPicture Collector::Describe(const Candidate& candidate, const Url& url) const {
  ManifestPicture picture;
  picture.set = options_.set;
  picture.author = CleanText(candidate.author);
  picture.licence = CleanText(candidate.licence);
  picture.url = url.text;
  // Pictures by one author, or of one page, often show the same people: they stay on one side of a split.
  if (!picture.author.empty()) {
    picture.group = options_.set + "/" + picture.author;
  } else if (!candidate.page.empty()) {
    picture.group = options_.set + "/" + candidate.page;
  }
  picture.attributes = candidate.attributes;
  const std::pair<const char*, const std::string*> more[] = {{"collect.page", &candidate.page},
                                                             {"collect.title", &candidate.title},
                                                             {"collect.licence_url", &candidate.licence_url}};
  for (const auto& [name, value] : more) {
    if (!value->empty()) picture.attributes[name] = CleanText(*value);
  }
  return picture;
}

void Collector::Keep(const Candidate& candidate, const Url& url) {
  const FetchResult result = FetchPicture(url);
  ManifestPicture picture = Describe(candidate, url);
  const Image image = CheckAndDecode(result.body, result.final_url, &picture);
  if (hashes_.count(picture.hash) > 0) {
    throw Dropped{Fate::kDuplicate, "exact_duplicate", "the same file as " + picture.path};
  }
  std::optional<PicturePrint> print;
  if (prints_) {
    print = NearDuplicates::PrintOf(image);
    if (const std::string same = prints_->Find(image, *print); !same.empty()) {
      throw Dropped{Fate::kDuplicate, "near_duplicate", "shows the same as " + same};
    }
  }
  if (labeller_) {
    std::vector<ManifestFace>& faces = faces_[picture.hash] = labeller_(image, picture.path);
    summary_.faces += static_cast<int64_t>(faces.size());
  }
  const fs::path file = options_.folder / picture.path;
  MakeFolder(file.parent_path());
  WriteFileAtomically(file, result.body);
  journal_->Add({url.text, Fate::kKept, "", "", bytes_of_candidate_, picture});
  hashes_.insert(picture.hash);
  if (prints_) prints_->Add(picture.hash, picture.path, *print);
  ++summary_.kept;
  if (progress_ != nullptr) progress_->Step();
  Note(candidate, Fate::kKept, "", "");
}

void Collector::Note(const Candidate& candidate, Fate fate, const std::string& reason, const std::string& message) {
  if (fate == Fate::kFailed) ++summary_.failed[reason];
  if (fate == Fate::kSkipped || fate == Fate::kDuplicate) ++summary_.skipped[reason];
  if (progress_ != nullptr) {
    int64_t skipped = 0, failed = 0;
    for (const auto& [name, count] : summary_.skipped) skipped += count;
    for (const auto& [name, count] : summary_.failed) failed += count;
    progress_->Note(fmt::format("{} skipped, {} failed", skipped, failed));
  }
  if (tell_) tell_({candidate, fate, reason, message});
}

void Collector::Finish() {
  if (options_.dry_run) {
    summary_.collection = static_cast<int64_t>(hashes_.size());
    return;
  }
  if (prints_) prints_->Save();
  const ManifestUpdate update =
      UpdateManifest(options_, *journal_, std::move(faces_), labeller_, [this] { return fetcher_.stopped(); });
  summary_.collection = update.pictures;
  summary_.lost = update.lost;
  summary_.faces = update.faces;
}

CollectSummary Collector::Run() {
  options_.Validate();
  Open();
  if (progress_ != nullptr) {
    progress_->Start("collect", std::max<int64_t>(0, options_.count - static_cast<int64_t>(hashes_.size())),
                     "pictures");
  }
  TakeCandidates();
  if (source_.unusable() > 0) summary_.skipped["unusable_result"] += source_.unusable();
  if (progress_ != nullptr) progress_->Finish();
  Finish();
  return std::move(summary_);
}

}  // namespace

void CollectOptions::Validate() const {
  Problems problems;
  const auto positive = [&](int64_t value, const char* field) {
    problems.Require(value > 0, field, fmt::to_string(value), "more than 0");
  };
  problems.Require(!folder.empty(), "folder", "none", "a folder to collect into");
  positive(count, "count");
  positive(max_file_bytes, "max_file_bytes");
  positive(max_total_bytes, "max_total_bytes");
  positive(max_pixels, "max_pixels");
  problems.Require(min_side >= 1, "min_side", fmt::to_string(min_side), "at least 1");
  problems.Require(!set.empty(), "set", "''", "a name");
  problems.ThrowIfAny(ErrorKind::kUsage, "collecting");
}

std::string EndingOf(const std::string& format) {
  if (format == "jpeg") return ".jpg";
  if (format == "tiff") return ".tif";
  return "." + format;
}

CollectSummary Collect(CandidateSource& source, Fetcher& fetcher, const CollectOptions& options,
                       const Labeller& labeller, Progress* progress,
                       const std::function<void(const CollectEvent&)>& tell) {
  return Collector(source, fetcher, options, labeller, progress, tell).Run();
}

}  // namespace maskscope::collect
