// A large load that is broken off again and again: `npm run bench:load -- --cuts 20`.
import { launch } from '../../support/browsers/index.mjs';
import { temporaryFolder } from '../../support/browsers/common.mjs';
import { cutConnections, cutFaults, killLoads, undisturbed } from '../../support/cuts.mjs';

const mb = (bytes) => (bytes / 1e6).toFixed(1);

/** Runs it in one browser, with a profile on disk; gives the results and what is wrong with them. */
export async function cutLoads(name, { server, url, bytes, points, seed, report }) {
  const { folder: profile, remove } = temporaryFolder(`ternlight-cuts-${name}-`);
  const browser = await launch(name, { profile });
  try {
    const setting = { browser, server, url, bytes, points, seed, options: { contextLength: 512 } };
    const expected = await undisturbed(setting);
    report(`${name} ${browser.version}, seed ${seed}: undisturbed, logits ${expected}`);
    const cut = await cutConnections(setting);
    report(
      `one load, ${cut.cuts} connections cut: ${cut.seconds.toFixed(1)} s, ${mb(cut.servedBytes - bytes)} MB sent twice, ${mb(cut.storedBytes)} MB stored, logits ${cut.logitsHash}`,
    );
    let number = 0;
    const kills = await killLoads(setting, ({ at, kind, sentBytes, storedBytes, againBytes, logitsHash }) =>
      report(
        `${++number}. killed at ${mb(at)} MB, ${kind}: ${mb(sentBytes)} MB sent, ${mb(storedBytes)} MB stored, then ${mb(againBytes)} MB sent, logits ${logitsHash}`,
      ),
    );
    return { name, version: browser.version, seed, expected, cut, kills, faults: cutFaults(setting, expected, cut, kills) };
  } finally {
    await browser.close();
    remove();
  }
}
