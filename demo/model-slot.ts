// The one model of the page. Loading another first gives the memory of the old one back: two at a time may not fit.
import { Ternlight, type LoadProgress, type Model } from 'ternlight';

/** What to load. */
export interface ModelChoice {
  /** An address or a file of this device. */
  source: string | File;
  label: string;
}

export type SlotState =
  | { kind: 'empty' }
  | { kind: 'loading'; choice: ModelChoice; progress: LoadProgress | null }
  | { kind: 'ready'; choice: ModelChoice; model: Model }
  | { kind: 'failed'; choice: ModelChoice; error: unknown };

/** Emits `change` whenever the state changes. */
export class ModelSlot extends EventTarget {
  #state: SlotState = { kind: 'empty' };
  #loading: AbortController | null = null;

  get state(): SlotState {
    return this.#state;
  }

  /** Loads in place of whatever is there. Never rejects: a failure is a state. */
  async load(choice: ModelChoice): Promise<void> {
    this.cancel();
    const controller = new AbortController();
    this.#loading = controller;
    const old = this.#state.kind === 'ready' ? this.#state.model : null;
    this.#set({ kind: 'loading', choice, progress: null });
    try {
      await old?.dispose();
      const model = await Ternlight.load(choice.source, {
        // A copy that is stored is used at once; but when the file has changed, as after a new build of this page, it is fetched anew.
        cache: { revalidate: true },
        signal: controller.signal,
        onProgress: (progress) => {
          if (this.#loading === controller) this.#set({ kind: 'loading', choice, progress });
        },
      });
      if (this.#loading !== controller) {
        await model.dispose();
        return;
      }
      this.#loading = null;
      this.#set({ kind: 'ready', choice, model });
    } catch (error) {
      if (this.#loading !== controller) return;
      this.#loading = null;
      this.#set(controller.signal.aborted ? { kind: 'empty' } : { kind: 'failed', choice, error });
    }
  }

  /** Ends a load that is under way; the slot is empty then. */
  cancel(): void {
    if (this.#loading === null) return;
    const controller = this.#loading;
    this.#loading = null;
    controller.abort();
    this.#set({ kind: 'empty' });
  }

  /** The model, as soon as it is loaded. Rejects when the load fails or is cancelled, or when the signal aborts. */
  async whenReady(signal: AbortSignal): Promise<Model> {
    for (;;) {
      signal.throwIfAborted();
      const state = this.#state;
      if (state.kind === 'ready') return state.model;
      if (state.kind === 'failed') throw state.error;
      if (state.kind === 'empty') throw new Error('There is no model yet. Choose one first.');
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.removeEventListener('change', done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.addEventListener('change', done);
        signal.addEventListener('abort', done);
      });
    }
  }

  #set(state: SlotState): void {
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }
}
