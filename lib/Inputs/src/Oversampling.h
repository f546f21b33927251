// Several conversions of an ADC for one sample: their mean, or a median of means. For the latter
// the conversions are four groups, one after the other, and of the groups' means the middle two
// count: what a radio of the board does to a few conversions in a row stays out. Its noise is 9 %
// more than the mean's. (Lugosi and Mendelson 2019, "Mean estimation and regression under
// heavy-tailed distributions", section 2.1.)
#pragma once

#include <algorithm>
#include <cstdint>

namespace anomaly {

class Oversampling {
 public:
  static constexpr int kGroups = 4;

  // Of so many conversions, 1 or more; fewer than two a group have no median.
  Oversampling(int conversions, bool median)
      : conversions_(conversions), groups_(median && conversions >= 2 * kGroups ? kGroups : 1) {}

  void Add(int32_t value) {
    const int group = count_ * groups_ / conversions_;
    sums_[group] += value;
    ++counts_[group];
    ++count_;
  }

  // After all of them.
  float Mean() const {
    float means[kGroups];
    for (int i = 0; i < groups_; ++i) {
      means[i] = static_cast<float>(sums_[i]) / static_cast<float>(counts_[i]);
    }
    if (groups_ == 1) return means[0];
    std::sort(means, means + kGroups);
    return 0.5f * (means[1] + means[2]);
  }

 private:
  int conversions_;
  int groups_;
  int count_ = 0;
  int32_t sums_[kGroups] = {};
  int32_t counts_[kGroups] = {};
};

}  // namespace anomaly
