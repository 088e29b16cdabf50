import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runKills } from './testing/run-kills.ts';
import { seededDraw } from './testing/test-queue.ts';

test('a process killed again and again loses nothing that it promised, and marks what it repeats', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-queue-'));
  try {
    const { account, kills } = await runKills({
      directory,
      sync: 'always',
      kills: 4,
      samples: 8_000,
      group: 20,
      life: [20, 150],
      patience: 90_000,
      draw: seededDraw(1),
    });
    expect(account.wrong.slice(0, 10)).toEqual([]);
    expect(kills).toBe(4);
    expect(account.stored).toBeGreaterThanOrEqual(8_000);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 180_000);
