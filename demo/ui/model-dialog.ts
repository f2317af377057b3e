// Choosing a model: the embedded one, a file of this device, or an address; and facts about the one that is loaded.
import type { Model } from 'ternlight';
import { formatBytes } from '../format.js';
import { byId, make } from './dom.js';
import { closeOnBackdrop } from './settings-dialog.js';

export interface ModelDialogEvents {
  loadDefault(): void;
  loadFile(file: File): void;
  loadUrl(url: string): void;
}

export function setUpModelDialog(events: ModelDialogEvents): void {
  const dialog = byId('model-dialog', HTMLDialogElement);
  byId('open-model', HTMLButtonElement).addEventListener('click', () => dialog.showModal());
  closeOnBackdrop(dialog);
  byId('load-default', HTMLButtonElement).addEventListener('click', () => {
    dialog.close();
    events.loadDefault();
  });
  const file = byId('file', HTMLInputElement);
  file.addEventListener('change', () => {
    const chosen = file.files?.[0];
    if (chosen === undefined) return;
    // Choosing the same file again must count as a choice.
    file.value = '';
    dialog.close();
    events.loadFile(chosen);
  });
  const url = byId('url', HTMLInputElement);
  byId('url-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    dialog.close();
    events.loadUrl(url.value.trim());
  });
}

export function showFacts(model: Model | null): void {
  byId('model-facts', HTMLElement).hidden = model === null;
  if (model === null) return;
  const info = model.info;
  const rows: [string, string][] = [
    ['Name', info.name === '' ? 'not given' : info.name],
    ['Architecture', info.architecture],
    ['Parameters', `${info.parameters.toLocaleString('en')}, ${info.ternaryParameters.toLocaleString('en')} of them ternary`],
    ['Shape', `${info.layers} layers, width ${info.dim}, ${info.heads} heads`],
    ['Weights', info.weightTypes],
    ['Vocabulary', `${info.vocabSize.toLocaleString('en')} tokens`],
    ['Context window', `${info.contextWindow.toLocaleString('en')} tokens`],
    ['File', formatBytes(info.fileBytes)],
    ['Weights in memory', formatBytes(info.residentBytes)],
  ];
  byId('facts', HTMLElement).replaceChildren(...rows.flatMap(([term, value]) => [make('dt', '', term), make('dd', '', value)]));
}
