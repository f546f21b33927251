// --reconstruct: single vectors through the engine, to check it from outside.
#pragma once

namespace anomaly {

// One vector a line from standard input, its reconstruction to standard output: comma-separated, in
// the network's own units, or as an int8 model's raw values. An exit code, after a message on
// stderr where a line is not sound.
int Reconstruct(bool quantized);

}  // namespace anomaly
