// Makes heap allocation fail where a test forbids it, and counts the attempts. For one file of a
// program. glibc and AddressSanitizer see every allocation (the latter counts them only), other
// systems those of operator new.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace heap_guard {

inline bool forbidden = false;
inline int attempts = 0;

inline bool Refuses() {
  if (forbidden) ++attempts;
  return forbidden;
}

}  // namespace heap_guard

#if defined(__SANITIZE_ADDRESS__)

// Of <sanitizer/allocator_interface.h>, which GCC does not install.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                             size_t),
                                                         void (*free_hook)(const volatile void*));

namespace heap_guard {
inline const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, size_t) { static_cast<void>(Refuses()); },
    [](const volatile void*) {});
}  // namespace heap_guard

#elif defined(__GLIBC__)

extern "C" {

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) noexcept { return heap_guard::Refuses() ? nullptr : __libc_malloc(size); }
void* calloc(size_t count, size_t size) noexcept {
  return heap_guard::Refuses() ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) noexcept {
  return heap_guard::Refuses() ? nullptr : __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) noexcept {
  return heap_guard::Refuses() ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) noexcept {
  *memory = heap_guard::Refuses() ? nullptr : __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}

}  // extern "C"

#else

void* operator new(size_t size) {
  static_cast<void>(heap_guard::Refuses());
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

#endif
