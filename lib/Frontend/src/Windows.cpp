// What a Framer does with the windows of a frame.
#include <cmath>

#include "Framer.h"

namespace anomaly {

namespace {
constexpr float kLeastPower = kLeastAmplitude * kLeastAmplitude;
constexpr float kDegrees = 57.29578f;
}  // namespace

// One row of columns, of the last samples.
void Framer::TakeWindow() {
  const WindowsConfig& windows = *config_.windows;
  float* const row = columns_ + next_window_ * windows.count;
  next_window_ = next_window_ + 1 < windows.per_frame ? next_window_ + 1 : 0;
  int moments_of = -1;
  int spectrum_of = -1;
  Moments moments = {};
  for (int32_t i = 0; i < windows.count; ++i) {
    const WindowColumn& column = windows.columns[i];
    if (column.moment != nullptr) {
      if (moments_of != column.channel) moments = MomentsOfLast(windows.size, column.channel);
      moments_of = column.channel;
      row[i] = moments.*column.moment;
    } else {
      if (spectrum_of != column.channel) Transform(column.channel);
      spectrum_of = column.channel;
      row[i] = FromSpectrum(column.filter);
    }
  }
}

// The power of the bins, of a channel or of all of them, without each one's mean.
void Framer::Transform(uint8_t channel) {
  const WindowsConfig& windows = *config_.windows;
  float* const power = work_ + windows.size;
  for (int32_t k = 0; k <= windows.size / 2; ++k) power[k] = 0.0f;
  const int32_t first = channel == kVector ? 0 : channel;
  const int32_t last = channel == kVector ? config_.channels - 1 : channel;
  for (int32_t axis = first; axis <= last; ++axis) {
    const RingChannel samples = Last(windows.size, axis);
    // As in MomentsOf: what is left of a large level would fill the lowest lines.
    const float around = samples[0] + MeanFrom(samples, samples[0]);
    const float centre = MeanFrom(samples, around);
    for (int32_t i = 0; i < windows.size; ++i) {
      work_[i] = (samples[i] - around - centre) * windows.shape[i];
    }
    fft_->AddPower(work_, windows.size, power);
  }
}

float Framer::FromSpectrum(int32_t filter) const {
  const WindowsConfig& windows = *config_.windows;
  const float* const power = work_ + windows.size;
  if (filter < 0) {
    float sum = 0.0f;
    float weighed = 0.0f;
    for (int32_t k = 1; k <= windows.size / 2; ++k) {
      sum += power[k];
      weighed += power[k] * static_cast<float>(k);
    }
    const float bin_hz = config_.sample_rate_hz / static_cast<float>(windows.size);
    return sum > 0.0f ? bin_hz * weighed / sum : 0.0f;
  }
  const BinFilter& part = windows.filters[filter];
  float sum = 0.0f;
  for (int32_t i = 0; i < part.count; ++i) {
    const float weight = part.weights == nullptr ? 1.0f : part.weights[i];
    sum += power[part.first + i] * weight;
  }
  return std::log10(std::fmax(sum * part.scale, kLeastPower));
}

float Framer::FromWindows(const FrameValueSpec& spec) const {
  const WindowsConfig& windows = *config_.windows;
  const float* const column = columns_ + spec.column;
  float result = 0.0f;
  if (spec.take == Take::kWeighted) {
    for (int32_t i = 0; i < spec.columns; ++i) {
      result += spec.weights[i] * Mean(spec.column + i);
    }
    return result;
  }
  if (spec.take == Take::kMax) {
    result = column[0];
    for (int32_t i = 1; i < windows.per_frame; ++i) {
      result = std::fmax(result, column[i * windows.count]);
    }
    return result;
  }
  const float mean = Mean(spec.column);
  if (spec.take == Take::kMean) return mean;
  for (int32_t i = 0; i < windows.per_frame; ++i) {
    const float d = column[i * windows.count] - mean;
    result += d * d;
  }
  return std::sqrt(result / static_cast<float>(windows.per_frame));
}

float Framer::Mean(int32_t column) const {
  const WindowsConfig& windows = *config_.windows;
  const float* const values = columns_ + column;
  const float around = values[0];
  float sum = 0.0f;
  for (int32_t i = 1; i < windows.per_frame; ++i) sum += values[i * windows.count] - around;
  return around + sum / static_cast<float>(windows.per_frame);
}

float Framer::Tilt() const {
  const int32_t half = config_.samples / 2;
  float means[2][kMaxChannels];
  float lengths[2];
  for (int side = 0; side < 2; ++side) {
    float squares = 0.0f;
    for (int32_t axis = 0; axis < config_.channels; ++axis) {
      RingChannel samples = Last(side == 0 ? config_.samples : half, axis);
      samples.count = half;
      means[side][axis] = samples[0] + MeanFrom(samples, samples[0]);
      squares += means[side][axis] * means[side][axis];
    }
    lengths[side] = std::sqrt(squares);
  }
  if (!(lengths[0] > 0.0f && lengths[1] > 0.0f)) return 0.0f;
  // Between unit vectors, so that a small angle keeps its digits (W. Kahan, 2006).
  float apart = 0.0f;
  float together = 0.0f;
  for (int32_t axis = 0; axis < config_.channels; ++axis) {
    const float a = means[0][axis] / lengths[0];
    const float b = means[1][axis] / lengths[1];
    apart += (a - b) * (a - b);
    together += (a + b) * (a + b);
  }
  return 2.0f * kDegrees * std::atan2(std::sqrt(apart), std::sqrt(together));
}

}  // namespace anomaly
