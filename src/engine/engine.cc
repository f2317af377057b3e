#include "engine/engine.h"

#include "engine/choose_methods.h"
#include "engine/impl.h"

namespace ternlight {

Engine::Engine(const EngineOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Engine::~Engine() = default;
Isa Engine::isa() const { return impl_->kernels.isa; }
size_t Engine::threads() const { return impl_->threads.size(); }
const char* Engine::gemv_kernel() const { return impl_->kernels.gemv_method; }
const char* Engine::gemm_kernel() const { return impl_->kernels.gemm_method; }
Status Engine::use_kernel(const std::string& wish) {
  impl_->kernel_is_open = wish == "auto";
  if (!impl_->kernel_is_open) return use_method(impl_->kernels, wish);
  warm_up_methods(impl_->kernels.isa);
  return ok_status();
}

const char* name(StopReason reason) {
  switch (reason) {
    case StopReason::none: return "";
    case StopReason::end_of_text: return "end_of_text";
    case StopReason::stop_string: return "stop_string";
    case StopReason::max_tokens: return "max_tokens";
    case StopReason::context_full: return "context_full";
  }
  return "";
}

}  // namespace ternlight
