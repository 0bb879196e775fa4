#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "cli/analysis_options.h"
#include "cli/data_commands.h"
#include "cli/result_output.h"
#include "data/collect/collector.h"
#include "data/collect/licence.h"

namespace maskscope {
namespace {

namespace mc = collect;

struct CollectCommand {
  std::string from, what, out, licence, api_base, contact, set;
  std::string max_file_bytes = "20M", max_total_bytes = "2G", max_pixels = "50M";
  mc::CollectOptions options;
  mc::FetchOptions fetch;
  AnalysisOptions analysis;
  int page_size = 20;
  bool allow_private = false, no_label = false, keep_near_duplicates = false;
};

const std::vector<std::string> kSources = {"openverse", "commons", "urls", "page"};
constexpr const char* kOpenLicences = "cc0,pdm,by,by-sa";

bool IsSearch(const CollectCommand& command) { return command.from == "openverse" || command.from == "commons"; }

void CheckSource(const CollectCommand& command) {
  for (const std::string& known : kSources) {
    if (command.from == known) return;
  }
  const std::string near = NearestWord(command.from, kSources);
  throw Error(ErrorKind::kUsage, "--from: found '" + command.from + "', wanted openverse, commons, urls or page" +
                                     (near.empty() ? "" : " (did you mean '" + near + "'?)"));
}

mc::CollectOptions ToCollectOptions(const CollectCommand& command) {
  mc::CollectOptions options = command.options;
  options.folder = command.out;
  options.max_file_bytes = ParseCount(command.max_file_bytes, "--max-file-bytes");
  options.max_total_bytes = ParseCount(command.max_total_bytes, "--max-total-bytes");
  options.max_pixels = ParseCount(command.max_pixels, "--max-pixels");
  options.near_duplicates = !command.keep_near_duplicates;
  // A search says each picture's licence; of lists and pages it is often not known, so that only an explicit wish
  // counts.
  const bool given = !command.licence.empty();
  const std::string licences = given ? command.licence : IsSearch(command) ? kOpenLicences : "any";
  if (licences != "any") options.licences = mc::ParseLicenceList(licences, "--licence");
  options.set = command.set.empty() ? command.from : command.set;
  options.origin = IsSearch(command)        ? command.from + " search"
                   : command.from == "page" ? command.what
                                            : "list of URLs";
  options.recipe = "maskscope data collect --from " + command.from + " '" + command.what + "'" +
                   (given ? " --licence " + command.licence : "") + fmt::format(" --count {}", options.count);
  options.Validate();
  return options;
}

mc::FetchOptions ToFetchOptions(const CollectCommand& command) {
  mc::FetchOptions fetch = command.fetch;
  fetch.http.user_agent = fmt::format("maskscope/{} (picture collector{})", MASKSCOPE_VERSION,
                                      command.contact.empty() ? "" : "; " + command.contact);
  if (command.allow_private) fetch.http.address_policy = [](const sockaddr*) { return std::string(); };
  fetch.Validate();
  return fetch;
}

std::unique_ptr<mc::CandidateSource> MakeSource(const CollectCommand& command, const mc::CollectOptions& options,
                                                mc::Fetcher& fetcher) {
  const mc::SearchOptions search{command.what, options.licences, command.api_base, command.page_size};
  if (!command.api_base.empty()) mc::ParseUrl(command.api_base);
  if (command.from == "openverse") return mc::MakeOpenverseSource(fetcher, search);
  if (command.from == "commons") return mc::MakeCommonsSource(fetcher, search);
  if (command.from == "page") return mc::MakePageSource(fetcher, command.what);
  return mc::MakeListSource(ReadFileText(command.what), command.what);
}

// One line of JSON for a candidate that a run would fetch.
std::string PlanLine(const mc::Candidate& candidate) {
  nlohmann::ordered_json json{{"url", candidate.url}};
  const std::pair<const char*, const std::string*> texts[] = {{"licence", &candidate.licence},
                                                              {"author", &candidate.author},
                                                              {"title", &candidate.title},
                                                              {"page", &candidate.page}};
  for (const auto& [name, value] : texts) {
    if (!value->empty()) json[name] = *value;
  }
  if (candidate.width > 0) json["width"] = candidate.width;
  if (candidate.height > 0) json["height"] = candidate.height;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string Counts(const std::map<std::string, int64_t>& counts) {
  int64_t total = 0;
  std::string reasons;
  for (const auto& [reason, count] : counts) {
    total += count;
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", count, reason);
  }
  return reasons.empty() ? "0" : fmt::format("{} ({})", total, reasons);
}

void Summarize(const mc::CollectSummary& summary, const CollectCommand& command, const CommandContext& context) {
  const bool dry = command.options.dry_run;
  context.Say(fmt::format("{} {} pictures{}; skipped {}; failed {}; {} known from before",
                          dry ? "would fetch" : "fetched", summary.kept,
                          dry ? "" : fmt::format(" ({:.1f} MB)", static_cast<double>(summary.bytes) / 1e6),
                          Counts(summary.skipped), Counts(summary.failed), summary.known));
  if (!dry) {
    context.Say(
        fmt::format("{} has {} pictures{}", command.out, summary.collection,
                    command.no_label ? "" : fmt::format("; {} new faces suggested, not reviewed", summary.faces)));
  }
  if (summary.lost > 0) {
    context.Say(fmt::format("{} pictures of earlier runs are gone from {}/pictures and left out of the manifest",
                            summary.lost, command.out));
  }
  if (summary.ended == "source") context.Say("the source has no more");
  if (summary.ended == "bytes") context.Say("stopped at --max-total-bytes");
  if (summary.ended == "stopped") context.Say("stopped; run the same command again to go on");
}

int RunCollect(const CollectCommand& command, const CommandContext& context) {
  CheckSource(command);
  const mc::CollectOptions options = ToCollectOptions(command);
  mc::Fetcher fetcher(ToFetchOptions(command), [&context] { return context.StopRequested(); });
  const std::unique_ptr<mc::CandidateSource> source = MakeSource(command, options, fetcher);
  std::optional<Analyzer> analyzer;
  if (!command.no_label && !options.dry_run) {
    analyzer.emplace(MakeAnalyzer(command.analysis, ToAnalyzerOptions(command.analysis, 1)));
  }
  std::optional<OutputStream> plan;
  if (options.dry_run) plan.emplace("-");
  const auto tell = [&](const mc::CollectEvent& event) {
    if (plan && event.fate == mc::Fate::kKept) plan->Write(PlanLine(event.candidate));
    if (context.verbose && event.fate != mc::Fate::kKept) {
      context.Say(
          fmt::format("{} {}: {}: {}", mc::FateName(event.fate), event.candidate.url, event.reason, event.message));
    }
  };
  const std::unique_ptr<Progress> progress = context.MakeProgress();
  const mc::CollectSummary summary =
      mc::Collect(*source, fetcher, options, analyzer ? mc::MakeLabeller(*analyzer) : mc::Labeller(),
                  options.dry_run ? nullptr : progress.get(), tell);
  if (plan) plan->Commit();
  Summarize(summary, command, context);
  if (summary.ended == "stopped") return ExitCode(ErrorKind::kInterrupted);
  if (summary.ended == "error") throw Error(summary.error_kind, summary.error);
  return summary.failed.empty() ? 0 : kSomeFailedExitCode;
}

void AddSourceOptions(CLI::App& app, CollectCommand& command) {
  app.add_option("WHAT", command.what, "what to search for; a file with URLs; the URL of a web page")->required();
  app.add_option("--from", command.from, "openverse, commons, urls or page")->option_text("SOURCE")->required();
  app.add_option("--out", command.out, "folder of the collection; a run goes on where the last one stopped")
      ->option_text("DIR")
      ->required();
  app.add_option("--count", command.options.count, "pictures that the collection shall have")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--licence,--license", command.licence,
                 "licences to take: cc0, pdm, by, by-sa, by-nd, by-nc, by-nc-sa, by-nc-nd, or any;\n"
                 "default: cc0,pdm,by,by-sa for searches, any for urls and page")
      ->option_text("LIST");
  app.add_option("--set", command.set, "name of the set in the manifest; default: the source's name")
      ->option_text("NAME");
  app.add_flag("--dry-run", command.options.dry_run, "list what would be fetched (JSON lines), fetch no picture");
  app.add_flag("--retry", command.options.retry, "try again what earlier runs skipped for good");
  app.add_flag("--keep-near-duplicates", command.keep_near_duplicates, "keep pictures that show the same photo");
}

void AddMannersOptions(CLI::App& app, CollectCommand& command) {
  const std::string manners = "Manners";
  app.add_option("--contact", command.contact, "mail or web address for the user agent, so that sites can reach you")
      ->option_text("TEXT")
      ->group(manners);
  app.add_option("--rate", command.fetch.requests_per_second, "requests a second to one host; default 1")
      ->option_text("R")
      ->group(manners);
  app.add_option("--retries", command.fetch.retries, "tries after the first, on errors that may pass; default 4")
      ->option_text("N")
      ->group(manners);
  app.add_option("--backoff", command.fetch.backoff_seconds,
                 "seconds before the first retry, doubles each time; default 2")
      ->option_text("S")
      ->group(manners);
  app.add_option("--timeout", command.fetch.http.total_seconds, "seconds that one request may take; default 120")
      ->option_text("S")
      ->group(manners);
  app.add_option("--page-size", command.page_size,
                 "results to ask a search for at once (Openverse: at most 20); default 20")
      ->option_text("N")
      ->check(CLI::Range(1, 500))
      ->group(manners);
  app.add_option("--api-base", command.api_base, "another server of the search's API, \"https://host\"")
      ->option_text("URL")
      ->group(manners);
  app.add_flag("--allow-private", command.allow_private,
               "also fetch from private and loopback addresses (your own servers)")
      ->group(manners);
}

void AddLimitOptions(CLI::App& app, CollectCommand& command) {
  const std::string limits = "Limits";
  app.add_option("--max-file-bytes", command.max_file_bytes, "of one picture; default 20M")
      ->option_text("N")
      ->group(limits);
  app.add_option("--max-total-bytes", command.max_total_bytes,
                 "downloaded for the collection, over all runs; default 2G")
      ->option_text("N")
      ->group(limits);
  app.add_option("--max-pixels", command.max_pixels, "of one picture, checked before decoding; default 50M")
      ->option_text("N")
      ->group(limits);
  app.add_option("--min-side", command.options.min_side,
                 "pictures with a shorter side, in pixels, are left; default 64")
      ->option_text("PX")
      ->group(limits);
}

}  // namespace

void AddDataCollectCommand(CLI::App& data, CommandContext& context) {
  auto command = std::make_shared<CollectCommand>();
  CLI::App& app = AddCommand(
      data, context, "collect", "gather new pictures from the web, each with its licence and author",
      "  maskscope data collect --from openverse \"people face mask\" --out new --count 200\n"
      "  maskscope data collect --from commons \"surgical mask\" --out new --licence cc0,by --dry-run\n"
      "  maskscope data collect --from urls list.csv --out new      columns url,licence,author ...\n"
      "  maskscope data collect --from page https://example.org/gallery.html --out new\n"
      "Pictures go to DIR/pictures, named by their content; DIR/manifest.jsonl says where each is from and carries\n"
      "suggested faces and states, marked as not reviewed; DIR/journal.jsonl says what became of every URL. Sites'\n"
      "robots.txt is obeyed. Exit code: 0 done, 1 some pictures could not be had this time (run again), others: see\n"
      "docs/exit-codes.md. More: docs/collect.md.",
      [command, &context] { return RunCollect(*command, context); });
  AddSourceOptions(app, *command);
  AddMannersOptions(app, *command);
  AddLimitOptions(app, *command);
  const std::string labels = "Suggested labels";
  app.add_flag("--no-labels", command->no_label, "suggest none")->group(labels);
  app.add_option("--detector", command->analysis.detector, "face detector to use instead of the shipped one (ONNX)")
      ->option_text("FILE")
      ->group(labels);
  app.add_option("--classifier", command->analysis.classifier, "mask classifier instead of the shipped one (ONNX)")
      ->option_text("FILE")
      ->group(labels);
  app.add_option("--threads", command->analysis.threads, "cores to use; 0 = all")->option_text("N")->group(labels);
}

}  // namespace maskscope
