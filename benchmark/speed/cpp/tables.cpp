// Everything of model_config.h that ends up in a firmware with the dense engine, and nothing else:
// its object file tells the size of the tables and of the network's own code.
#include "app_config.h"

using namespace anomaly;

extern const ModelConfig* const config;
extern const DenseModel* const network;

const ModelConfig* const config = &model_config::kConfig;
const DenseModel* const network = &model_config::kDenseModel;
