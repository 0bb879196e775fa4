#include "weights/pickle.h"

#include <bit>
#include <cstring>
#include <unordered_map>

#include "base/error.h"

namespace maskscope {

using Kind = PickleDocument::Kind;
using Ref = PickleDocument::Ref;
using Value = PickleDocument::Value;

namespace {

// Names as in CPython's pickletools.
enum Opcode : uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kEmptyDict = '}',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kEmptyList = ']',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kEmptyTuple = ')',
  kSetItems = 'u',
  kBinFloat = 'G',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes8 = 0x8e,
  kEmptySet = 0x8f,
  kAddItems = 0x90,
  kFrozenSet = 0x91,
  kNewObjEx = 0x92,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
  kByteArray8 = 0x96,
};

}  // namespace

std::string PickleDocument::GlobalName(Ref ref) const {
  if (Is(ref, Kind::kObject)) ref = values_[ref].callable;
  if (!Is(ref, Kind::kGlobal)) return "";
  return std::string(values_[ref].text) + "." + std::string(values_[ref].name);
}

Ref PickleDocument::Find(Ref dict, std::string_view key) const {
  if (dict == kNothing) return kNothing;
  const Value& value = values_[dict];
  if (value.kind != Kind::kDict && !(value.kind == Kind::kObject && value.by_key)) return kNothing;
  for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
    if (Is(value.items[i], Kind::kText) && values_[value.items[i]].text == key) return value.items[i + 1];
  }
  return kNothing;
}

// The pickle machine: a stack of values, a stack of marks and a memo.
class PickleReader {
 public:
  PickleReader(std::span<const uint8_t> bytes, const std::string& source, const PickleLimits& limits)
      : bytes_(bytes), source_(source), limits_(limits) {}

  PickleDocument Read(size_t* used) {
    for (size_t operations = 0;; ++operations) {
      if (operations >= limits_.max_operations) TooLarge(limits_.max_operations, "operations");
      const auto opcode = static_cast<uint8_t>(Number(1));
      if (opcode == kStop) break;
      Execute(opcode);
    }
    document_.root_ = Pop();
    if (used != nullptr) *used = at_;
    return std::move(document_);
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(ErrorKind::kBadModel,
                "'" + source_ + "' holds a damaged pickle: " + what + " at byte " + std::to_string(at_));
  }
  [[noreturn]] void TooLarge(size_t most, const char* what) const {
    throw Error(ErrorKind::kTooLarge,
                "'" + source_ + "' holds a pickle of more than " + std::to_string(most) + " " + what);
  }

  // ---- the bytes

