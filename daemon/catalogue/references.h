#pragma once

#include "daemon/catalogue/world.h"

namespace nines::catalogue {

// Whether the entries of `world` make sense, alone and together: terms, references, circles. Only what the files bring
// or break is looked at. `before` is the catalogue in force, to say of a reference that it is about to be retired.
void CheckWorld(const World& world, const World& before, const Sources& sources, wire::Mistakes& mistakes);

}  // namespace nines::catalogue
