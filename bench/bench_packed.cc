// The packed kernels on one thread, level by level: GMAC/s of sums, finished to 8-bit codes, for dense layers
// and for a convolution, corrections/s, and updates of whole tiles. Sums are judged by a mark measured just
// before them: the level's instructions on registers alone (bench/packed_marks.h), which no layer can pass
// but where whole rows fit 16-bit sums.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/packed_marks.h"

namespace netsurf::cpu {
namespace {

struct Free {
  void operator()(uint8_t* memory) const { std::free(memory); }
};
using Lines = std::unique_ptr<uint8_t, Free>;

/// Bytes in [low, high], on a 64-byte line.
Lines make_lines(int64_t size, int low, int high) {
  size = (size + 63) / 64 * 64;
  Lines lines(static_cast<uint8_t*>(std::aligned_alloc(64, static_cast<size_t>(size))));
  for (int64_t i = 0; i < size; ++i) {
    uint32_t random = static_cast<uint32_t>(i) * 2654435761u >> 16;
    lines.get()[i] =
        static_cast<uint8_t>(low + static_cast<int>(random % static_cast<uint32_t>(high - low + 1)));
  }
  return lines;
}

/// A layer of 8-bit codes and some tiles.
class Bench {
 public:
  static Bench dense(int inputs, int outputs) {
    Bench bench;
    bench.x_words_ = inputs / 4;
    bench.pixels_ = {0};
    bench.runs_ = {{0, 0, inputs / 4}};
    bench.outputs_ = outputs;
    return bench;
  }
  /// 3 x 3 without a border.
  static Bench conv(int size, int inputs, int outputs) {
    Bench bench;
    int words = inputs / 4;
    bench.x_words_ = size * size * words;
    for (int y = 0; y + 3 <= size; ++y) {
      for (int x = 0; x + 3 <= size; ++x) bench.pixels_.push_back((y * size + x) * words);
    }
    for (int i = 0; i < 3; ++i) bench.runs_.push_back({i * size * words, i * 3 * words, 3 * words});
    bench.outputs_ = outputs;
    return bench;
  }

  /// Fills in everything else; not to be moved from here on.
  void prepare(int32_t max_operand, int num_tiles, int32_t max_code = 255) {
    for (const Run& run : runs_) layer.row_words += run.length;
    layer.pixels = pixels_;
    layer.runs = runs_;
    layer.chunk_words = runs_[0].length % 12 == 0 ? 12 : 14;
    layer.num_outputs = outputs_;
    layer.max_operand = max_operand;
    layer.max_code = max_code;
    for (size_t p = 0; p < pixels_.size(); ++p) out_words_.push_back(static_cast<int32_t>(p) * outputs_ / 4);
    finish_ = {.in_high = 1 << 20, .right_shift = 9, .high = 255, .out_words = out_words_};
    layer.finish = &finish_;
    weights_ = make_lines(int64_t{outputs_} * layer.row_words * 4, 1 - max_operand, max_operand - 1);
    start_.assign(static_cast<size_t>(outputs_), 77);
    for (int q = 0; q < outputs_ / kQuad; ++q)
      quads.push_back({q,
                       reinterpret_cast<int8_t*>(weights_.get()) + int64_t{q} * kQuad * layer.row_words * 4,
                       start_.data() + q * kQuad});
    for (int t = 0; t < num_tiles; ++t) {
      memory_.push_back(make_lines(int64_t{x_words_ + kSlackWords} * kWordBytes, 0, max_code));
      uint8_t* x = memory_.back().get();
      memory_.push_back(make_lines(int64_t{x_words_ + kSlackWords} * kWordBytes, 0, max_code));
      uint8_t* clean_x = memory_.back().get();
      for (int64_t i = 0; i < kWordBytes; i += 4) clean_x[i] = static_cast<uint8_t>(max_code - x[i]);
      memory_.push_back(make_lines(packed_bytes(), 0, 255));
      uint8_t* packed = memory_.back().get();
      memory_.push_back(make_lines(4 * packed_bytes(), 0, 255));
      auto* clean_sums = reinterpret_cast<int32_t*>(memory_.back().get());
      memory_.push_back(make_lines(packed_bytes(), 0, 255));
      tiles.push_back({.x = x,
                       .packed = packed,
                       .clean_sums = clean_sums,
                       .clean_x = clean_x,
                       .clean_packed = memory_.back().get()});
    }
  }

