import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAGGING_CHANNELS, PROMPT_CHANNELS, runKills } from './testing/run-kills.ts';
import { seededDraw } from './testing/test-queue.ts';

const KIB = 1024;

test.each([
  ['of channels that are taken as they come', PROMPT_CHANNELS, 64 * 1024 * KIB, 0],
  ['of which one lags in little space', LAGGING_CHANNELS, 128 * KIB, 1],
])(
  'a process killed again and again loses nothing that it promised, %s',
  async (_, channels, maxBytes, leastCompactions) => {
    const directory = mkdtempSync(join(tmpdir(), 'fleetwright-queue-'));
    try {
      const { account, kills } = await runKills({
        directory,
        channels,
        maxBytes,
        sync: 'always',
        kills: 4,
        samples: 8_000,
        group: 20,
        life: [20, 700],
        patience: 90_000,
        draw: seededDraw(1),
      });
      expect(account.wrong.slice(0, 10)).toEqual([]);
      expect(kills).toBe(4);
      expect(account.compactions).toBeGreaterThanOrEqual(leastCompactions);
      expect(account.stored).toBeGreaterThanOrEqual(8_000);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  180_000,
);
