#include "SamplePacker.h"

namespace anomaly {

namespace {

int16_t Packed(float counts) {
  if (!(counts > -32768.0f)) return INT16_MIN;
  if (counts >= 32767.0f) return INT16_MAX;
  return static_cast<int16_t>(counts < 0.0f ? counts - 0.5f : counts + 0.5f);
}

}  // namespace

SamplePacker::SamplePacker(const PackingConfig* config, Exchange& exchange)
    : config_(config), exchange_(exchange) {
  if (config == nullptr) return;
  for (int32_t i = 0; i < config->channels; ++i) counts_[i] = 1.0f / config->scales[i];
}

void SamplePacker::Add(const float* sample, uint32_t sequence, int64_t micros) {
  if (sequence != next_) End();
  if (filled_ == 0) {
    block_ = exchange_.blocks.Room();
    if (block_ != nullptr) {
      block_->sequence = sequence;
      block_->micros = micros;
    }
  }
  if (block_ != nullptr) {
    int16_t* const values = block_->values + filled_ * config_->channels;
    for (int32_t i = 0; i < config_->channels; ++i) values[i] = Packed(sample[i] * counts_[i]);
  }
  next_ = sequence + 1;
  if (++filled_ == config_->block_samples()) End();
}

void SamplePacker::End() {
  if (filled_ == 0) return;
  if (block_ == nullptr) {
    Count(exchange_.dropped);
  } else {
    block_->samples = filled_;
    exchange_.blocks.Send();
  }
  filled_ = 0;
}

}  // namespace anomaly
