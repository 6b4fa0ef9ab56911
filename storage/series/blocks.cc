#include "storage/series/blocks.h"

namespace nines::series {

Blocks::Place Blocks::PlaceOf(uint32_t block) {
  const SeriesClass series_class = ClassOfBlock(block);
  return {series_class, block - BlockOf(FirstIdOf(series_class))};
}

std::shared_ptr<Block> Blocks::Find(uint32_t block) const {
  const Place place = PlaceOf(block);
  MutexLock lock(mutex_);
  const auto& blocks = blocks_[static_cast<size_t>(place.series_class)];
  return place.index < blocks.size() ? blocks[place.index] : nullptr;
}

std::shared_ptr<Block> Blocks::Grow(uint32_t block) {
  const Place place = PlaceOf(block);
  MutexLock lock(mutex_);
  auto& blocks = blocks_[static_cast<size_t>(place.series_class)];
  if (place.index >= blocks.size()) blocks.resize(place.index + 1);
  if (blocks[place.index] == nullptr) blocks[place.index] = std::make_shared<Block>();
  return blocks[place.index];
}

void Blocks::Remove(uint32_t block) {
  const Place place = PlaceOf(block);
  MutexLock lock(mutex_);
  auto& blocks = blocks_[static_cast<size_t>(place.series_class)];
  if (place.index < blocks.size()) blocks[place.index] = nullptr;
}

std::vector<uint32_t> Blocks::Numbers() const {
  std::vector<uint32_t> numbers;
  MutexLock lock(mutex_);
  for (int i = 0; i < kSeriesClassCount; ++i) {
    const uint32_t first = BlockOf(FirstIdOf(static_cast<SeriesClass>(i)));
    for (size_t index = 0; index < blocks_[i].size(); ++index) {
      if (blocks_[i][index] != nullptr) numbers.push_back(first + static_cast<uint32_t>(index));
    }
  }
  return numbers;
}

}  // namespace nines::series
