// What a download takes from the place it runs in besides fetch: time, chance, and whether there is a network. Tests have
// their own.

import { unlessAborted } from './stall.js';

export interface Environment {
  /** Milliseconds since 1970: dates in headers are compared with it. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Settles after so many milliseconds, or rejects with the signal's reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Whether the machine is known to have no network. */
  isOffline(): boolean;
  /** Settles when it has one again, or rejects with the signal's reason. */
  untilOnline(signal: AbortSignal): Promise<void>;
}

/** How often to look for the network oneself: not every worker hears the event. */
const lookMs = 1000;

function isOffline(): boolean {
  return typeof navigator === 'object' && navigator.onLine === false;
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await unlessAborted(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), signal);
  } finally {
    clearTimeout(timer);
  }
}

async function untilOnline(signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setInterval> | undefined;
  let look: (() => void) | undefined;
  try {
    const online = new Promise<void>((resolve) => {
      look = () => {
        if (!isOffline()) resolve();
      };
      globalThis.addEventListener('online', look);
      timer = setInterval(look, lookMs);
      look();
    });
    await unlessAborted(online, signal);
  } finally {
    clearInterval(timer);
    if (look !== undefined) globalThis.removeEventListener('online', look);
  }
}

/** The real one. */
export const here: Environment = { now: () => Date.now(), random: () => Math.random(), sleep, isOffline, untilOnline };
