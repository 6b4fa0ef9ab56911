#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace nines {

// A value that names one kind of thing and does not convert into another kind: swapped arguments do not compile.
// struct SeriesTag; using SeriesId = StrongId<SeriesTag, uint64_t>;
template <typename Tag, typename Value>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(Value value) : value_(std::move(value)) {}

  const Value& value() const { return value_; }

  friend bool operator==(const StrongId&, const StrongId&) = default;
  friend auto operator<=>(const StrongId&, const StrongId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const StrongId& id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  Value value_{};
};

using ProviderId = StrongId<struct ProviderTag, std::string>;
using RegionId = StrongId<struct RegionTag, std::string>;
using AgencyId = StrongId<struct AgencyTag, std::string>;
using SystemId = StrongId<struct SystemTag, std::string>;
using TargetId = StrongId<struct TargetTag, std::string>;
using CheckId = StrongId<struct CheckTag, std::string>;
using ContractId = StrongId<struct ContractTag, std::string>;
// Position of a fact in the ledger; the first is 1.
using FactId = StrongId<struct FactTag, uint64_t>;
using SeriesId = StrongId<struct SeriesTag, uint64_t>;

}  // namespace nines

template <typename Tag, typename Value>
struct std::hash<nines::StrongId<Tag, Value>> {
  size_t operator()(const nines::StrongId<Tag, Value>& id) const { return std::hash<Value>()(id.value()); }
};
