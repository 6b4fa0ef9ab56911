#include "daemon/catalogue/world.h"

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "nines/v1/catalogue.pb.h"

namespace nines::catalogue {
namespace {

using google::protobuf::Message;

constexpr size_t kIdBytesMax = 200;

// What is wrong with an id; "" if nothing is.
std::string IdFault(std::string_view id) {
  if (id.empty()) return "has no id; give it one";
  if (id.size() > kIdBytesMax) return StrCat("id: longer than ", kIdBytesMax, " bytes; shorten it");
  if (!IsUtf8(id)) return "id: not UTF-8";
  for (size_t i = 0; i < id.size(); ++i) {
    const auto c = static_cast<unsigned char>(id[i]);
    const bool c1 = c == 0xc2 && static_cast<unsigned char>(id[i + 1]) < 0xa0;
    if (absl::ascii_iscntrl(c) || c1) return "id: has a control character; remove it";
  }
  return "";
}

class FileLoader {
 public:
  FileLoader(Sources& sources, World& world, wire::Mistakes& mistakes)
      : sources_(sources), world_(world), mistakes_(mistakes) {}

  void Load(size_t file) {
    v1::Catalogue catalogue;
    const absl::Status status =
        wire::ParseYaml(sources_.files[file].content, sources_.files[file].name, &catalogue, &sources_.places[file]);
    mistakes_.Append(status);
    if (!status.ok()) return;
    const google::protobuf::Reflection& reflection = *catalogue.GetReflection();
    for (size_t kind = 0; kind < Kinds().size(); ++kind) {
      const google::protobuf::FieldDescriptor* list = Kinds()[kind].list;
      for (int i = 0; i < reflection.FieldSize(catalogue, list); ++i) {
        Add(kind, reflection.GetRepeatedMessage(catalogue, list, i), file, StrCat(list->name(), "[", i, "]"));
      }
    }
  }

 private:
  void Add(size_t kind, const Message& message, size_t file, const std::string& path) {
    const std::string id = IdOf(message);
    if (const std::string fault = IdFault(id); !fault.empty()) {
      mistakes_.Add(sources_.files[file].name, PlaceOf(file, path), StrCat(path, id.empty() ? " " : ".", fault));
      return;
    }
    Entry& entry = world_[{kind, id}];
    if (entry.file != kInForce) {
      const std::string first = wire::PlaceText(sources_.files[entry.file].name, PlaceOf(entry.file, entry.path));
      mistakes_.Add(sources_.files[file].name, PlaceOf(file, path),
                    StrCat(Kinds()[kind].name, " '", id, "' stands twice, first at ", first, "; remove one"));
      return;
    }
    std::shared_ptr<Message> copy(message.New());
    copy->CopyFrom(message);
    entry = {.kind = Kinds()[kind].name,
             .id = id,
             .message = copy,
             .bytes = message.SerializeAsString(),  // entries have no maps: equal ones give equal bytes
             .position = {},
             .file = file,
             .path = path};
  }

  // Of the entry's id, if it has one.
  wire::Place PlaceOf(size_t file, const std::string& path) const {
    const wire::Places& places = sources_.places[file];
    const auto id = places.find(path + ".id");
    return id != places.end() ? id->second : places.at(path);
  }

  Sources& sources_;
  World& world_;
  wire::Mistakes& mistakes_;
};

}  // namespace

const Entry* FindEntry(const World& world, std::string_view kind, const std::string& id) {
  const auto it = world.find({KindIndex(kind).value_or(Kinds().size()), id});
  return it == world.end() ? nullptr : &it->second;
}

std::vector<std::string_view> IdsOf(const World& world, std::string_view kind) {
  std::vector<std::string_view> ids;
  const size_t index = KindIndex(kind).value_or(Kinds().size());
  for (auto it = world.lower_bound({index, ""}); it != world.end() && it->first.first == index; ++it) {
    ids.push_back(it->first.second);
  }
  return ids;
}

absl::StatusOr<InForce> LoadInForce(const ledger::Ledger& ledger, FactId as_of) {
  InForce in_force;
  in_force.position = as_of;
  for (const auto& fact : ledger.Current(ledger::FactKind::kCatalogue, as_of)) {
    const auto& change = std::get<ledger::CatalogueChange>(fact->body);
    if (change.bytes.empty()) continue;
    absl::StatusOr<std::unique_ptr<Message>> message = ParseEntry(change.kind, change.bytes);
    if (!message.ok()) return Annotate(message.status(), StrCat("catalogue: fact ", fact->id.value()));
    in_force.world[{*KindIndex(change.kind), change.id}] = {.kind = change.kind,
                                                            .id = change.id,
                                                            .message = *std::move(message),
                                                            .bytes = change.bytes,
                                                            .position = fact->id,
                                                            .file = kInForce,
                                                            .path = ""};
  }
  return in_force;
}

Sources LoadFiles(const std::vector<File>& files, World& world, wire::Mistakes& mistakes) {
  Sources sources{files, std::vector<wire::Places>(files.size())};
  FileLoader loader(sources, world, mistakes);
  for (size_t file = 0; file < files.size(); ++file) loader.Load(file);
  return sources;
}

}  // namespace nines::catalogue
