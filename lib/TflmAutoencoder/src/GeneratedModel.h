// The model of include/ as TflmAutoencoder takes it.
#pragma once

#include "TflmAutoencoder.h"
#include "model_config.h"
#include "model_data.h"

namespace anomaly {

inline constexpr TflmModel kGeneratedModel = {
    autoencoder_model_data,          autoencoder_model_data_len,       autoencoder_model_data_crc32,
    model_config::kSchemaVersion,    model_config::kFeatureCount,      model_config::kQuantized,
    model_config::kDenseModel.input, model_config::kDenseModel.output, model_config::kArenaNeed,
};

using GeneratedOperators = tflite::MicroMutableOpResolver<model_config::kOperatorCount>;

}  // namespace anomaly
