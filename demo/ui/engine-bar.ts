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

/** Shows the warnings until the reader dismisses them, or there are none. */
export function showWarnings(section: HTMLElement, warnings: readonly string[]): void {
  section.querySelector('ul')?.replaceChildren(...warnings.map((warning) => make('li', '', warning)));
  section.hidden = warnings.length === 0;
  const dismiss = section.querySelector('button');
  if (dismiss !== null) {
    dismiss.onclick = () => {
      section.hidden = true;
    };
  }
}
