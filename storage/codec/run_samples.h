#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/codec/xor_samples.h"

namespace nines::codec {

// Samples as two lists of runs, of equal time steps and of equal values: a day of a check's results that are all the
// same takes a dozen bytes. Appends to `payload`; stops and answers false once that has `limit_bytes` or more.
bool EncodeRuns(std::span<const Sample> samples, size_t limit_bytes, std::string* payload);

// Appends `count` samples to `samples`. False where `payload` is not exactly what EncodeRuns() writes for that many
// samples from `start_ms`; `samples` then has some of them or none.
bool DecodeRuns(int64_t start_ms, uint32_t count, std::string_view payload, std::vector<Sample>* samples);

}  // namespace nines::codec
