// What <vector> needs of libstdc++, for the RISC-V targets: they have its headers but not the
// library.
#include <stdlib.h>

void* operator new(size_t bytes) {
  if (void* p = malloc(bytes)) return p;
  abort();
}
void operator delete(void* p) noexcept { free(p); }
void operator delete(void* p, size_t) noexcept { free(p); }

namespace std {
void __throw_length_error(const char*) { abort(); }
void __throw_bad_alloc() { abort(); }
void __throw_bad_array_new_length() { abort(); }
}  // namespace std
