import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { synthesizedAssembly } from '../support/assembly.ts';
import { temporaryDirectory } from '../support/platform.ts';

/** A small file system of our own needs a mount namespace, which not every kernel grants an ordinary user. */
const MOUNT = ['-Urm', 'sh', '-c'];
const possible = spawnSync('unshare', [...MOUNT, 'mount -t tmpfs -o size=1m tmpfs /mnt']).status === 0;
const onSmallDisk = possible ? test : test.skip;

let directory: string;
beforeAll(() => {
  directory = temporaryDirectory();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

onSmallDisk(
  'a full data directory ends the run with the directory named, and acknowledges nothing that it cannot keep',
  async () => {
    const assembly = await synthesizedAssembly(directory);
    const start =
      `node bin/fleetwright.mjs start --once --devices 2 --seconds 40 --settle 5 --interval 5 --samples-per-message 50 ` +
      `--port 0 --mqtt-port 0 --data-dir /mnt/data --assembly ${assembly}`;
    const { status, stderr } = spawnSync('unshare', [...MOUNT, `mount -t tmpfs -o size=20m tmpfs /mnt && ${start}`], {
      cwd: PROJECT_ROOT,
      encoding: 'utf8',
      timeout: 110_000,
    });
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(stderr).toMatch(/\/mnt\/data.*(takes no more writes|No space left on device)/);
  },
  150_000,
);
