// Greedy first fit in several orders; then moves of the item that sticks out; then a search that is exact where it
// ends before its limit. Limits count steps, not time, so that builds repeat.
#include "passes/plan/pack.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

namespace thimble::compiler {

namespace {

constexpr int64_t move_steps = 400'000;      // items looked at while moving
constexpr int64_t search_steps = 1'000'000;  // items looked at while searching

bool meet(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].last < b[j].first)
      ++i;
    else if (b[j].last < a[i].first)
      ++j;
    else
      return true;
  }
  return false;
}

int64_t align_up(int64_t n, int64_t alignment) {
  return (n + alignment - 1) / alignment * alignment;
}

using Order = std::vector<int>;

class Packer {
 public:
  Packer(const std::vector<Item>& items, int64_t bound) : items_(items), bound_(bound), meets_(items.size()) {
    for (size_t i = 0; i < items.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (items[i].bytes > 0 && items[j].bytes > 0 && meet(items[i].live, items[j].live)) {
          meets_[i].push_back(int(j));
          meets_[j].push_back(int(i));
        }
    best_.bytes = std::numeric_limits<int64_t>::max();
  }

  Packing run() {
    for (const Order& order : orders()) {
      if (good_enough()) return best_;
      keep(first_fit(order), order);
    }
    if (!good_enough()) move_items();
    if (!good_enough()) search();
    return best_;
  }

 private:
  bool good_enough() const { return best_.bytes <= bound_; }

  void keep(Packing packing, const Order& order) {
    if (packing.bytes >= best_.bytes) return;
    best_ = std::move(packing);
    best_order_ = order;
  }

  int64_t life(int i) const {
    int64_t calls = 0;
    for (const Interval& interval : items_[size_t(i)].live) calls += interval.last - interval.first + 1;
    return calls;
  }

  // The largest first, the longest-lived first, by both, by what meets them, and in the order of first use.
  std::vector<Order> orders() const {
    const std::vector<std::function<double(int)>> keys = {
        [&](int i) { return -double(items_[size_t(i)].bytes); },
        [&](int i) { return -double(life(i)); },
        [&](int i) { return -double(items_[size_t(i)].bytes) * double(life(i)); },
        [&](int i) {
          double bytes = double(items_[size_t(i)].bytes);
          for (int j : meets_[size_t(i)]) bytes += double(items_[size_t(j)].bytes);
          return -bytes;
        },
        [&](int i) { return double(items_[size_t(i)].live.front().first); },
        [&](int i) { return -double(items_[size_t(i)].live.back().last); },
    };
    std::vector<Order> all;
    for (const auto& key : keys) {
      Order order(items_.size());
      std::iota(order.begin(), order.end(), 0);
      // Equals: the larger first, then the one used first.
      std::sort(order.begin(), order.end(), [&](int a, int b) {
        const Item &x = items_[size_t(a)], &y = items_[size_t(b)];
        return std::tuple(key(a), -x.bytes, x.live.front().first, a) <
               std::tuple(key(b), -y.bytes, y.live.front().first, b);
      });
      all.push_back(std::move(order));
    }
    return all;
  }

  // Places each item as low as those placed before it allow.
  Packing first_fit(const Order& order) {
    Packing packing{std::vector<int64_t>(items_.size(), -1), 0};
    std::vector<std::pair<int64_t, int64_t>> taken;
    for (int i : order) {
      const Item& item = items_[size_t(i)];
      taken.clear();
      for (int j : meets_[size_t(i)]) {
        const int64_t at = packing.offsets[size_t(j)];
        if (at >= 0) taken.emplace_back(at, at + items_[size_t(j)].bytes);
      }
      steps_ += 1 + int64_t(taken.size());
      std::sort(taken.begin(), taken.end());
      int64_t offset = 0;
      for (const auto& [from, to] : taken) {
        if (offset + item.bytes <= from) break;
        offset = std::max(offset, align_up(to, item.alignment));
      }
      packing.offsets[size_t(i)] = offset;
      packing.bytes = std::max(packing.bytes, offset + item.bytes);
    }
    return packing;
  }

  uint32_t random(uint32_t below) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_ % below;
  }

  // Takes an item that ends highest, places it earlier, and keeps the order when it is no worse.
  void move_items() {
    Order order = best_order_;
    Packing now = best_;
    for (steps_ = 0; steps_ < move_steps && !good_enough();) {
      Order highest;
      for (size_t p = 1; p < order.size(); ++p)
        if (now.offsets[size_t(order[p])] + items_[size_t(order[p])].bytes == now.bytes) highest.push_back(int(p));
      if (highest.empty()) return;
      const auto from = size_t(highest[random(uint32_t(highest.size()))]);
      Order next = order;
      const auto to = std::ptrdiff_t(random(uint32_t(from)));
      std::rotate(next.begin() + to, next.begin() + std::ptrdiff_t(from), next.begin() + std::ptrdiff_t(from) + 1);
      Packing packing = first_fit(next);
      steps_ += int64_t(order.size());
      if (packing.bytes > now.bytes) continue;
      keep(packing, next);
      order = std::move(next);
      now = std::move(packing);
    }
  }

  // Places items by ascending offset, each as low as it can lie; tries every item that leaves no room below itself
  // for another. Exact where it ends before the limit.
  void search() {
    offsets_.assign(items_.size(), -1);
    steps_ = 0;
    place_next(0, 0, 0);
  }

  int64_t lowest(int i, int64_t from) const {
    int64_t offset = from;
    for (int j : meets_[size_t(i)])
      if (offsets_[size_t(j)] >= 0) offset = std::max(offset, offsets_[size_t(j)] + items_[size_t(j)].bytes);
    return align_up(offset, items_[size_t(i)].alignment);
  }

  void place_next(size_t placed, int64_t from, int64_t top) {
    if (placed == items_.size()) {
      best_ = {offsets_, top};
      return;
    }
    std::vector<std::pair<int64_t, int>> candidates;  // offset, item
    int64_t room_ends = std::numeric_limits<int64_t>::max();
    for (int i = 0; i < int(items_.size()); ++i) {
      if (offsets_[size_t(i)] >= 0) continue;
      const int64_t offset = lowest(i, from);
      steps_ += 1 + int64_t(meets_[size_t(i)].size());
      if (offset + items_[size_t(i)].bytes >= best_.bytes) return;  // it can only rise
      if (items_[size_t(i)].bytes > 0) room_ends = std::min(room_ends, offset + items_[size_t(i)].bytes);
      candidates.emplace_back(offset, i);
    }
    std::sort(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
      return std::tuple(a.first, -items_[size_t(a.second)].bytes, a.second) <
             std::tuple(b.first, -items_[size_t(b.second)].bytes, b.second);
    });
    for (const auto& [offset, i] : candidates) {
      if (offset >= room_ends) break;
      if (good_enough() || steps_ > search_steps) return;
      offsets_[size_t(i)] = offset;
      place_next(placed + 1, offset, std::max(top, offset + items_[size_t(i)].bytes));
      offsets_[size_t(i)] = -1;
    }
  }

  const std::vector<Item>& items_;
  const int64_t bound_;
  std::vector<std::vector<int>> meets_;  // by item: those in use at the same time
  Packing best_;
  Order best_order_;
  std::vector<int64_t> offsets_;  // of the search: -1 where not placed yet
  int64_t steps_ = 0;
  uint32_t state_ = 2463534242u;
};

}  // namespace

Packing pack(const std::vector<Item>& items, int64_t bound) {
  if (items.empty()) return {};
  return Packer(items, bound).run();
}

}  // namespace thimble::compiler
