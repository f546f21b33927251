// The serial line that the command line asks for.
#pragma once

#include <memory>

#include "SerialPort.h"
#include "native_options.h"

namespace anomaly {

// kExitOk with `*port` set (nullptr: only standard output), or an exit code after a message.
// `speed` 0: nothing paces the run.
int OpenPort(const Options& options, double speed, std::unique_ptr<SerialPort>* port);

}  // namespace anomaly
