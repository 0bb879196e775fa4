#ifndef MASKSCOPE_WEIGHTS_PICKLE_H_
#define MASKSCOPE_WEIGHTS_PICKLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Python's pickle format (protocols 2 to 5; PEP 307, 3154, 574 and CPython's pickletools), read as data and never
// executed: a class or function is only its name, and calling it makes an object that remembers what was called with
// what. Internal to weights.
namespace maskscope {

class PickleDocument {
 public:
  using Ref = uint32_t;  // index of a value; a value can be referred to many times, also by itself

  enum class Kind : uint8_t {
    kNone,
    kBool,        // integer
    kInt,         // integer
    kBigInt,      // text: little-endian two's complement, more than 8 bytes
    kFloat,       // number
    kText,        // text
    kBytes,       // text
    kTuple,       // items
    kList,        // items
    kSet,         // items
    kDict,        // items: key, value, key, value ...
    kGlobal,      // text: module, name: in it
    kObject,      // callable(arguments), then items appended or set and `state` given by BUILD
    kPersistent,  // arguments: the id of something that lies outside the pickle
  };
  static constexpr Ref kNothing = UINT32_MAX;

  struct Value {
    Kind kind = Kind::kNone;
    bool by_key = false;  // kObject: items are keys and values
    Ref callable = kNothing, arguments = kNothing, state = kNothing;
    int64_t integer = 0;
    double number = 0;
    std::string_view text, name;  // of the bytes the document was read from
    std::vector<Ref> items;
  };

  const Value& at(Ref ref) const { return values_[ref]; }
  Ref root() const { return root_; }
  size_t size() const { return values_.size(); }

  bool Is(Ref ref, Kind kind) const { return ref != kNothing && values_[ref].kind == kind; }
  // "collections.OrderedDict" for a global, and for an object that of its callable; "" for anything else.
  std::string GlobalName(Ref ref) const;
  // The value of a text key in a dict or in an object with keys and values; kNothing where there is none.
  Ref Find(Ref dict, std::string_view key) const;

 private:
  friend class PickleReader;
  std::deque<Value> values_;
  Ref root_ = kNothing;
};

// Bounds on what a pickle may ask for, whatever its size.
struct PickleLimits {
  size_t max_values = 2'000'000;
  size_t max_operations = 20'000'000;
};

// Reads one pickle from the front of `bytes`, which must outlive the document; `source` names it in errors. `used`, if
// given, becomes its length. Errors: kBadModel (cut off, damaged), kUnsupported (an opcode that data need not),
// kTooLarge.
PickleDocument ReadPickle(std::span<const uint8_t> bytes, const std::string& source, size_t* used = nullptr,
                          const PickleLimits& limits = {});

}  // namespace maskscope

#endif  // MASKSCOPE_WEIGHTS_PICKLE_H_
