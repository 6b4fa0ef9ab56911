#include "base/version.h"

namespace nines {

std::string_view Version() { return NINES_VERSION; }

}  // namespace nines
