// Gives llama.cpp under Node the lasting threads that its own programs have. node-llama-cpp attaches no pool, so threads
// are made and ended for every token, which on two cores may cost more than the token. Preloaded into the process
// (LD_PRELOAD), this attaches a pool with llama.cpp's defaults as soon as a context is asked for its number of threads.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

struct pool_params { char bytes[4096]; };  // stands for ggml_threadpool_params, which is smaller

typedef int32_t (*n_threads_fn)(void* context);
typedef struct pool_params (*params_default_fn)(int n_threads);
typedef void* (*backend_by_name_fn)(const char* name);
typedef void* (*proc_address_fn)(void* backend, const char* name);
typedef void* (*pool_new_fn)(struct pool_params* params);
typedef void (*attach_fn)(void* context, void* pool, void* pool_batch);

// The functions of the libraries that the caller was linked with.
static void* symbol(void* caller, const char* name) {
  void* found = dlsym(caller, name);
  if (found == NULL) abort();  // better none than a figure without the pool
  return found;
}

int32_t llama_n_threads(void* context) {
  static void* attached;
  Dl_info info;
  if (dladdr(__builtin_return_address(0), &info) == 0) abort();
  void* caller = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (caller == NULL) abort();
  const int32_t n = ((n_threads_fn)symbol(caller, "llama_n_threads"))(context);
  if (attached == context) return n;
  attached = context;
  void* backend = ((backend_by_name_fn)symbol(caller, "ggml_backend_reg_by_name"))("CPU");
  pool_new_fn pool_new =
      (pool_new_fn)((proc_address_fn)symbol(caller, "ggml_backend_reg_get_proc_address"))(backend, "ggml_threadpool_new");
  struct pool_params params = ((params_default_fn)symbol(caller, "ggml_threadpool_params_default"))(n);
  void* pool = pool_new(&params);
  if (pool == NULL) abort();
  ((attach_fn)symbol(caller, "llama_attach_threadpool"))(context, pool, pool);
  return n;
}
