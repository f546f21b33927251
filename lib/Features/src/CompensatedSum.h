#pragma once

namespace anomaly {

// A sum that loses nothing to rounding (W. Kahan, "Further remarks on reducing truncation errors",
// 1965): a float32 mean with a long time constant otherwise stalls where its step is less than its
// last bit.
class CompensatedSum {
 public:
  void Set(float value) {
    sum_ = value;
    carry_ = 0.0f;
  }
  void Add(float step) {
    const float exact = step + carry_;
    const float sum = sum_ + exact;
    carry_ = exact - (sum - sum_);
    sum_ = sum;
  }
  float value() const { return sum_; }
  // value() - other.value() and x - value(), with the carries.
  float Minus(const CompensatedSum& other) const {
    return (sum_ - other.sum_) + (carry_ - other.carry_);
  }
  float SubtractedFrom(float x) const { return (x - sum_) - carry_; }

 private:
  float sum_ = 0.0f;
  float carry_ = 0.0f;
};

}  // namespace anomaly
