#include "weights/torch_state.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "weights/torch_tensor.h"

namespace maskscope {
namespace {

using Kind = PickleDocument::Kind;
using Ref = PickleDocument::Ref;
constexpr Ref kNothing = PickleDocument::kNothing;

constexpr int kMostLevels = 64;
// Entries looked at in all. A value can be referred to from many places, each of which may again be: without a bound, a
// file of a few hundred bytes could name more tensors than there are atoms.
constexpr size_t kMostWork = 1'000'000;

// Where checkpoints keep their weights, the likeliest first. Averaged weights ("ema") are what their authors deploy.
constexpr std::array<const char*, 9> kUsualKeys{"state_dict", "model_state_dict", "ema",    "model", "net",
                                                "network",    "weights",          "params", "module"};
// Before all names of a state dict: torch.nn.DataParallel, torch.compile.
constexpr std::array<const char*, 2> kPrefixes{"module.", "_orig_mod."};

class Finder {
 public:
  explicit Finder(const TorchSource& source) : source_(source), document_(source.document) {}

  WeightFile Find(const std::string& key) {
    const Ref root = key.empty() ? Choose(document_.root()) : Named(key);
    Found found = Collect(root);
    if (found.tensors.empty()) FailWithoutWeights(found);
    WeightFile file;
    file.class_names = ClassNames(root);
    const std::string prefix = CommonPrefix(found.tensors);
    for (auto& [name, tensor] : found.tensors) {
      CountElements(tensor, name);
      file.tensors.emplace(name.substr(prefix.size()), ReadTensor(source_, tensor, name));
    }
    for (const auto& [name, type] : found.refused) {
      file.refused.emplace(name.starts_with(prefix) ? name.substr(prefix.size()) : name, type);
    }
    return file;
  }

 private:
  struct Found {
    std::map<std::string, TorchTensor> tensors;
    std::map<std::string, std::string> refused;
  };

  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(ErrorKind::kBadModel, "'" + source_.name + "' " + what);
  }

  [[noreturn]] void FailWithoutWeights(const Found& found) const {
    std::string what = "holds no weights that can be read: no tensor stands where a state dict or a module has them";
    std::set<std::string> types;
    for (const auto& [name, type] : found.refused) types.insert(type);
    std::string list;
    for (const std::string& type : types) list += (list.empty() ? "" : ", ") + type;
    if (!list.empty()) what += "; it holds objects of " + list;
    Fail(what);
  }

  // ---- walking

  void Spend(size_t entries) {
    work_ += entries;
    if (work_ > kMostWork) Fail("refers to its own parts so often that it cannot be a set of weights");
  }

  // Keys and values of a dict, of an OrderedDict (also as Python 2 writes it, from a list of pairs) and of the like.
  std::vector<std::pair<std::string, Ref>> Entries(Ref ref) {
    std::vector<std::pair<std::string, Ref>> entries;
    if (ref == kNothing) return entries;
    const PickleDocument::Value& value = document_.at(ref);
    Spend(1 + value.items.size());
    const auto add = [&](Ref key, Ref item) {
      if (document_.Is(key, Kind::kText)) entries.emplace_back(document_.at(key).text, item);
      if (document_.Is(key, Kind::kInt)) entries.emplace_back(std::to_string(document_.at(key).integer), item);
    };
    if (value.kind == Kind::kObject && document_.GlobalName(ref) == "collections.OrderedDict" &&
        document_.Is(value.arguments, Kind::kTuple)) {
      for (const Ref argument : document_.at(value.arguments).items) {
        if (!document_.Is(argument, Kind::kList)) continue;
        Spend(document_.at(argument).items.size());
        for (const Ref pair : document_.at(argument).items) {
          const PickleDocument::Value& two = document_.at(pair);
          if ((two.kind == Kind::kList || two.kind == Kind::kTuple) && two.items.size() == 2) {
            add(two.items[0], two.items[1]);
          }
        }
      }
    }
    if (value.kind == Kind::kDict || (value.kind == Kind::kObject && value.by_key)) {
      for (size_t i = 0; i + 1 < value.items.size(); i += 2) add(value.items[i], value.items[i + 1]);
    }
    return entries;
  }

