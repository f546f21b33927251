// What libstdc++ and libatomic would bring; Debian has neither for bare-metal RISC-V.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// A virtual destructor names them; nothing in lib/ allocates, so nothing may delete.
void operator delete(void*) noexcept { std::abort(); }
void operator delete(void*, std::size_t) noexcept { std::abort(); }

// rv32imc has no atomic instructions, and GCC calls this instead. ESP-IDF masks interrupts in it;
// here there is one thread and no interrupt.
extern "C" uint32_t FetchAdd(volatile void* object, uint32_t value,
                             int order) __asm__("__atomic_fetch_add_4");
extern "C" uint32_t FetchAdd(volatile void* object, uint32_t value, int) {
  auto* number = static_cast<volatile uint32_t*>(object);
  const uint32_t before = *number;
  *number = before + value;
  return before;
}
