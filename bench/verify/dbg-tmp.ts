import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dice } from './dice.ts';
import { Faults } from './faults.ts';
import { fuzzBroker } from './fuzz/fuzz-broker.ts';
import { fuzzFrontDoor } from './fuzz/fuzz-front-door.ts';
import { fuzzPayloads } from './fuzz/fuzz-payloads.ts';
import { goodDevice } from './good-device.ts';
import { HealthProbe } from './health-probe.ts';
import { ownMemory } from './process-tree.ts';
import { Subject } from './subject.ts';

const [what = 'bfp', n = '1000', seed = '1', keep = ''] = process.argv.slice(2);
const t0 = performance.now();
const log = (...a: unknown[]) => console.log(((performance.now() - t0) / 1000).toFixed(1), ...a);
const directory = mkdtempSync(join(tmpdir(), `fleetwright-dbg-`));
mkdirSync(join(directory, 'devices'));
log(directory);
const dice = new Dice(Number(seed));
const faults = new Faults();
const s = await Subject.launch({
  directory,
  dice,
  onWarning: faults.onWarning,
  publishesPerSecondPerConnection: Number.MAX_SAFE_INTEGER,
});
const devices = [];
for (let i = 0; i < 4; i++) {
  const d = s.device('FUZZ-000' + i);
  await d.start();
  await d.stop();
  devices.push(d);
}
log('launched', s.pid, Math.round(ownMemory(s.pid) / 1e6));
const probe = new HealthProbe(s);
let last = '';
const say = (t: string) => {
  last = t;
};
const iv = setInterval(() => log(last, Math.round(ownMemory(s.pid) / 1e6) + ' MB'), 10000);
const c = { subject: s, devices, deadline: performance.now() + 600_000, say };
const t = performance.now();
if (what.includes('p')) {
  const r = await fuzzPayloads({ ...c, dice: dice.fork('p'), payloads: Number(n) });
  log(
    'payloads',
    r.published,
    r.acknowledged,
    r.refused,
    r.letters,
    'lost',
    r.lost.length,
    r.lost.slice(0, 10).map((x) => x.kind + ' ' + x.channel + ' ' + x.bytes.subarray(0, 300).toString('latin1')),
  );
}
if (what.includes('f')) {
  const r = await fuzzFrontDoor({ ...c, dice: dice.fork('f'), faults, requests: Number(n), rubbish: Number(n) / 10 });
  log('front', JSON.stringify({ ...r, statuses: [...r.statuses], broken: undefined }, null, 1));
  for (const [k, v] of r.broken) log('BROKEN', v.count, k, '\n', v.example);
}
if (what.includes('b')) {
  const r = await fuzzBroker({ ...c, dice: dice.fork('b'), packets: Number(n) });
  log('broker', JSON.stringify({ ...r, damaged: [...r.damaged], unprovoked: [...r.unprovoked] }));
}
log('took', ((performance.now() - t) / 1000).toFixed(1), 'blocked', probe.stop());
log('faults', faults.describe());
if (s.ended === undefined) {
  await goodDevice(s, 'AFTER-0001');
  log('good', Math.round(ownMemory(s.pid) / 1e6));
} else log(s.ended);
clearInterval(iv);
await s.stop();
log('stopped');
process.exit(0);
