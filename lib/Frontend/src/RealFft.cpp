#include "RealFft.h"

#include <utility>

namespace anomaly {

namespace {

struct Complex {
  float re;
  float im;
};

// Complex numbers that lie in pairs.
class Pairs {
 public:
  explicit Pairs(float* values) : values_(values) {}
  Complex operator[](int32_t i) const { return {values_[2 * i], values_[2 * i + 1]}; }
  void Set(int32_t i, Complex z) {
    values_[2 * i] = z.re;
    values_[2 * i + 1] = z.im;
  }

 private:
  float* values_;
};

void ReverseBits(Pairs z, int32_t count) {
  for (int32_t i = 1, j = 0; i < count; ++i) {
    int32_t bit = count >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const Complex swapped = z[i];
    z.Set(i, z[j]);
    z.Set(j, swapped);
  }
}

}  // namespace

void PlainFft::AddPower(float* samples, int32_t size, float* power) {
  Pairs z(samples);
  const int32_t half = size / 2;
  ReverseBits(z, half);
  for (int32_t span = 1; span < half; span *= 2) {
    const int32_t stride = half / span;  // of the turns, which are those of twice the length
    for (int32_t k = 0; k < span; ++k) {
      const float cosine = turns_[2 * k * stride];
      const float sine = turns_[2 * k * stride + 1];
      for (int32_t i = k; i < half; i += 2 * span) {
        const Complex a = z[i];
        const Complex b = z[i + span];
        const Complex turned = {b.re * cosine + b.im * sine, b.im * cosine - b.re * sine};
        z.Set(i, {a.re + turned.re, a.im + turned.im});
        z.Set(i + span, {a.re - turned.re, a.im - turned.im});
      }
    }
  }
  AddPowerOfPairs(samples, size, turns_, power);
}

void AddPowerOfPairs(const float* samples, int32_t size, const float* turns, float* power) {
  const int32_t half = size / 2;
  const auto z = [samples](int32_t i) { return Complex{samples[2 * i], samples[2 * i + 1]}; };
  const Complex first = z(0);
  power[0] += (first.re + first.im) * (first.re + first.im);
  power[half] += (first.re - first.im) * (first.re - first.im);
  for (int32_t k = 1; k < half; ++k) {
    const Complex a = z(k);
    const Complex b = z(half - k);
    // The even samples gave (a + conj b) / 2, the odd ones (a - conj b) / 2i.
    const Complex even = {0.5f * (a.re + b.re), 0.5f * (a.im - b.im)};
    const Complex odd = {0.5f * (a.im + b.im), 0.5f * (b.re - a.re)};
    const float cosine = turns[2 * k];
    const float sine = turns[2 * k + 1];
    const float re = even.re + odd.re * cosine + odd.im * sine;
    const float im = even.im + odd.im * cosine - odd.re * sine;
    power[k] += re * re + im * im;
  }
}

}  // namespace anomaly
