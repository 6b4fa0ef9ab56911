#include "daemon/catalogue/cache.h"

#include "base/status_macros.h"

namespace nines::catalogue {

absl::StatusOr<std::shared_ptr<const Catalogue>> Cache::Get() {
  MutexLock lock(mutex_);
  const FactId last = ledger_.LastPosition();
  bool newer = catalogue_ == nullptr;
  constexpr size_t kPage = 1024;
  for (FactId from(seen_.value() + 1); !newer && from <= last;) {
    const auto page = ledger_.List(from, kPage);
    if (page.empty()) break;
    for (const auto& fact : page) newer |= ledger::KindOf(fact->body) == ledger::FactKind::kCatalogue;
    from = FactId(page.back()->id.value() + 1);
  }
  if (newer) {
    NINES_ASSIGN_OR_RETURN(catalogue_, BuildCatalogue(ledger_));
  }
  seen_ = last;
  return catalogue_;
}

}  // namespace nines::catalogue
