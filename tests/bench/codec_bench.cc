// What columns of values and times cost.
//   codec_bench --sizes [--bitbrains=FILE.csv]   bytes a value by kind of series, beside two yardsticks
//   codec_bench [--bitbrains=FILE.csv] [Google Benchmark's flags]
// --values=N: the length of the fleet's columns, 960 otherwise.
// FILE.csv is the Bitbrains trace as tests/bench/fleet_columns.h has it; - reads it from standard input.
#include <benchmark/benchmark.h>
#include <zstd.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "storage/codec/bytes.h"
#include "storage/codec/time_column.h"
#include "storage/codec/value_column.h"
#include "tests/bench/fleet_columns.h"

namespace nines::bench {
namespace {

using codec::Effort;

int fleet_values = 960;  // four hours at 15 s
constexpr size_t kPieceValues = 32;

std::vector<Column>& Fleet() {
  static std::vector<Column> columns = FleetColumns(60, fleet_values, 1);
  return columns;
}
std::vector<Column>& Bitbrains() {
  static std::vector<Column> columns;
  return columns;
}

// Shannon's entropy, in bytes, of numbers that come independently, each as often as it does. Means something only where
// numbers repeat: of numbers that come once each it is no more than the log of how many there are.
double EntropyBytes(const std::vector<int64_t>& numbers) {
  std::unordered_map<int64_t, double> counts;
  for (int64_t number : numbers) ++counts[number];
  double bits = 0;
  for (const auto& [number, count] : counts) bits -= count * std::log2(count / static_cast<double>(numbers.size()));
  return bits / 8;
}

std::vector<int64_t> Steps(const std::vector<int64_t>& numbers) {
  std::vector<int64_t> steps;
  for (size_t i = 1; i < numbers.size(); ++i) steps.push_back(numbers[i] - numbers[i - 1]);
  return steps;
}

// Values as integers of four decimals, where they are small.
std::vector<int64_t> Integers(const std::vector<double>& values) {
  std::vector<int64_t> integers;
  for (double value : values) integers.push_back(std::llround(std::abs(value) < 1e6 ? value * 1e4 : value * 100));
  return integers;
}

// About what VictoriaMetrics does: varints of first or second differences, and zstd.
size_t VarintZstdBytes(const std::vector<int64_t>& integers) {
  size_t smallest = SIZE_MAX;
  std::vector<int64_t> steps = integers;
  for (int order = 1; order <= 2; ++order) {
    steps = Steps(steps);
    int64_t factor = 1;
    for (int64_t ten = 1; ten <= 10'000; ten *= 10) {
      bool divides = true;
      for (int64_t step : steps) divides &= step % ten == 0;
      if (divides) factor = ten;
    }
    std::string varints;
    for (int64_t step : steps) codec::AppendSignedVarint(step / factor, &varints);
    std::vector<char> packed(ZSTD_compressBound(varints.size()));
    smallest = std::min(smallest, ZSTD_compress(packed.data(), packed.size(), varints.data(), varints.size(), 2));
  }
  return smallest;
}

std::string Encode(const std::vector<double>& values, Effort effort) {
  std::string bytes;
  codec::EncodeValues(values, effort, &bytes);
  std::vector<double> decoded(values.size());
  NINES_CHECK(codec::DecodeValues(bytes, static_cast<uint32_t>(values.size()), decoded.data()));
  NINES_CHECK(std::memcmp(decoded.data(), values.data(), values.size() * sizeof(double)) == 0);
  return bytes;
}

struct Sizes {
  double values = 0;
  double small = 0;
  double fast = 0;
  double entropy = 0;
  double varint_zstd = 0;

