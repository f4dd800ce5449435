// Rankings by the pattern of an element's stored bits alone; all bits of one element share the score.
#include <algorithm>
#include <map>

#include "engine/rank/flip_table.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {
namespace {

uint32_t pattern_of(const Parameter& parameter, int64_t element) {
  auto code = static_cast<uint32_t>(parameter.codes[static_cast<size_t>(element)]);
  return parameter.format.bits == 32 ? code : code & ((uint32_t{1} << parameter.format.bits) - 1);
}

/// The elements of all parameters of one width, as a binary tree over their patterns: most significant bit at
/// the root, elements of one pattern at a leaf.
class PatternTree {
 public:
  explicit PatternTree(int bits) : bits_(bits), nodes_(1) {}

  void add(uint32_t pattern, uint32_t element) {
    size_t node = 0;
    ++nodes_[0].count;
    for (int bit = bits_ - 1; bit >= 0; --bit) {
      size_t& next = nodes_[node].next[pattern >> bit & 1];
      if (next == 0) {
        next = nodes_.size();
        size_t made = next;
        nodes_.emplace_back();  // `next` may dangle from here on
        node = made;
      } else {
        node = next;
      }
      ++nodes_[node].count;
    }
    if (nodes_[node].leaf == 0) {
      leaves_.emplace_back();
      nodes_[node].leaf = leaves_.size();
    }
    leaves_[nodes_[node].leaf - 1].elements.push_back(element);
  }

  /// Takes elements out round by round until none is left: those that the majority leads to.
  std::vector<uint32_t> take_all() {
    std::vector<uint32_t> taken;
    while (nodes_[0].count > 0) take_round(taken);
    return taken;
  }

 private:
  struct Node {
    size_t next[2] = {0, 0};  // 0: none; the root is nobody's child
    size_t leaf = 0;          // 1 + index, of a node without children
    uint64_t count = 0;       // elements below
  };
  struct Leaf {
    std::vector<uint32_t> elements;  // rising
    size_t begin = 0;                // those before are taken
  };

  uint64_t count_of(size_t node, int value) const {
    size_t next = nodes_[node].next[value];
    return next == 0 ? 0 : nodes_[next].count;
  }

  void take_round(std::vector<uint32_t>& taken) {
    std::vector<size_t> path = {0};
    uint64_t wanted = 0;
    for (int bit = bits_ - 1; bit >= 0; --bit) {
      uint64_t zeros = count_of(path.back(), 0), ones = count_of(path.back(), 1);
      wanted = std::min(zeros, ones) > 0 ? std::min(zeros, ones) : std::max(zeros, ones);
      path.push_back(nodes_[path.back()].next[ones > zeros ? 1 : 0]);
    }
    Leaf& leaf = leaves_[nodes_[path.back()].leaf - 1];
    for (size_t node : path) nodes_[node].count -= wanted;
    auto first = leaf.elements.begin() + static_cast<int64_t>(leaf.begin);
    taken.insert(taken.end(), first, first + static_cast<int64_t>(wanted));
    leaf.begin += wanted;
  }

  int bits_;
  std::vector<Node> nodes_;
  std::vector<Leaf> leaves_;
};

}  // namespace

const std::array<RankerOption, 2> kBitPatternOptions = {{kAscending, kNormalizeScore}};

RankedBits rank_diffbitperweight(const RankRequest& request) {
  std::vector<double> score(request.space.size());
  for_each_bit(request.space, [&](BitId id, const BitSpace::Segment& segment, int64_t element, int) {
    const Parameter& parameter = request.model.parameters()[static_cast<size_t>(segment.parameter)];
    uint32_t pattern = pattern_of(parameter, element);
    int magnitude_bits = segment.bits - (parameter.format.is_signed ? 1 : 0), changes = 0;
    for (int bit = 0; bit + 1 < magnitude_bits; ++bit) changes += (pattern >> bit ^ pattern >> (bit + 1)) & 1;
    score[id] = changes;
  });
  return order_scores(request, std::move(score));
}

RankedBits rank_recursive_uneven(const RankRequest& request) {
  FlipTable flips = flip_table(request.model, request.space);
  std::map<int, PatternTree> trees;  // by width
  for_each_bit(request.space, [&](BitId id, const BitSpace::Segment& segment, int64_t element, int bit) {
    if (bit != 0) return;
    const Parameter& parameter = request.model.parameters()[static_cast<size_t>(segment.parameter)];
    trees.try_emplace(segment.bits, segment.bits)
        .first->second.add(pattern_of(parameter, element), flips.element[id]);
  });
  std::vector<double> of_element(static_cast<size_t>(flips.num_elements));
  for (auto& [bits, tree] : trees) {
    std::vector<uint32_t> taken = tree.take_all();
    for (size_t place = 0; place < taken.size(); ++place)
      of_element[taken[place]] =
          static_cast<double>(taken.size() - place) / static_cast<double>(taken.size());
  }
  return order_scores(request, to_bits(flips, of_element));
}

}  // namespace netsurf
