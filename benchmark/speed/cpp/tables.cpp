// Everything of model_config.h that ends up in a firmware with the dense engine, and nothing else:
// its object file tells the size of the tables and of the network's own code.
#include "app_config.h"

extern const AppConfig* const config;
extern const DenseModel* const network;

const AppConfig* const config = &kAppConfig;
const DenseModel* const network = &model_config::kDenseModel;
