// What the samples of `npm run bench:load` come to, as medians and as a table in Markdown.
import { grid } from '../table.mjs';
import { median } from '../race.mjs';
import { kCases } from './cases.mjs';

/** The plain loop that a case is compared with. */
const kLoops = {
  store: { id: 'write', title: 'plain loop: write and flush' },
  warm: { id: 'warm', title: 'plain loop: read' },
  restarted: { id: 'restarted', title: 'the same, in a browser just started' },
  evicted: { id: 'evicted', title: "the same, out of the system's memory as well" },
};

const idsOf = (rounds, key) => Object.keys(rounds[0][key]);

/** One browser's rounds with the medians of their times. */
export function summary(name, rounds, bytes) {
  const rate = (seconds) => bytes / seconds;
  const disk = Object.fromEntries(idsOf(rounds, 'disk').map((id) => [id, rate(median(rounds.map((one) => one.disk[id])))]));
  const cases = idsOf(rounds, 'cases').map((id) => {
    const samples = rounds.map((one) => one.cases[id]);
    const seconds = median(samples.map((sample) => sample.seconds));
    const of = disk[kLoops[id]?.id];
    return {
      id,
      seconds,
      bytesPerSecond: rate(seconds),
      ...(of === undefined ? {} : { shareOfDisk: rate(seconds) / of }),
      servedBytes: Math.max(...samples.map(({ servedBytes }) => servedBytes)),
      rendererPeakBytes: Math.max(...samples.map(({ rendererBytes }) => rendererBytes.peak ?? NaN)),
      rendererBeforeBytes: Math.max(...samples.map(({ rendererBytes }) => rendererBytes.before ?? NaN)),
      wasmBytes: Math.max(...samples.map(({ wasmBytes }) => wasmBytes)),
      residentBytes: samples[0].residentBytes,
      logitsHash: samples[0].logitsHash,
      samples,
    };
  });
  return { name, version: rounds[0].version, rounds: rounds.length, diskBytesPerSecond: disk, diskSamples: rounds.map((one) => one.disk), cases };
}

const rateText = (bytesPerSecond) => (bytesPerSecond / 1e9).toFixed(2);
const megabytes = (bytes) => (Number.isFinite(bytes) ? String(Math.round(bytes / 1e6)) : '');

/** @param {object} results as load.mjs writes them */
export function loadMarkdown({ title, date, machine, model, browsers }) {
  const header = ['load', 's', 'GB/s', 'of the disk', 'served MB', 'renderer MB', 'peak MB', 'wasm MB', 'weights MB'];
  return browsers
    .map(({ name, version, rounds, diskBytesPerSecond, cases }) =>
      [
        `${title}, ${megabytes(model.bytes)} MB: medians of ${rounds} rounds. ${date}, ${machine.cpu}, ${machine.cores} cores; ${name} ${version}.`,
        '',
        grid(header, [
          ...cases.map((one) => [
            kCases[one.id],
            one.seconds.toFixed(2),
            rateText(one.bytesPerSecond),
            one.shareOfDisk === undefined ? '' : `${Math.round(100 * one.shareOfDisk)} %`,
            megabytes(one.servedBytes),
            megabytes(one.rendererBeforeBytes),
            megabytes(one.rendererPeakBytes),
            megabytes(one.wasmBytes),
            megabytes(one.residentBytes),
          ]),
          ...Object.values(kLoops)
            .filter(({ id }) => id in diskBytesPerSecond)
            .map(({ id, title: loop }) => [loop, (model.bytes / diskBytesPerSecond[id]).toFixed(2), rateText(diskBytesPerSecond[id]), ...Array(6).fill('')]),
        ]),
      ].join('\n'),
    )
    .join('\n\n');
}
