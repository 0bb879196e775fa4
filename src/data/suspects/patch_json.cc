#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "data/content_hash.h"
#include "data/strict_json.h"
#include "data/suspects/patch.h"

// Lines of a patch and what they stand for.
namespace maskscope {
namespace {

using nlohmann::json;
using Json = nlohmann::ordered_json;

constexpr EditKind kEditKinds[] = {EditKind::kRelabel, EditKind::kDelete, EditKind::kIgnore, EditKind::kAdd,
                                   EditKind::kMove};

[[noreturn]] void Fail(const std::string& field, const json& found, const std::string& wanted) {
  throw JsonFault{field, "found " + ShortJson(found) + ", wanted " + wanted};
}

std::string Text(const std::string& field, const json& value) {
  if (!value.is_string()) Fail(field, value, "text");
  return value.get<std::string>();
}

Box ReadBox(const std::string& field, const json& value) {
  float edges[4];
  if (!value.is_array() || value.size() != 4) Fail(field, value, "4 numbers: x1, y1, x2, y2");
  for (size_t i = 0; i < 4; ++i) {
    if (!value[i].is_number() || std::abs(value[i].get<double>()) > 1e9) Fail(field, value, "4 numbers of pixels");
    edges[i] = static_cast<float>(value[i].get<double>());
  }
  return {edges[0], edges[1], edges[2], edges[3]};
}

std::optional<MaskState> ReadState(const std::string& field, const json& value) {
  if (value.is_null()) return std::nullopt;
  const std::optional<MaskState> state = value.is_string() ? ParseMaskState(value.get<std::string>()) : std::nullopt;
  if (!state) Fail(field, value, "correct, incorrect, none or null");
  return state;
}

// The fields that an edit of each kind has beside "edit", "accept", "path", "hash", "box" (all needed), "reason" and
// "date" (may be absent).
std::set<std::string> NeededFields(EditKind kind) {
  if (kind == EditKind::kAdd) return {"to"};
  if (kind == EditKind::kRelabel) return {"face", "from", "to"};
  if (kind == EditKind::kMove) return {"face", "from", "new_box"};
  return {"face", "from"};
}

EditKind ReadKind(const json& line) {
  if (!line.is_object()) Fail("", line, "an object");
  if (!line.contains("edit")) throw JsonFault{"edit", "there is none, wanted relabel, delete, ignore, add or move"};
  const json& value = line["edit"];
  const std::optional<EditKind> kind =
      value.is_string() ? ParseEditKind(value.get<std::string>()) : std::optional<EditKind>();
  if (!kind) Fail("edit", value, "relabel, delete, ignore, add or move");
  return *kind;
}

void ReadField(const std::string& key, const json& value, LabelEdit& edit) {
  if (key == "accept") {
    if (!value.is_boolean()) Fail(key, value, "true or false");
    edit.accept = value.get<bool>();
  } else if (key == "path") {
    edit.path = Text(key, value);
  } else if (key == "hash") {
    edit.hash = Text(key, value);
    if (!IsContentHash(edit.hash)) Fail(key, value, "'sha256:' and 64 digits 0-9a-f");
  } else if (key == "face") {
    const bool fits = value.is_number_unsigned() && value.get<uint64_t>() <= 1000000;
    if (!fits) Fail(key, value, "the face's number in the picture, from 0");
    edit.face = value.get<size_t>();
  } else if (key == "box") {
    edit.box = ReadBox(key, value);
  } else if (key == "new_box") {
    edit.new_box = ReadBox(key, value);
  } else if (key == "from") {
    edit.from = ReadState(key, value);
  } else if (key == "to") {
    edit.to = ReadState(key, value);
  } else if (key == "reason") {
    edit.reason = Text(key, value);
  } else {
    edit.date = Text(key, value);
  }
}

LabelEdit ParseEdit(std::string_view text) {
  const json line = ParseStrictJson(text);
  LabelEdit edit;
  edit.kind = ReadKind(line);
  std::set<std::string> needed = NeededFields(edit.kind);
  needed.insert({"accept", "path", "hash", "box"});
  std::vector<std::string> known(needed.begin(), needed.end());
  known.insert(known.end(), {"edit", "reason", "date"});
  for (const auto& [key, value] : line.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      const std::string near = NearestWord(key, known);
      throw JsonFault{key.substr(0, 80), "unknown field of '" + std::string(EditKindName(edit.kind)) + "'" +
                                             (near.empty() ? "" : ", did you mean '" + near + "'?")};
    }
    if (key != "edit") ReadField(key, value, edit);
  }
  for (const std::string& field : needed) {
    if (!line.contains(field)) throw JsonFault{field, "there is none"};
  }
  const Box& box = edit.kind == EditKind::kMove ? edit.new_box : edit.box;
  const bool sets_box = edit.kind == EditKind::kMove || edit.kind == EditKind::kAdd;
  if (sets_box && !(box.width() > 0 && box.height() > 0)) {
    throw JsonFault{edit.kind == EditKind::kMove ? "new_box" : "box", "found an empty box, wanted x1 < x2 and y1 < y2"};
  }
  if (edit.kind == EditKind::kRelabel && edit.from == edit.to) throw JsonFault{"to", "it is the same as 'from'"};
  return edit;
}

void ParseHeader(std::string_view text, const std::string& source, LabelPatch& patch) {
  const json line = ParseStrictJson(text);
  if (!line.is_object() || !line.contains("schema")) {
    throw JsonFault{"schema",
                    "the first line names no schema, wanted \"schema\":\"" + std::string(kPatchSchema) + "\""};
  }
  for (const auto& [key, value] : line.items()) {
    const std::string found = Text(key.substr(0, 80), value);
    if (key == "schema") {
      if (found == kPatchSchema) continue;
      if (!found.starts_with("maskscope.labels-patch/")) Fail(key, value, "'" + std::string(kPatchSchema) + "'");
      throw Error(ErrorKind::kUnsupported, "'" + source + "', line 1, schema: found '" + found.substr(0, 80) +
                                               "', this version of maskscope reads '" + std::string(kPatchSchema) +
                                               "'");
    } else if (key == "author") {
      patch.author = found;
    } else if (key == "created") {
      patch.created = found;
    } else if (key == "manifest") {
      patch.manifest = found;
    } else {
      throw JsonFault{key.substr(0, 80), "unknown field, known are schema, author, created and manifest"};
    }
  }
}

Json Numbers(const Box& box) {
  Json numbers = Json::array();
  for (const float edge : {box.x1, box.y1, box.x2, box.y2}) {
    if (!std::isfinite(edge)) throw Error(ErrorKind::kBadData, "patch: found a box that is not finite");
    if (edge == std::trunc(edge) && std::abs(edge) < 1e9f) {
      numbers.push_back(static_cast<int64_t>(edge));
    } else {
      numbers.push_back(std::round(static_cast<double>(edge) * 1e4) / 1e4);  // boxes are compared to 0.01 pixels
    }
  }
  return numbers;
}

Json StateJson(const std::optional<MaskState>& state) { return state ? Json(MaskStateName(*state)) : Json(nullptr); }

Json EditJson(const LabelEdit& edit) {
  Json json{{"edit", EditKindName(edit.kind)}, {"accept", edit.accept}, {"path", edit.path}, {"hash", edit.hash}};
  if (edit.kind != EditKind::kAdd) json["face"] = edit.face;
  json["box"] = Numbers(edit.box);
  if (edit.kind == EditKind::kMove) json["new_box"] = Numbers(edit.new_box);
  if (edit.kind != EditKind::kAdd) json["from"] = StateJson(edit.from);
  if (edit.kind == EditKind::kAdd || edit.kind == EditKind::kRelabel) json["to"] = StateJson(edit.to);
  if (!edit.reason.empty()) json["reason"] = edit.reason;
  if (!edit.date.empty()) json["date"] = edit.date;
  return json;
}

}  // namespace

