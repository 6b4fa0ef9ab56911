#include "daemon/catalogue/kinds.h"

#include "absl/strings/ascii.h"
#include "base/text.h"
#include "nines/v1/catalogue.pb.h"

namespace nines::catalogue {

using google::protobuf::Descriptor;
using google::protobuf::Message;

const std::vector<Kind>& Kinds() {
  static const auto& kinds = *[] {
    auto* list = new std::vector<Kind>;
    const Descriptor& schema = *v1::Catalogue::descriptor();
    for (int i = 0; i < schema.field_count(); ++i) {
      const Descriptor& type = *schema.field(i)->message_type();
      list->push_back({.name = absl::AsciiStrToLower(type.name()),
                       .list = schema.field(i),
                       .prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)});
    }
    return list;
  }();
  return kinds;
}

std::optional<size_t> KindIndex(std::string_view name) {
  for (size_t i = 0; i < Kinds().size(); ++i) {
    if (Kinds()[i].name == name) return i;
  }
  return std::nullopt;
}

std::string IdOf(const Message& entry) {
  return entry.GetReflection()->GetString(entry, entry.GetDescriptor()->FindFieldByName("id"));
}

absl::StatusOr<std::unique_ptr<Message>> ParseEntry(std::string_view kind, const std::string& bytes) {
  const std::optional<size_t> index = KindIndex(kind);
  if (!index.has_value()) return absl::DataLossError(StrCat("'", kind, "' is not a kind of catalogue entry"));
  std::unique_ptr<Message> entry(Kinds()[*index].prototype->New());
  if (!entry->ParseFromString(bytes)) return absl::DataLossError(StrCat("the bytes are not a ", kind));
  return entry;
}

}  // namespace nines::catalogue
