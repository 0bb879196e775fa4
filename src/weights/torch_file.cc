#include "weights/torch_file.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "weights/torch_state.h"
#include "weights/zip_archive.h"

namespace maskscope {
namespace {

using Kind = PickleDocument::Kind;
using Bytes = std::span<const uint8_t>;

constexpr uint8_t kProto = 0x80;  // the opcode every pickle of protocol 2 and later begins with
// torch.serialization.MAGIC_NUMBER = 0x1950a86a20f9469cfc6c, as a pickled long holds it.
constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr int64_t kVersion = 1001;

std::string_view Text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

[[noreturn]] void Fail(const std::string& source, const std::string& what) {
  throw Error(ErrorKind::kBadModel, "'" + source + "' " + what);
}

void RefuseBigEndian(const std::string& source) {
  throw Error(ErrorKind::kUnsupported, "'" + source + "' was written on a big-endian machine");
}

// The bytes of every storage of the old format by its key, which follow the pickles in the order of `keys`.
class LegacyStorages {
 public:
  LegacyStorages(const PickleDocument& document, Bytes bytes, const std::string& source)
      : bytes_(bytes), source_(source) {
    for (PickleDocument::Ref ref = 0; ref < document.size(); ++ref) {
      if (!document.Is(ref, Kind::kPersistent)) continue;
      if (auto storage = ReadStorageId(document, document.at(ref).arguments, source)) {
        described_.emplace(storage->key, *storage);
      }
    }
  }

  void Take(const std::string& key) {
    const auto found = described_.find(key);
    if (found == described_.end()) Fail(source_, "lists a storage '" + key + "' that nothing in it describes");
    if (!found->second.kind) Fail(source_, "does not say what the elements of storage '" + key + "' are");
    if (bytes_.size() < 8) Fail(source_, "is cut off before storage '" + key + "'");
    uint64_t elements = 0;
    std::memcpy(&elements, bytes_.data(), 8);
    bytes_ = bytes_.subspan(8);
    const size_t size = BytesOf(*found->second.kind);
    if (elements > bytes_.size() / size) {
      Fail(source_, "is cut off in storage '" + key + "': it needs " + std::to_string(elements) + " elements of " +
                        std::to_string(size) + " bytes, " + std::to_string(bytes_.size()) + " bytes are left");
    }
    storages_[key] = bytes_.first(static_cast<size_t>(elements) * size);
    bytes_ = bytes_.subspan(static_cast<size_t>(elements) * size);
  }

  Bytes At(const std::string& key) const {
    const auto found = storages_.find(key);
    if (found == storages_.end()) Fail(source_, "lacks storage '" + key + "'");
    return found->second;
  }

 private:
  Bytes bytes_;  // what is left
  const std::string& source_;
  std::map<std::string, TorchStorage> described_;
  std::map<std::string, Bytes> storages_;
};

}  // namespace

bool IsZip(Bytes bytes) { return Text(bytes).starts_with("PK\x03\x04"); }
bool IsPickle(Bytes bytes) { return !bytes.empty() && bytes[0] == kProto; }

WeightFile ReadTorchZip(Bytes bytes, const std::string& source, const WeightFileOptions& options) {
  ZipArchive archive(bytes, source);
  std::vector<std::string> pickles;
  for (const std::string& name : archive.Names()) {
    if (name == "data.pkl" || name.ends_with("/data.pkl")) pickles.push_back(name);
  }
  if (pickles.size() != 1) {
    Fail(source, "is a zip archive with " + std::to_string(pickles.size()) +
                     " entries named data.pkl; a file of torch.save has one");
  }
  const std::string folder = pickles[0].substr(0, pickles[0].size() - std::string_view("data.pkl").size());
  if (archive.Has(folder + "byteorder") && Text(archive.Read(folder + "byteorder")) != "little")
    RefuseBigEndian(source);
  const PickleDocument document = ReadPickle(archive.Read(pickles[0]), source);
  const TorchSource torch{document,
                          [&](const TorchStorage& storage) { return archive.Read(folder + "data/" + storage.key); },
                          source, bytes.size()};
  WeightFile file = ReadTorchState(torch, options);
  file.format = "PyTorch";
  return file;
}

WeightFile ReadTorchLegacy(Bytes bytes, const std::string& source, const WeightFileOptions& options) {
  Bytes rest = bytes;
  const auto next = [&] {
    size_t used = 0;
    PickleDocument document = ReadPickle(rest, source, &used);
    rest = rest.subspan(used);
    return document;
  };
  const PickleDocument magic = next();
  if (!magic.Is(magic.root(), Kind::kBigInt) || magic.at(magic.root()).text != kMagic) {
    throw Error(ErrorKind::kUnsupported,
                "'" + source +
                    "' is a plain Python pickle, not one of torch.save: load it in Python and torch.save its "
                    "state dict");
  }
  const PickleDocument version = next();
  if (!version.Is(version.root(), Kind::kInt) || version.at(version.root()).integer != kVersion) {
    throw Error(ErrorKind::kUnsupported,
                "'" + source + "' is of another version of PyTorch's format than " + std::to_string(kVersion));
  }
  const PickleDocument system = next();
  const PickleDocument::Ref little = system.Find(system.root(), "little_endian");
  if (system.Is(little, Kind::kBool) && system.at(little).integer == 0) RefuseBigEndian(source);
  const PickleDocument document = next();
  const PickleDocument keys = next();
  if (!keys.Is(keys.root(), Kind::kList)) Fail(source, "has a damaged list of storages");
  LegacyStorages storages(document, rest, source);
  for (const PickleDocument::Ref key : keys.at(keys.root()).items) {
    if (!keys.Is(key, Kind::kText)) Fail(source, "has a damaged list of storages");
    storages.Take(std::string(keys.at(key).text));
  }
  const TorchSource torch{document, [&](const TorchStorage& storage) { return storages.At(storage.key); }, source,
                          bytes.size()};
  WeightFile file = ReadTorchState(torch, options);
  file.format = "PyTorch (before 1.6)";
  return file;
}

}  // namespace maskscope
