// Put into the factory of the mt builds: sends Emscripten's `new Worker` to startThread() of threads.js.
// Old syntax, as Emscripten 3.1.6's minifier reads no other.
var Worker = function (url, options) {
  return startThread(Module['mainScriptUrlOrBlob'], options, function (reason) {
    try {
      abort(reason);
    } catch (e) {
      // abort() has rejected the factory's promise; what it throws has no one to catch it here.
    }
  });
};