  void Add(const Sizes& other) {
    values += other.values;
    small += other.small;
    fast += other.fast;
    entropy += other.entropy;
    varint_zstd += other.varint_zstd;
  }
};

Sizes SizesOf(const std::vector<double>& values) {
  const std::vector<int64_t> integers = Integers(values);
  Sizes sizes{.values = static_cast<double>(values.size())};
  sizes.small = static_cast<double>(Encode(values, Effort::kSmall).size());
  for (size_t at = 0; at < values.size(); at += kPieceValues) {
    const size_t end = std::min(values.size(), at + kPieceValues);
    sizes.fast += static_cast<double>(Encode(std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(at),
                                                                 values.begin() + static_cast<std::ptrdiff_t>(end)),
                                             Effort::kFast)
                                          .size());
  }
  sizes.entropy = std::min(EntropyBytes(integers), EntropyBytes(Steps(integers)));
  sizes.varint_zstd = static_cast<double>(VarintZstdBytes(integers));
  return sizes;
}

void PrintSizes(const char* title, const std::vector<Column>& columns) {
  std::map<std::string, Sizes> by_kind;
  Sizes all;
  for (const Column& column : columns) {
    const Sizes sizes = SizesOf(column.values);
    by_kind[column.kind].Add(sizes);
    all.Add(sizes);
  }
  std::printf("%-20s %10s %8s %8s %8s %12s   bytes a value\n", title, "values", "small", "fast/32", "entropy",
              "varint+zstd");
  const auto print = [](const std::string& name, const Sizes& sizes) {
    std::printf("  %-18s %10.0f %8.4f %8.4f %8.4f %12.4f\n", name.c_str(), sizes.values, sizes.small / sizes.values,
                sizes.fast / sizes.values, sizes.entropy / sizes.values, sizes.varint_zstd / sizes.values);
  };
  for (const auto& [kind, sizes] : by_kind) print(kind, sizes);
  print("all", all);
}

void ReportValues(benchmark::State& state, size_t values) {
  state.SetItemsProcessed(static_cast<int64_t>(values) * static_cast<int64_t>(state.iterations()));
  state.counters["ns/value"] = benchmark::Counter(
      static_cast<double>(values) * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

std::vector<Column> OfKind(const std::vector<Column>& columns, const std::string& kind) {
  std::vector<Column> chosen;
  for (const Column& column : columns) {
    if (kind == "all" || column.kind == kind) chosen.push_back(column);
  }
  return chosen;
}

void BenchEncode(benchmark::State& state, const std::vector<Column>& columns) {
  size_t values = 0;
  for (const Column& column : columns) values += column.values.size();
  std::string bytes;
  for (auto _ : state) {
    for (const Column& column : columns) {
      bytes.clear();
      codec::EncodeValues(column.values, Effort::kSmall, &bytes);
      benchmark::DoNotOptimize(bytes.data());
    }
  }
  ReportValues(state, values);
}

void BenchDecode(benchmark::State& state, const std::vector<Column>& columns) {
  size_t values = 0;
  std::vector<std::string> packed;
  for (const Column& column : columns) {
    values += column.values.size();
    packed.push_back(Encode(column.values, Effort::kSmall));
  }
  std::vector<double> decoded(codec::kColumnValuesMax);
  for (auto _ : state) {
    for (size_t i = 0; i < columns.size(); ++i) {
      NINES_CHECK(codec::DecodeValues(packed[i], static_cast<uint32_t>(columns[i].values.size()), decoded.data()));
      benchmark::DoNotOptimize(decoded.data());
    }
  }
  ReportValues(state, values);
}

void BenchEncodePieces(benchmark::State& state) {
  size_t values = 0;
  std::string bytes;
  for (auto _ : state) {
    values = 0;
    for (const Column& column : Fleet()) {
      for (size_t at = 0; at + kPieceValues <= column.values.size(); at += kPieceValues) {
        bytes.clear();
        codec::EncodeValues({column.values.data() + at, kPieceValues}, Effort::kFast, &bytes);
        benchmark::DoNotOptimize(bytes.data());
        values += kPieceValues;
      }
    }
  }
  ReportValues(state, values);
}

void BenchDecodePieces(benchmark::State& state) {
  std::vector<std::string> packed;
  for (const Column& column : Fleet()) {
    for (size_t at = 0; at + kPieceValues <= column.values.size(); at += kPieceValues) {
      codec::EncodeValues({column.values.data() + at, kPieceValues}, Effort::kFast, &packed.emplace_back());
    }
  }
  double decoded[kPieceValues];
  for (auto _ : state) {
    for (const std::string& bytes : packed) {
      NINES_CHECK(codec::DecodeValues(bytes, kPieceValues, decoded));
      benchmark::DoNotOptimize(decoded);
    }
  }
  ReportValues(state, packed.size() * kPieceValues);
}

void RegisterColumns(const std::string& name, const std::vector<Column>& columns,
                     const std::vector<std::string>& kinds) {
  for (const std::string& kind : kinds) {
    const std::vector<Column> chosen = OfKind(columns, kind);
    benchmark::RegisterBenchmark((name + "/encode/" + kind).c_str(),
                                 [chosen](benchmark::State& state) { BenchEncode(state, chosen); });
    benchmark::RegisterBenchmark((name + "/decode/" + kind).c_str(),
                                 [chosen](benchmark::State& state) { BenchDecode(state, chosen); });
  }
}

void ReadBitbrains(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path);
  Bitbrains() = BitbrainsColumns(path == "-" ? std::cin : file);
  if (Bitbrains().empty()) {
    std::fprintf(stderr, "codec_bench: %s: no rows of the Bitbrains trace\n", path.c_str());
    std::exit(1);
  }
}

}  // namespace
}  // namespace nines::bench

int main(int argc, char** argv) {
  using namespace nines::bench;
  bool sizes = false;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--sizes") {
      sizes = true;
    } else if (argument.starts_with("--values=")) {
      fleet_values = std::atoi(argument.c_str() + argument.find('=') + 1);
    } else if (argument.starts_with("--bitbrains=")) {
      ReadBitbrains(argument.substr(argument.find('=') + 1));
    } else {
      argv[kept++] = argv[i];
    }
  }
  if (sizes) {
    PrintSizes("fleet", Fleet());
    if (!Bitbrains().empty()) PrintSizes("bitbrains", Bitbrains());
    return 0;
  }
  RegisterColumns("fleet", Fleet(), {"all", "gauge", "pages", "counter", "bytes", "latency", "state", "constant"});
  if (!Bitbrains().empty()) RegisterColumns("bitbrains", Bitbrains(), {"all", "cpu_used_percent", "mem_used_mib"});
  benchmark::RegisterBenchmark("fleet/encode_fast/32", BenchEncodePieces);
  benchmark::RegisterBenchmark("fleet/decode_fast/32", BenchDecodePieces);
  benchmark::Initialize(&kept, argv);
  if (benchmark::ReportUnrecognizedArguments(kept, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