  /// From here on the sums are the result.
  void store_sums() {
    layer.finish = nullptr;
    for (TileJob& tile : tiles) {
      memory_.push_back(make_lines(4 * packed_bytes(), 0, 255));
      tile.sums = reinterpret_cast<int32_t*>(memory_.back().get());
      tile.packed = nullptr;
    }
  }

  /// Whether a level gives the codes that the portable one gives.
  bool agrees(const PackedKernels& kernels) {
    find_kernels(Isa::portable)->sums(layer, quads, tiles);
    std::vector<TileJob> again = tiles;
    std::vector<Lines> copies;
    for (TileJob& tile : again) {
      copies.push_back(make_lines(packed_bytes(), 0, 255));
      tile.packed = copies.back().get();
    }
    kernels.sums(layer, quads, again);
    for (size_t t = 0; t < tiles.size(); ++t) {
      if (std::memcmp(tiles[t].packed, again[t].packed, static_cast<size_t>(packed_bytes())) != 0)
        return false;
    }
    return true;
  }

  double macs() const {
    return static_cast<double>(pixels_.size() * tiles.size()) * outputs_ * layer.row_words * 4 * kTile;
  }

  PackedSums layer;
  std::vector<QuadJob> quads;
  std::vector<TileJob> tiles;

 private:
  int64_t packed_bytes() const { return static_cast<int64_t>(pixels_.size()) * outputs_ * kTile; }

