// Node's own modules, asked for by a name that bundlers for browsers do not see.

interface NodeModules {
  'node:fs/promises': typeof import('node:fs/promises');
  'node:os': typeof import('node:os');
  'node:worker_threads': typeof import('node:worker_threads');
}

/** One of Node's modules; only to be called in Node. */
export async function nodeModule<Name extends keyof NodeModules>(name: Name): Promise<NodeModules[Name]> {
  return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as NodeModules[Name];
}
