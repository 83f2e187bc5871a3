// Packing against brute force, its bound, and that it repeats.
#include "passes/plan/pack.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <random>

using namespace thimble::compiler;

namespace {

bool meet(const Item& a, const Item& b) {
  for (const Interval& x : a.live)
    for (const Interval& y : b.live)
      if (x.first <= y.last && y.first <= x.last) return true;
  return false;
}

void check_legal(const std::vector<Item>& items, const Packing& packing, int64_t bound) {
  REQUIRE(packing.offsets.size() == items.size());
  int64_t end = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    CHECK(packing.offsets[i] >= 0);
    CHECK(packing.offsets[i] % items[i].alignment == 0);
    end = std::max(end, packing.offsets[i] + items[i].bytes);
    for (size_t j = 0; j < i; ++j) {
      if (!meet(items[i], items[j])) continue;
      CHECK((packing.offsets[i] + items[i].bytes <= packing.offsets[j] ||
             packing.offsets[j] + items[j].bytes <= packing.offsets[i] || items[i].bytes * items[j].bytes == 0));
    }
  }
  CHECK(packing.bytes == end);
  CHECK(packing.bytes >= bound);
}

// Any packing comes from placing its items by rising offset, each as low as it goes: the best of all orders is the
// best.
int64_t best_of_all_orders(const std::vector<Item>& items) {
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  int64_t best = INT64_MAX;
  do {
    std::vector<int64_t> offsets(items.size(), -1);
    int64_t end = 0;
    for (size_t i : order) {
      int64_t at = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (size_t j = 0; j < items.size(); ++j) {
          if (offsets[j] < 0 || !meet(items[i], items[j])) continue;
          if (at + items[i].bytes <= offsets[j] || offsets[j] + items[j].bytes <= at) continue;
          at = (offsets[j] + items[j].bytes + items[i].alignment - 1) / items[i].alignment * items[i].alignment;
          moved = true;
        }
      }
      offsets[i] = at;
      end = std::max(end, at + items[i].bytes);
    }
    best = std::min(best, end);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

std::vector<Item> random_items(std::mt19937& random, int count, int calls, int largest) {
  const auto pick = [&](int below) { return int(random() % unsigned(below)); };
  std::vector<Item> items;
  for (int i = 0; i < count; ++i) {
    Item item;
    item.bytes = 1 + pick(largest);
    item.alignment = pick(4) == 0 ? 4 : 1;
    const int first = pick(calls), last = std::min(first + pick(calls / 2 + 1), calls - 1);
    item.live = {{first, last}};
    if (pick(5) == 0 && last + 2 < calls) item.live.push_back({last + 2, last + 2 + pick(calls - last - 2)});
    items.push_back(item);
  }
  return items;
}

}  // namespace

TEST_CASE("pack: as good as the best of all orders, up to six items") {
  std::mt19937 random(1);
  int above_bound = 0;
  for (int round = 0; round < 600; ++round) {
    const std::vector<Item> items = random_items(random, 1 + round % 6, 3 + round % 7, 12);
    const int64_t bound = live_peak(items, 1).bytes;
    const Packing packing = pack(items, bound);
    INFO("round " << round);
    check_legal(items, packing, bound);
    const int64_t best = best_of_all_orders(items);
    CHECK(packing.bytes == best);
    above_bound += best > bound;
  }
  CHECK(above_bound > 10);  // where the bound cannot be met, the search must end by itself
}

TEST_CASE("pack: two hundred items, legal, close to the bound, and the same again") {
  std::mt19937 random(2);
  double gap = 0;
  for (int round = 0; round < 5; ++round) {
    const std::vector<Item> items = random_items(random, 200, 120, 1000);
    const int64_t bound = live_peak(items, 1).bytes;
    const Packing packing = pack(items, bound);
    check_legal(items, packing, bound);
    CHECK(pack(items, bound).offsets == packing.offsets);
    gap = std::max(gap, double(packing.bytes) / double(bound));
  }
  INFO("largest over bound: " << gap);
  CHECK(gap < 1.15);
}

TEST_CASE("pack: nothing to place, and items without bytes") {
  CHECK(pack({}, 0).bytes == 0);
  Item empty;
  empty.live = {{0, 3}};
  Item full = empty;
  full.bytes = 5;
  const Packing packing = pack({empty, full, empty, full}, 10);
  CHECK(packing.bytes == 10);
}

TEST_CASE("pack: the fragmentation that greedy orders run into") {
  // Largest first puts both items of 5 bytes at the bottom, and those of 4 above them, where they do not fit together.
  const auto item = [](int64_t bytes, int first, int last) {
    Item i;
    i.bytes = bytes;
    i.live = {{first, last}};
    return i;
  };
  const std::vector<Item> items = {item(5, 0, 1), item(4, 0, 3), item(4, 2, 5), item(5, 4, 5), item(1, 2, 3)};
  CHECK(live_peak(items, 1).bytes == 9);
  CHECK(pack(items, 9).bytes == 9);
}

TEST_CASE("live peak: where the most bytes meet, rounded up to the alignment") {
  const auto item = [](int64_t bytes, int first, int last) {
    Item i;
    i.bytes = bytes;
    i.live = {{first, last}};
    return i;
  };
  const std::vector<Item> items = {item(5, -1, 0), item(6, 0, 2), item(7, 2, 3)};
  CHECK(live_peak(items, 1).bytes == 13);
  CHECK(live_peak(items, 1).call == 2);
  CHECK(live_peak(items, 4).bytes == 16);
  CHECK(live_peak({}, 4).bytes == 0);
}
