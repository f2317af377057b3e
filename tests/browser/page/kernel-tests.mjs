// A worker that runs one module of kernel tests, where the kernels run in earnest: in a worker. It is told the module's
// URL and answers { exitCode, output } or { error, output }, with what GoogleTest has printed.
const output = [];
const print = (line) => output.push(line);

async function run(url) {
  try {
    const { default: create } = await import(url);
    const tests = await create({ print, printErr: print });
    return { exitCode: tests._run_kernel_tests(), output };
  } catch (error) {
    return { error: String(error), output };
  }
}

self.onmessage = async ({ data }) => self.postMessage(await run(data));
