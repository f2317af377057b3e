// The footer: which build runs, on what, in how much memory; and the warnings under the header.
import type { Model } from 'ternlight';
import { formatBytes, plural } from '../format.js';
import { make } from './dom.js';

export function showEngine(footer: HTMLElement, model: Model | null, memoryBytes?: number): void {
  footer.replaceChildren();
  if (model === null) {
    footer.append(make('span', '', 'Nothing you type leaves this device.'));
    return;
  }
  const { build, isa, threads, memoryBytes: atLoad } = model.info.engine;
  footer.dataset['build'] = build;
  footer.dataset['isa'] = isa;
  footer.dataset['threads'] = String(threads);
  for (const part of [`build ${build}`, isa, plural(threads, 'thread'), `${formatBytes(memoryBytes ?? atLoad)} of memory`]) {
    footer.append(make('span', '', part));
  }
}

export function showWarnings(list: HTMLElement, warnings: readonly string[]): void {
  list.replaceChildren(...warnings.map((warning) => make('li', '', warning)));
  list.hidden = warnings.length === 0;
}
