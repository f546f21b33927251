// Takes the place of the host's file of this name, which belongs to glibc: run.py borrows the
// host's C++ headers, because Debian has none for bare-metal RISC-V.
#pragma once
