import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createIotDataPlanePlugin } from '../../local-cloud/src/services/iot-data-plane/plugin.ts';
import { createTestCloud } from '../../local-cloud/src/testing/context.ts';

// source: device-shadow-data-flow ("/update/accepted" is published of an update that was made)

const PROGRAM = fileURLToPath(
  new URL('../../local-cloud/src/services/iot-data-plane/testing/shadow-process.ts', import.meta.url),
);

/** Versions published as accepted, by thing and in their order, until the process was killed. */
async function acceptedUntilKilled(directory: string, enough: number): Promise<Map<string, number[]>> {
  const updater = spawn(process.execPath, ['--import', 'tsx', PROGRAM, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const accepted = new Map<string, number[]>();
  let count = 0;
  const lines = createInterface({ input: updater.stdout });
  lines.on('line', (line) => {
    // The last line may be cut off by the kill.
    const match = /^(thing-\d) (\d+) (\d+)$/.exec(line);
    if (match === null || updater.killed) return;
    const [, thing, version, n] = match as unknown as [string, string, string, string];
    expect(n).toBe(version);
    accepted.set(thing, [...(accepted.get(thing) ?? []), Number(version)]);
    if (++count === enough) updater.kill('SIGKILL');
  });
  await Promise.all([once(updater, 'exit'), once(lines, 'close')]);
  return accepted;
}

test('no update that was accepted is lost by kill -9, and versions are published in their order', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-shadow-kill-'));
  const last = new Map<string, number>();
  for (let round = 0; round < 3; round++) {
    for (const [thing, versions] of await acceptedUntilKilled(directory, 1500)) {
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      expect(versions[0]).toBeGreaterThan(last.get(thing) ?? 0);
      last.set(thing, versions.at(-1) as number);
    }
    const cloud = createTestCloud({ directory });
    cloud.use(createIotDataPlanePlugin);
    for (const [thing, version] of last) {
      const shadow = cloud.ports.get('shadows').get(thing);
      expect(shadow?.version).toBeGreaterThanOrEqual(version);
      expect(shadow?.reported?.state).toMatchObject({ n: shadow?.version });
      expect(shadow?.reported?.metadata).toEqual({
        n: { timestamp: expect.any(Number) },
        pad: { timestamp: expect.any(Number) },
      });
    }
    await cloud.close();
  }
  expect(last.size).toBe(10);
  rmSync(directory, { recursive: true, force: true });
}, 60_000);
