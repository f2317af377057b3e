// OutFile: a file that is written front to back. It owns the handle.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

#include "base/status.h"

namespace ternlight {

class OutFile {
 public:
  // Empties the file if there is one; that it cannot be opened is told by the first write() or close().
  explicit OutFile(const std::string& path) : path_(path), file_(fopen(path.c_str(), "wb")) {}
  ~OutFile() {
    if (file_ != nullptr) fclose(file_);
  }
  OutFile(const OutFile&) = delete;
  OutFile& operator=(const OutFile&) = delete;

  // invalid_argument names the file.
  Status write(const void* bytes, size_t n) {
    return file_ != nullptr && fwrite(bytes, 1, n, file_) == n ? ok_status() : failed();
  }
  // Without it nobody knows whether the last bytes have been written.
  Status close() {
    const bool closed = file_ != nullptr && fclose(file_) == 0;
    file_ = nullptr;
    return closed ? ok_status() : failed();
  }

 private:
  Status failed() const { return error(ErrorCode::invalid_argument, "cannot write " + path_); }

  std::string path_;
  FILE* file_;
};

}  // namespace ternlight
