#ifndef MASKSCOPE_GRAPH_JSON_FIELDS_H_
#define MASKSCOPE_GRAPH_JSON_FIELDS_H_

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"

// Reading a JSON object field by field, so that one pass names every field that is wrong. Internal to the model record.
namespace maskscope {

// Collects what is wrong, once a field: a field that could not be read is not reported again for the value it then
// lacks.
class FieldProblems {
 public:
  void Add(const std::string& field, std::string_view found, std::string_view wanted);
  void AddUnknown(const std::string& field, const std::string& nearest);
  void Require(bool ok, const std::string& field, std::string_view found, std::string_view wanted) {
    if (!ok) Add(field, found, wanted);
  }
  void ThrowIfAny(ErrorKind kind, std::string_view what) const { problems_.ThrowIfAny(kind, what); }

 private:
  Problems problems_;
  std::set<std::string> reported_;
};

// One JSON object. Fields that are absent keep their defaults; types are not bent into each other.
class JsonFields {
 public:
  // `path` names the object in messages, "" for the outermost. Keeps references: both arguments must outlive it.
  JsonFields(const nlohmann::json& object, std::string path, FieldProblems& problems);

  // Returns whether the field is there (read or not).
  bool Read(const char* key, bool& value);
  bool Read(const char* key, int& value);
  bool Read(const char* key, float& value);
  bool Read(const char* key, std::string& value);
  template <typename T>
  bool Read(const char* key, std::vector<T>& values) {
    const nlohmann::json* found = Find(key);
    if (found == nullptr) return false;
    std::vector<T> read;
    bool ok = found->is_array();
    for (size_t i = 0; ok && i < found->size(); ++i) ok = Convert((*found)[i], read.emplace_back());
    if (ok) values = std::move(read);
    problems_.Require(ok, Path(key), Shorten(*found), ListName<T>());
    return true;
  }
  template <typename T, size_t kCount>
  bool Read(const char* key, std::array<T, kCount>& values) {
    std::vector<T> list;
    if (!Read(key, list)) return false;
    problems_.Require(list.size() == kCount, Path(key), std::to_string(list.size()) + " numbers",
                      std::to_string(kCount));
    if (list.size() == kCount) std::copy(list.begin(), list.end(), values.begin());
    return true;
  }
  // One of `words`; `value` becomes its index. A required field may not be absent.
  void ReadWord(const char* key, const std::vector<std::string>& words, size_t& value, bool required);
  // The object under `key`, or an empty one.
  const nlohmann::json& Child(const char* key);
  // Reports fields that nobody asked for. Call last.
  void ReportUnknown();
  // "input.width"
  std::string Path(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

  static std::string Shorten(const nlohmann::json& value);

 private:
  const nlohmann::json* Find(const char* key);
  static bool Convert(const nlohmann::json& from, bool& to);
  static bool Convert(const nlohmann::json& from, int& to);
  static bool Convert(const nlohmann::json& from, float& to);
  static bool Convert(const nlohmann::json& from, std::string& to);
  template <typename T>
  static bool Convert(const nlohmann::json& from, std::vector<T>& to) {
    bool ok = from.is_array();
    for (size_t i = 0; ok && i < from.size(); ++i) ok = Convert(from[i], to.emplace_back());
    return ok;
  }
  template <typename T>
  static const char* ListName() {
    if constexpr (std::is_same_v<T, std::string>) return "a list of texts";
    if constexpr (std::is_same_v<T, int>) return "a list of whole numbers";
    if constexpr (std::is_same_v<T, float>) return "a list of numbers";
    return "a list of lists of numbers";
  }
  template <typename T>
  bool ReadOne(const char* key, T& value, const char* wanted);

  const nlohmann::json& object_;
  std::string path_;
  FieldProblems& problems_;
  std::vector<std::string> known_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_JSON_FIELDS_H_