  std::string_view Bytes(uint64_t count) {
    if (count > bytes_.size() - at_) Fail("it is cut off");
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at_, static_cast<size_t>(count));
    at_ += static_cast<size_t>(count);
    return text;
  }
  uint64_t Number(size_t width) {
    const std::string_view text = Bytes(width);
    uint64_t value = 0;
    for (size_t i = width; i-- > 0;) value = value << 8 | static_cast<uint8_t>(text[i]);
    return value;
  }
  std::string_view Line() {
    const char* begin = reinterpret_cast<const char*>(bytes_.data()) + at_;
    const void* end = std::memchr(begin, '\n', bytes_.size() - at_);
    if (end == nullptr) Fail("a name has no end");
    const std::string_view line = Bytes(static_cast<uint64_t>(static_cast<const char*>(end) - begin));
    ++at_;
    return line;
  }

  // ---- the stack

  Ref New(Kind kind) {
    if (document_.values_.size() >= limits_.max_values) TooLarge(limits_.max_values, "values");
    document_.values_.emplace_back().kind = kind;
    return static_cast<Ref>(document_.values_.size() - 1);
  }
  Value& At(Ref ref) { return document_.values_[ref]; }
  Value& Push(Kind kind) {
    stack_.push_back(New(kind));
    return At(stack_.back());
  }
  // What was pushed before the last mark is out of reach.
  size_t Floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Ref Top() const {
    if (stack_.size() <= Floor()) Fail("it takes a value where there is none");
    return stack_.back();
  }
  Ref Pop() {
    const Ref top = Top();
    stack_.pop_back();
    return top;
  }
  std::vector<Ref> PopToMark() {
    if (marks_.empty()) Fail("it takes values down to a mark where there is none");
    const auto begin = stack_.begin() + static_cast<int64_t>(marks_.back());
    std::vector<Ref> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  void PushTuple(size_t count) {
    std::vector<Ref> items(count);
    for (size_t i = count; i-- > 0;) items[i] = Pop();
    Push(Kind::kTuple).items = std::move(items);
  }

  // ---- operations

  void PushText(Kind kind, size_t width) {
    const std::string_view text = Bytes(Number(width));
    Push(kind).text = text;
  }
  void PushInt(int64_t integer) { Push(Kind::kInt).integer = integer; }
  void PushBool(bool value) { Push(Kind::kBool).integer = value ? 1 : 0; }

  void PushLong(uint64_t width) {
    const std::string_view text = Bytes(width);
    if (width > 8) {
      Push(Kind::kBigInt).text = text;
      return;
    }
    uint64_t value = 0;
    if (width > 0 && static_cast<int8_t>(text.back()) < 0) value = ~uint64_t{0};
    for (size_t i = text.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(text[i]);
    PushInt(static_cast<int64_t>(value));
  }

  void PushFloat() {
    uint64_t bits = 0;
    for (const char byte : Bytes(8)) bits = bits << 8 | static_cast<uint8_t>(byte);  // big-endian, alone of all
    Push(Kind::kFloat).number = std::bit_cast<double>(bits);
  }

  void PushGlobal(std::string_view module, std::string_view name) {
    Value& value = Push(Kind::kGlobal);
    value.text = module;
    value.name = name;
  }

  void PushStackGlobal() {
    const Ref name = Pop(), module = Pop();
    if (At(name).kind != Kind::kText || At(module).kind != Kind::kText) Fail("a class is not named by text");
    PushGlobal(At(module).text, At(name).text);
  }

  void PushObject(Ref callable, Ref arguments) {
    Value& value = Push(Kind::kObject);
    value.callable = callable;
    value.arguments = arguments;
  }

  // List items and set members; an object that is given some is one that derives from list or set.
  void Append(const std::vector<Ref>& items) {
    Value& target = At(Top());
    const bool takes = target.kind == Kind::kList || target.kind == Kind::kSet || target.kind == Kind::kObject;
    if (!takes || (target.by_key && !items.empty())) Fail("items are added to what is no list");
    target.items.insert(target.items.end(), items.begin(), items.end());
  }

  void SetItems(const std::vector<Ref>& items) {
    Value& target = At(Top());
    if (target.kind == Kind::kObject && target.items.empty()) target.by_key = true;
    if (target.kind != Kind::kDict && !target.by_key) Fail("keys are set in what is no dict");
    if (items.size() % 2 != 0) Fail("a key has no value");
    target.items.insert(target.items.end(), items.begin(), items.end());
  }

  void Build() {
    const Ref state = Pop();
    At(Top()).state = state;
  }

  void Get(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) Fail("it refers to value " + std::to_string(index) + ", which it never stored");
    stack_.push_back(found->second);
  }
  void Put(uint64_t index) { memo_[index] = Top(); }

  void Execute(uint8_t opcode) {
    if (!ExecuteNumber(opcode) && !ExecuteText(opcode) && !ExecuteContainer(opcode) && !ExecuteObject(opcode) &&
        !ExecuteStack(opcode)) {
      const bool old = (opcode >= 'A' && opcode <= 'Z') || (opcode >= 'a' && opcode <= 'z');
      throw Error(ErrorKind::kUnsupported, "'" + source_ + "' holds a pickle with opcode " + std::to_string(opcode) +
                                               " at byte " + std::to_string(at_ - 1) +
                                               (old ? ", which no pickle of protocol 2 to 5 with weights needs"
                                                    : ", which is none that is read"));
    }
  }

  bool ExecuteNumber(uint8_t opcode) {
    switch (opcode) {
      case kNone:
        Push(Kind::kNone);
        return true;
      case kNewTrue:
      case kNewFalse:
        PushBool(opcode == kNewTrue);
        return true;
      case kBinInt:
        PushInt(static_cast<int32_t>(Number(4)));
        return true;
      case kBinInt1:
        PushInt(static_cast<int64_t>(Number(1)));
        return true;
      case kBinInt2:
        PushInt(static_cast<int64_t>(Number(2)));
        return true;
      case kLong1:
        PushLong(Number(1));
        return true;
      case kLong4:
        PushLong(Number(4));
        return true;
      case kBinFloat:
        PushFloat();
        return true;
      default:
        return false;
    }
  }

  bool ExecuteText(uint8_t opcode) {
    switch (opcode) {
      case kShortBinUnicode:
      case kShortBinString:  // Python 2's str: names are written so by its pickles
        PushText(Kind::kText, 1);
        return true;
      case kBinUnicode:
      case kBinString:
        PushText(Kind::kText, 4);
        return true;
      case kBinUnicode8:
        PushText(Kind::kText, 8);
        return true;
      case kShortBinBytes:
        PushText(Kind::kBytes, 1);
        return true;
      case kBinBytes:
        PushText(Kind::kBytes, 4);
        return true;
      case kBinBytes8:
      case kByteArray8:
        PushText(Kind::kBytes, 8);
        return true;
      default:
        return false;
    }
  }

  bool ExecuteContainer(uint8_t opcode) {
    switch (opcode) {
      case kEmptyTuple:
        PushTuple(0);
        return true;
      case kTuple1:
      case kTuple2:
      case kTuple3:
        PushTuple(size_t{1} + opcode - kTuple1);
        return true;
      case kTuple: {
        std::vector<Ref> items = PopToMark();
        Push(Kind::kTuple).items = std::move(items);
        return true;
      }
      case kFrozenSet: {
        std::vector<Ref> items = PopToMark();
        Push(Kind::kSet).items = std::move(items);
        return true;
      }
      case kEmptyList:
        Push(Kind::kList);
        return true;
      case kEmptySet:
        Push(Kind::kSet);
        return true;
      case kEmptyDict:
        Push(Kind::kDict);
        return true;
      case kAppend:
        Append({Pop()});
        return true;
      case kAppends:
      case kAddItems:
        Append(PopToMark());
        return true;
      case kSetItem: {
        const Ref value = Pop(), key = Pop();
        SetItems({key, value});
        return true;
      }
      case kSetItems:
        SetItems(PopToMark());
        return true;
      default:
        return false;
    }
  }

  bool ExecuteObject(uint8_t opcode) {
    switch (opcode) {
      case kGlobal: {
        const std::string_view module = Line();
        PushGlobal(module, Line());
        return true;
      }
      case kStackGlobal:
        PushStackGlobal();
        return true;
      case kReduce:
      case kNewObj: {
        const Ref arguments = Pop();
        PushObject(Pop(), arguments);
        return true;
      }
      case kNewObjEx: {
        Pop();  // keyword arguments: nothing that holds weights has any
        const Ref arguments = Pop();
        PushObject(Pop(), arguments);
        return true;
      }
      case kBuild:
        Build();
        return true;
      case kBinPersId: {
        const Ref id = Pop();
        Push(Kind::kPersistent).arguments = id;
        return true;
      }
      default:
        return false;
    }
  }

  bool ExecuteStack(uint8_t opcode) {
    switch (opcode) {
      case kMark:
        marks_.push_back(stack_.size());
        return true;
      case kPop:
        Pop();
        return true;
      case kPopMark:
        PopToMark();
        return true;
      case kDup:
        stack_.push_back(Top());
        return true;
      case kBinGet:
        Get(Number(1));
        return true;
      case kLongBinGet:
        Get(Number(4));
        return true;
      case kBinPut:
        Put(Number(1));
        return true;
      case kLongBinPut:
        Put(Number(4));
        return true;
      case kMemoize:
        Put(memo_.size());
        return true;
      case kProto:
        if (const uint64_t protocol = Number(1); protocol < 2 || protocol > 5) {
          throw Error(ErrorKind::kUnsupported, "'" + source_ + "' holds a pickle of protocol " +
                                                   std::to_string(protocol) + "; protocols 2 to 5 are read");
        }
        return true;
      case kFrame:
        Number(8);  // a hint for readers of streams
        return true;
      default:
        return false;
    }
  }

  std::span<const uint8_t> bytes_;
  const std::string& source_;
  const PickleLimits& limits_;
  size_t at_ = 0;
  std::vector<Ref> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, Ref> memo_;
  PickleDocument document_;
};

PickleDocument ReadPickle(std::span<const uint8_t> bytes, const std::string& source, size_t* used,
                          const PickleLimits& limits) {
  return PickleReader(bytes, source, limits).Read(used);
}

}  // namespace maskscope
