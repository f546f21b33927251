// The headers of TensorFlow Lite for Microcontrollers, kept out of our own warnings.
#pragma once

// It changes the layout of TfLiteTensor: the interpreter's own sources are compiled with it.
#if !defined(TF_LITE_STATIC_MEMORY)
#error "compile with -D TF_LITE_STATIC_MEMORY, as the component esp-tflite-micro does"
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wdouble-promotion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"
#include "tensorflow/lite/schema/schema_utils.h"

#pragma GCC diagnostic pop
