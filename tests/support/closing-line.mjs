// Vitest reporter: ends the output with "N passed, M failed", as every suite does. What could not even be run (a file
// that does not load, an error outside any test) counts as one failure.

export default class ClosingLine {
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else failed++; // failed; or skipped or pending, which none may be
      }
    }
    // After the other reporters' last words.
    process.once('exit', () => console.log(`\n${passed} passed, ${failed} failed`));
  }
}