  Ref Entry(Ref dict, const std::string& key) {
    for (const auto& [name, value] : Entries(dict)) {
      if (name == key) return value;
    }
    return kNothing;
  }

  // The attributes of an object that was given some; kNothing for everything else.
  Ref State(Ref ref) const { return document_.Is(ref, Kind::kObject) ? document_.at(ref).state : kNothing; }
  bool IsModule(Ref ref) { return Entry(State(ref), "_modules") != kNothing; }

  // Buffers that a module keeps for itself are not part of its state dict.
  std::set<std::string> OwnBuffers(Ref state) {
    std::set<std::string> names;
    Ref set = Entry(state, "_non_persistent_buffers_set");
    // Before protocol 4 a set is a call: set([..]).
    if (document_.Is(set, Kind::kObject) && document_.Is(document_.at(set).arguments, Kind::kTuple) &&
        !document_.at(document_.at(set).arguments).items.empty()) {
      set = document_.at(document_.at(set).arguments).items[0];
    }
    if (!document_.Is(set, Kind::kSet) && !document_.Is(set, Kind::kList)) return names;
    Spend(document_.at(set).items.size());
    for (const Ref item : document_.at(set).items) {
      if (document_.Is(item, Kind::kText)) names.emplace(document_.at(item).text);
    }
    return names;
  }

  Found Collect(Ref root) {
    Found found;
    Visit(root, "", 0, found);
    return found;
  }

  void Visit(Ref ref, const std::string& name, int level, Found& found) {
    if (ref == kNothing) return;
    if (level > kMostLevels) Fail("is nested more than " + std::to_string(kMostLevels) + " levels deep");
    Spend(1);
    if (const std::optional<TorchTensor> tensor = FindTensor(source_, ref, name)) {
      if (!found.tensors.emplace(name, *tensor).second) Fail("holds two tensors named '" + name + "'");
      return;
    }
    const auto visit_all = [&](Ref dict, const std::set<std::string>& but) {
      for (const auto& [key, value] : Entries(dict)) {
        if (!but.contains(key)) Visit(value, name.empty() ? key : name + "." + key, level + 1, found);
      }
    };
    if (IsModule(ref)) {
      const Ref state = State(ref);
      visit_all(Entry(state, "_parameters"), {});
      visit_all(Entry(state, "_buffers"), OwnBuffers(state));
      visit_all(Entry(state, "_modules"), {});
      return;
    }
    const auto entries = Entries(ref);
    const Ref state = State(ref);
    if (!entries.empty()) {
      visit_all(ref, {});
    } else if (state != kNothing && document_.GlobalName(ref) != "collections.OrderedDict") {
      visit_all(state, {});  // a TorchScript module: parameters, buffers and modules are its attributes
    } else if (document_.Is(ref, Kind::kObject)) {
      const std::string type = document_.GlobalName(ref);
      if (type != "collections.OrderedDict") found.refused.emplace(name, type.empty() ? "an unknown class" : type);
    }
  }

  // ---- choosing

  bool HasOwnTensors(Ref dict) {
    for (const auto& [key, value] : Entries(dict)) {
      if (FindTensor(source_, value, key)) return true;
    }
    return false;
  }

  // The part of a checkpoint that holds the weights.
  Ref Choose(Ref root) {
    for (int level = 0; level < kMostLevels; ++level) {
      if (IsModule(root)) return root;
      Ref inner = ChooseUsual(root);
      if (inner == kNothing && !HasOwnTensors(root)) inner = ChooseOther(root);
      if (inner == kNothing) return root;
      root = inner;
    }
    return root;
  }

  Ref ChooseUsual(Ref dict) {
    for (const char* key : kUsualKeys) {
      const Ref value = Entry(dict, key);
      // A lone tensor of that name is a weight, "weights" for one.
      if (value != kNothing && !FindTensor(source_, value, key) && !Collect(value).tensors.empty()) return value;
    }
    return kNothing;
  }

