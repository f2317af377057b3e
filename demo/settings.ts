// The sampling settings: their defaults and ranges, kept in the browser's local storage.

/** One knob of the settings panel. */
export interface Knob {
  key: 'temperature' | 'topP' | 'topK' | 'maxTokens' | 'seed';
  label: string;
  hint: string;
  min: number;
  max: number;
  step: number;
  /** null: may be left empty, and is then not sent. */
  initial: number | null;
}

export const knobs: readonly Knob[] = [
  {
    key: 'temperature',
    label: 'Temperature',
    hint: '0 always takes the likeliest word; higher is more varied.',
    min: 0,
    max: 2,
    step: 0.05,
    initial: 0.6,
  },
  {
    key: 'topP',
    label: 'Top-p',
    hint: 'Keeps the likeliest tokens that together reach this probability.',
    min: 0.05,
    max: 1,
    step: 0.05,
    initial: 0.95,
  },
  { key: 'topK', label: 'Top-k', hint: 'Keeps only so many of the likeliest tokens; 0 keeps all.', min: 0, max: 200, step: 1, initial: 40 },
  { key: 'maxTokens', label: 'Longest answer', hint: 'In tokens; a word is one or two.', min: 1, max: 2048, step: 1, initial: 200 },
  {
    key: 'seed',
    label: 'Seed',
    hint: 'The same seed gives the same answer. Empty: another one each time.',
    min: 0,
    max: 4294967295,
    step: 1,
    initial: null,
  },
];

export type Settings = Record<Knob['key'], number | null>;

const kStorageKey = 'ternlight.settings';

export function defaultSettings(): Settings {
  const settings: Settings = { temperature: null, topP: null, topK: null, maxTokens: null, seed: null };
  for (const knob of knobs) settings[knob.key] = knob.initial;
  return settings;
}

/** A value within the knob's range, or the knob's initial value when it is not a number. */
export function clampToKnob(knob: Knob, text: string): number | null {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) return knob.initial;
  const clamped = Math.min(knob.max, Math.max(knob.min, value));
  return knob.step === 1 ? Math.round(clamped) : clamped;
}

/** What was kept, where it is readable and in range; the defaults elsewhere. */
export function loadSettings(): Settings {
  const settings = defaultSettings();
  const kept = readStorage(kStorageKey);
  if (kept === null) return settings;
  try {
    const parsed: unknown = JSON.parse(kept);
    if (typeof parsed !== 'object' || parsed === null) return settings;
    for (const [key, value] of Object.entries(parsed)) {
      const knob = knobs.find((candidate) => candidate.key === key);
      if (knob !== undefined && typeof value === 'number') settings[knob.key] = clampToKnob(knob, String(value));
    }
  } catch {
    // Not JSON: somebody else's key. The defaults hold.
  }
  return settings;
}

export function saveSettings(settings: Settings): void {
  writeStorage(kStorageKey, JSON.stringify(settings));
}

/** Local storage can be forbidden altogether; the page works without it. */
export function readStorage(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function writeStorage(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Forbidden or full: the choice lasts as long as the page.
  }
}
