#pragma once

#include <memory>
#include <string>

#include "rocksdb/env.h"

namespace nines::rocks {

// RocksDB's own log as DIRECTORY/LOG, the one before as LOG.old. At most `bytes_max`; what comes after is left out.
// Errors of the disk are left out as well: RocksDB's logger breaks an assertion, and so ends the process, when the disk
// is full. Thread-safe.
std::shared_ptr<rocksdb::Logger> OpenInfoLog(const std::string& directory, size_t bytes_max);

}  // namespace nines::rocks