  Ref ChooseOther(Ref dict) {
    std::vector<std::pair<std::string, Ref>> holders;
    for (const auto& [key, value] : Entries(dict)) {
      if (key != "optimizer" && !Collect(value).tensors.empty()) holders.emplace_back(key, value);
    }
    if (holders.empty()) return kNothing;
    // Parts of one network ("backbone", "head") belong together; networks side by side do not, but only their authors
    // know which is which.
    if (holders.size() == 1) return holders[0].second;
    std::string list;
    for (const auto& [key, value] : holders) list += (list.empty() ? "" : ", ") + key;
    throw Error(ErrorKind::kUsage,
                "'" + source_.name + "' holds several sets of weights (" + list + "): say with --key which");
  }

  Ref Named(const std::string& key) {
    Ref ref = document_.root();
    std::string rest = key;
    while (!rest.empty()) {
      Ref next = Entry(ref, rest);
      const size_t dot = rest.find('.');
      const std::string first = rest.substr(0, dot);
      rest = next != kNothing || dot == std::string::npos ? "" : rest.substr(dot + 1);
      if (next == kNothing) next = Entry(ref, first);
      if (next == kNothing) {
        std::string list;
        for (const auto& [name, value] : Entries(ref)) list += (list.empty() ? "" : ", ") + name;
        throw Error(ErrorKind::kUsage, "'" + source_.name + "' has no entry '" + key + "'; it has " + list);
      }
      ref = next;
    }
    return ref;
  }

  // ---- reading

  static std::string CommonPrefix(const std::map<std::string, TorchTensor>& tensors) {
    std::string prefix;
    for (bool grown = true; grown;) {
      grown = false;
      for (const char* more : kPrefixes) {
        const std::string longer = prefix + more;
        if (std::ranges::all_of(tensors, [&](const auto& named) { return named.first.starts_with(longer); })) {
          prefix = longer;
          grown = true;
        }
      }
    }
    return prefix;
  }

  // Tensors may share a storage or repeat its values; a small file must not become a mountain of memory that way.
  void CountElements(const TorchTensor& tensor, const std::string& name) {
    const int64_t count = BoundedCount(tensor.shape);
    const auto most = static_cast<int64_t>(2 * source_.file_bytes + (1 << 20));
    if (count >= 0 && count <= most) elements_ += count;
    if (count > most || elements_ > most) {
      throw Error(ErrorKind::kTooLarge, "'" + source_.name + "' claims more values than a file of " +
                                            std::to_string(source_.file_bytes) + " bytes can hold (tensor '" + name +
                                            "')");
    }
  }

  // Lists of texts, or {0: "mask", 1: ...}.
  std::vector<std::string> Texts(Ref ref) {
    std::vector<std::string> texts;
    if (document_.Is(ref, Kind::kList) || document_.Is(ref, Kind::kTuple)) {
      for (const Ref item : document_.at(ref).items) {
        if (!document_.Is(item, Kind::kText)) return {};
        texts.emplace_back(document_.at(item).text);
      }
      return texts;
    }
    const auto entries = Entries(ref);
    const std::map<std::string, Ref> by_key(entries.begin(), entries.end());
    for (size_t i = 0; i < entries.size(); ++i) {
      const auto found = by_key.find(std::to_string(i));
      if (found == by_key.end() || !document_.Is(found->second, Kind::kText)) return {};
      texts.emplace_back(document_.at(found->second).text);
    }
    return texts;
  }

  std::vector<std::string> ClassNames(Ref weights) {
    const Ref root = document_.root(), meta = Entry(root, "meta");
    const std::array<Ref, 6> places{Entry(State(weights), "names"), Entry(root, "names"),
                                    Entry(root, "classes"),         Entry(root, "class_names"),
                                    Entry(meta, "CLASSES"),         Entry(root, "idx_to_class")};
    for (const Ref place : places) {
      std::vector<std::string> names = place == kNothing ? std::vector<std::string>() : Texts(place);
      if (!names.empty()) return names;
    }
    return {};
  }

  const TorchSource& source_;
  const PickleDocument& document_;
  size_t work_ = 0;
  int64_t elements_ = 0;
};

}  // namespace

WeightFile ReadTorchState(const TorchSource& source, const WeightFileOptions& options) {
  return Finder(source).Find(options.key);
}

}  // namespace maskscope