std::string_view EditKindName(EditKind kind) {
  constexpr std::string_view kNames[] = {"relabel", "delete", "ignore", "add", "move"};
  return kNames[static_cast<size_t>(kind)];
}

std::optional<EditKind> ParseEditKind(std::string_view name) {
  for (const EditKind kind : kEditKinds) {
    if (EditKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

LabelPatch ReadPatch(const std::filesystem::path& file) {
  const std::string text = ReadFileText(file);
  LabelPatch patch;
  int line = 0;
  bool has_header = false;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view content(text.data() + at, end - at);
    if (content.ends_with('\r')) content.remove_suffix(1);
    at = end + 1;
    ++line;
    if (content.find_first_not_of(" \t") == std::string_view::npos) continue;
    try {
      if (!has_header) {
        ParseHeader(content, file.string(), patch);
        has_header = true;
      } else {
        patch.edits.push_back(ParseEdit(content));
      }
    } catch (const JsonFault& fault) {
      throw Error(ErrorKind::kBadData, fmt::format("'{}', line {}{}: {}", file.string(), line,
                                                   fault.field.empty() ? "" : ", " + fault.field, fault.what));
    }
  }
  if (!has_header) throw Error(ErrorKind::kBadData, "'" + file.string() + "' is empty, wanted a label patch");
  return patch;
}

void WritePatch(const std::filesystem::path& file, const LabelPatch& patch) {
  AtomicFile out(file);
  try {
    Json header{{"schema", kPatchSchema}, {"author", patch.author}, {"created", patch.created}};
    if (!patch.manifest.empty()) header["manifest"] = patch.manifest;
    out.Write(header.dump() + "\n");
    for (const LabelEdit& edit : patch.edits) out.Write(EditJson(edit).dump() + "\n");
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadData, "'" + file.string() + "': text that is not UTF-8: " + error.what());
  }
  out.Commit();
}

}  // namespace maskscope
