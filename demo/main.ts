// The chat page: wires the model, the conversation and the views together.
import type { GenerateStats, Model } from 'ternlight';
import { fitToWindow, forgetOldest, messagesOf, type Turn } from './conversation.js';
import { ModelSlot, type ModelChoice } from './model-slot.js';
import { loadSettings } from './settings.js';
import { Announcer } from './ui/announcer.js';
import { Composer } from './ui/composer.js';
import { byId, makeButton } from './ui/dom.js';
import { setUpDropZone } from './ui/drop-zone.js';
import { showEngine, showWarnings } from './ui/engine-bar.js';
import { LoadPanel } from './ui/load-panel.js';
import { MessageList, type TurnView } from './ui/message-list.js';
import { setUpModelDialog, showFacts } from './ui/model-dialog.js';
import { setUpSettings } from './ui/settings-dialog.js';
import { setUpTheme } from './ui/theme.js';

const kStarters = ['Tell me a story about a fox', 'What is BitNet?', 'Tell me a story about a girl and a kite'];

const kEmbedded: ModelChoice = {
  source: new URL('models/story.i2_s.gguf', document.baseURI).href,
  label: 'storyteller',
};

const slot = new ModelSlot();
const settings = loadSettings();
const turns: Turn[] = [];
let answering: AbortController | null = null;

const footer = byId('engine', HTMLElement);
const welcome = byId('welcome', HTMLElement);
const announcer = new Announcer(byId('announcer', HTMLElement));
const list = new MessageList(byId('messages', HTMLElement), byId('scroller', HTMLElement), () => void regenerate());
const composer = new Composer({ send: (text) => void send(text), stop: () => answering?.abort() });

function load(choice: ModelChoice): void {
  answering?.abort();
  void slot.load(choice);
  composer.focus();
}

const loadDefault = (): void => load(kEmbedded);
const loadFile = (file: File): void => load({ source: file, label: file.name });
const loadUrl = (address: string): void => {
  // What is no address at all is for the library to refuse: the page shows its error like any other.
  const url = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI) : null;
  const label = url?.pathname.split('/').pop() ?? '';
  load({ source: url?.href ?? address, label: label === '' ? address : label });
};

async function send(text: string): Promise<void> {
  const turn: Turn = { role: 'user', text, forgotten: false };
  turns.push(turn);
  welcome.hidden = true;
  list.add(turn);
  await answer();
}

/** Answers the last question. */
async function answer(): Promise<void> {
  const controller = new AbortController();
  answering = controller;
  composer.setBusy(true);
  announcer.clear();
  list.offerRegenerate(null);
  const turn: Turn = { role: 'assistant', text: '', forgotten: false };
  turns.push(turn);
  const view = list.add(turn);
  try {
    await stream(turn, view, controller.signal);
  } catch (error) {
    if (controller.signal.aborted) {
      view.finish(null, 'stopped');
      if (answering === controller) announcer.finish('Stopped.');
    } else {
      view.fail(error);
      announcer.clear();
    }
  } finally {
    // Another conversation may have begun meanwhile.
    if (answering === controller) {
      answering = null;
      composer.setBusy(false);
      list.offerRegenerate(turn);
    }
  }
}

async function stream(turn: Turn, view: TurnView, signal: AbortSignal): Promise<void> {
  if (slot.state.kind === 'loading') view.wait('Waiting for the model…');
  const model = await slot.whenReady(signal);
  const window = model.info.contextWindow;
  view.wait('Reading…');
  if (await fitToWindow(model, turns, settings.maxTokens ?? Infinity)) list.markForgotten(turns, window);
  for (;;) {
    const stats = await streamOnce(model, turn, view, signal);
    showEngine(footer, model, stats.memoryBytes);
    if (stats.stopReason !== 'context_full' || !forgetOldest(turns)) {
      view.finish(stats, '');
      announcer.finish();
      return;
    }
    // The window had no room for the whole answer, and there was something left to forget: once more.
    list.markForgotten(turns, window);
    turn.text = '';
    view.restart();
    view.wait('Making room…');
    announcer.clear();
  }
}

async function streamOnce(model: Model, turn: Turn, view: TurnView, signal: AbortSignal): Promise<GenerateStats> {
  const answers = await model.chat.completions.create(
    {
      messages: messagesOf(turns),
      stream: true,
      max_tokens: settings.maxTokens,
      temperature: settings.temperature,
      top_p: settings.topP,
      top_k: settings.topK,
      seed: settings.seed,
    },
    { signal },
  );
  for await (const chunk of answers) {
    const text = chunk.choices[0]?.delta.content ?? '';
    if (text === '') continue;
    turn.text += text;
    view.append(text);
    announcer.push(text);
  }
  return answers.stats;
}

async function regenerate(): Promise<void> {
  const last = turns.at(-1);
  if (last?.role !== 'assistant' || answering !== null) return;
  turns.pop();
  list.remove(last);
  composer.focus();
  await answer();
}

function clear(): void {
  answering?.abort();
  answering = null;
  composer.setBusy(false);
  turns.length = 0;
  list.clear();
  announcer.clear();
  welcome.hidden = false;
  composer.focus();
}

function showModel(): void {
  const state = slot.state;
  const model = state.kind === 'ready' ? state.model : null;
  byId('model-name', HTMLElement).textContent = state.kind === 'empty' ? 'No model' : state.choice.label;
  byId('open-model', HTMLElement).dataset['state'] = state.kind;
  showEngine(footer, model);
  showWarnings(byId('warnings', HTMLElement), model?.warnings ?? []);
  showFacts(model);
}

setUpTheme(byId('theme', HTMLButtonElement));
setUpSettings(settings);
setUpModelDialog({ loadDefault, loadFile, loadUrl });
setUpDropZone(byId('drop', HTMLElement), loadFile);
new LoadPanel(byId('load', HTMLElement), slot, loadDefault);
slot.addEventListener('change', showModel);
byId('clear', HTMLButtonElement).addEventListener('click', clear);
byId('starters', HTMLElement).append(
  ...kStarters.map((starter) =>
    makeButton(starter, 'chip', () => {
      composer.focus();
      void send(starter);
    }),
  ),
);
// ?model=address loads another model than the embedded one.
const asked = new URLSearchParams(location.search).get('model');
if (asked === null) loadDefault();
else loadUrl(asked);
