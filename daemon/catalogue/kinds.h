#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// The kinds of catalogue entries, as nines.v1.Catalogue has a list for each.
namespace nines::catalogue {

struct Kind {
  std::string name;  // "target", as in facts
  const google::protobuf::FieldDescriptor* list = nullptr;
  const google::protobuf::Message* prototype = nullptr;
};

// In the order of the schema: what is referred to stands before what refers to it, targets and checks excepted.
const std::vector<Kind>& Kinds();
// Index in Kinds(); nullopt for a word that is none.
std::optional<size_t> KindIndex(std::string_view name);

std::string IdOf(const google::protobuf::Message& entry);

// DataLoss if the bytes are no entry of that kind.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ParseEntry(std::string_view kind, const std::string& bytes);

}  // namespace nines::catalogue
