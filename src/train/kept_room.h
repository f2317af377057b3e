// Memory that a thread keeps from one call to the next: what is asked for anew in every step would be zeroed, and fetched from
// the system, in every step.
#pragma once

#include <cstddef>
#include <memory>

namespace ternlight::train {

// Room for n numbers, with anything in them, until the next call by the same thread for the same user.
template <class User, class T>
T* kept_room(size_t n) {
  thread_local std::unique_ptr<T[]> room;
  thread_local size_t size = 0;
  if (size < n) {
    room.reset(new T[n]);
    size = n;
  }
  return room.get();
}

}  // namespace ternlight::train