  int x_words_ = 0, outputs_ = 0;
  std::vector<int32_t> pixels_, out_words_, start_;
  std::vector<Run> runs_;
  Finish finish_;
  Lines weights_;
  std::vector<Lines> memory_;
};

void run_sums(benchmark::State& state, Isa isa, Bench bench, int32_t max_code = 255) {
  const PackedKernels* kernels = find_kernels(isa);
  if (kernels == nullptr) {
    state.SkipWithError("this machine lacks it");
    return;
  }
  bench.prepare(static_cast<int32_t>(state.range(0)), static_cast<int>(state.range(1)), max_code);
  if (!bench.agrees(*kernels)) {
    state.SkipWithError("other codes than the portable level");
    return;
  }
  double mark = mark_of(isa, bench.layer.max_operand);
  for (auto _ : state) kernels->sums(bench.layer, bench.quads, bench.tiles);
  double macs = bench.macs() * static_cast<double>(state.iterations());
  state.counters["GMAC/s"] = benchmark::Counter(macs / 1e9, benchmark::Counter::kIsRate);
  state.counters["mark"] = mark / 1e9;
  if (mark > 0) state.counters["%"] = benchmark::Counter(100 * macs / mark, benchmark::Counter::kIsRate);
}

/// range(0) corrections of every channel, each by one flip: other words for each channel, in order.
void run_corrections(benchmark::State& state, Isa isa, Bench bench) {
  const PackedKernels* kernels = find_kernels(isa);
  if (kernels == nullptr) {
    state.SkipWithError("this machine lacks it");
    return;
  }
  bench.prepare(32, static_cast<int>(state.range(1)));
  auto count = static_cast<size_t>(state.range(0)),
       num_channels = static_cast<size_t>(bench.layer.num_outputs);
  std::vector<int32_t> words;
  for (const Run& run : bench.layer.runs) {
    for (int i = 0; i < run.length; ++i) words.push_back(run.x + i);
  }
  std::vector<Correction> corrections;
  std::vector<ChannelJob> channels;
  corrections.reserve(num_channels * count);
  for (size_t c = 0; c < num_channels; ++c) {
    for (size_t i = 0; i < count; ++i) {
      uint32_t random = static_cast<uint32_t>(corrections.size()) * 2654435761u;
      size_t first = words.size() * i / count, end = words.size() * (i + 1) / count;
      size_t word = first + (random >> 8) % std::max<size_t>(end - first, 1);
      uint32_t flip = 1u << (random >> 29) % 6,
               difference = (random >> 28) % 2 == 0 ? flip : (0 - flip) & 0xFF;
      corrections.push_back({words[word], static_cast<int32_t>(difference << 8 * ((random >> 26) % 4))});
    }
    std::span<const Correction> own = std::span(corrections).last(count);
    channels.push_back({static_cast<int32_t>(c), 3, own.data(), nullptr, static_cast<int32_t>(count),
                        parts_that_fit(own, bench.layer.max_code)});
  }
  for (auto _ : state) kernels->correct(bench.layer, channels, bench.tiles);
  double done =
      static_cast<double>(state.iterations()) * static_cast<double>(num_channels * bench.tiles.size());
  state.counters["channels/s"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["corrections/s"] =
      benchmark::Counter(done * static_cast<double>(count), benchmark::Counter::kIsRate);
}

/// Of tiles whose first channel differs from the clean one in every sample, and nothing else; finished, or to
/// sums as a last layer has them.
void run_update(benchmark::State& state, Isa isa, Bench bench, bool finishes) {
  const PackedKernels* kernels = find_kernels(isa);
  if (kernels == nullptr) {
    state.SkipWithError("this machine lacks it");
    return;
  }
  bench.prepare(128, static_cast<int>(state.range(0)));
  if (!finishes) bench.store_sums();
  const Run first{0, 0, 1};
  for (auto _ : state) kernels->update(bench.layer, bench.quads, {&first, 1}, bench.tiles);
  state.counters["tiles/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(bench.tiles.size()),
                         benchmark::Counter::kIsRate);
}

const bool kRegistered = [] {
  for (int i = 0; i < kNumIsas; ++i) {
    Isa isa = static_cast<Isa>(i);
    std::string name = "packed/" + std::string(name_of(isa));
    struct {
      const char* name;
      Bench (*make)();
    } layers[] = {{"dense_784x64", [] { return Bench::dense(784, 64); }},
                  {"dense_16x64", [] { return Bench::dense(16, 64); }},
                  {"conv3x3_13x13x16x32", [] { return Bench::conv(13, 16, 32); }},
                  {"dense_64x64", [] { return Bench::dense(64, 64); }}};
    for (auto& each : layers) {
      auto make = each.make;
      auto* sums =
          benchmark::RegisterBenchmark((name + "/sums/" + each.name).c_str(),
                                       [=](benchmark::State& state) { run_sums(state, isa, make()); });
      sums->ArgsProduct({{128, 64, 32}, {1, 4}})->ArgNames({"max_operand", "tiles"});
      auto* correct =
          benchmark::RegisterBenchmark((name + "/correct/" + each.name).c_str(),
                                       [=](benchmark::State& state) { run_corrections(state, isa, make()); });
      correct->ArgsProduct({{1, 10, 40}, {1, 7}})->ArgNames({"corrections", "tiles"});
    }
    // Hidden layers: codes of 6 bits, and operands of 6 bits of which few are large, as half as large ones
    // are.
    for (auto& each : {layers[2], layers[3]}) {
      auto make = each.make;
      auto* sums =
          benchmark::RegisterBenchmark((name + "/sums_6bits/" + each.name).c_str(),
                                       [=](benchmark::State& state) { run_sums(state, isa, make(), 63); });
      sums->ArgsProduct({{16}, {1, 4}})->ArgNames({"max_operand", "tiles"});
    }
    for (bool finishes : {true, false}) {
      auto* update = benchmark::RegisterBenchmark(
          (name + "/update/dense_64x12" + (finishes ? "" : "/sums")).c_str(),
          [=](benchmark::State& state) { run_update(state, isa, Bench::dense(64, 12), finishes); });
      update->Arg(1)->Arg(7)->ArgName("tiles");
    }
  }
  return true;
}();

}  // namespace
}  // namespace netsurf::cpu
