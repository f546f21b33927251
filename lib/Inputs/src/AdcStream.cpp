#include "AdcStream.h"

#include "Transfer.h"

namespace anomaly {

namespace {

constexpr uint32_t kCountMask = 0xFFF;

int ChannelShift(AdcLayout layout) { return layout == AdcLayout::kSwappedPairs ? 12 : 13; }

}  // namespace

float VoltageCurve::At(float count) const {
  const float place = count / static_cast<float>(kStep);
  int point = place > 0.0f ? static_cast<int>(place) : 0;
  if (point > kPoints - 2) point = kPoints - 2;
  return volts[point] + (place - static_cast<float>(point)) * (volts[point + 1] - volts[point]);
}

AdcStream::AdcStream(const AnalogConfig& config, const VoltageCurve& curve, AdcLayout layout,
                     uint8_t adc_channel, uint8_t channel_bits)
    : config_(config),
      curve_(curve),
      layout_(layout),
      channel_(adc_channel),
      channel_mask_((1u << channel_bits) - 1) {}

uint32_t AdcStream::Word(const uint8_t* bytes, size_t index) const {
  if (layout_ == AdcLayout::kSwappedPairs) {
    const uint8_t* const at = bytes + 2 * (index ^ 1);
    return at[0] | static_cast<uint32_t>(at[1]) << 8;
  }
  const uint8_t* const at = bytes + 4 * index;
  return at[0] | static_cast<uint32_t>(at[1]) << 8 | static_cast<uint32_t>(at[2]) << 16;
}

int AdcStream::Take(const uint8_t* bytes, size_t size, float* samples) {
  const size_t words = size / BytesOf(layout_) & ~size_t{1};
  const uint32_t per_sample = config_.oversampling;
  uint32_t low = UINT32_MAX;
  uint32_t high = 0;
  int made = 0;
  for (size_t i = 0; i < words; ++i) {
    const uint32_t word = Word(bytes, i);
    if ((word >> ChannelShift(layout_) & channel_mask_) != channel_) continue;
    const uint32_t count = word & kCountMask;
    if (count < low) low = count;
    if (count > high) high = count;
    sum_ += count;
    if (++count_ < per_sample) continue;
    const float mean = static_cast<float>(sum_) / static_cast<float>(per_sample);
    samples[made++] = VoltsToUnit(config_.channels[0], curve_.At(mean));
    Reset();
  }
  fault_ = Fault::kNone;
  if (low != high) return made;
  // An input that lives has noise of a count or more.
  fault_ = RailFault(config_, static_cast<float>(low));
  if (fault_ == Fault::kNone) fault_ = Fault::kStuck;
  return made;
}

}  // namespace anomaly
