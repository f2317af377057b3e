// What the address sanitizer is to accept, where tests are built with it: blocks that no machine has are asked for and must
// be refused, not end the program; and allocation_test.cc replaces some of the forms of operator new, and not all.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1:alloc_dealloc_mismatch=0"; }
