import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import type { DeviceLog } from '../../feature.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { createFirstSlot, DirectorySlots } from '../slots/directory-slots.ts';
import type { DirectorySlotName } from '../slots/slot-layout.ts';
import { digestOf } from '../testing/firmware-fixture.ts';
import { launch, type RunningProgram } from './launcher.ts';
import { launchedFrom, REBOOT_EXIT_CODE } from './slot-environment.ts';

let root: string;
let slots: (running: DirectorySlotName) => DirectorySlots;
const next = { version: '2.0.0', minimumVersion: '1.0.0', sha256: digestOf(Buffer.from('new')), size: 3 };
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'launcher-'));
  writeFileSync(join(root, 'factory'), 'old');
  writeFileSync(join(root, 'next'), 'new');
  slots = (running) => new DirectorySlots({ disk: nodeDisk, root, running });
  await createFirstSlot(nodeDisk, root, join(root, 'factory'), '1.0.0');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function putOnTrial(): Promise<void> {
  await slots('a').write(join(root, 'next'), next);
  await slots('a').tryOther(next);
}

const silent: DeviceLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What a program does; it is told its slot, and a promise of being asked to end. */
type Program = (slot: string, asked: Promise<string>) => Promise<number | string>;

/** Launches until the launcher ends; answers the slots that it has started, in order. */
async function launched(program: Program, trialTime = 60_000, signal = new AbortController().signal) {
  const started: string[] = [];
  const commands: string[][] = [];
  const code = await launch({
    disk: nodeDisk,
    root,
    command: ['run', '--image={image}'],
    start(command, variables): RunningProgram {
      const slot = launchedFrom(variables)?.slot ?? '';
      started.push(slot);
      commands.push([...command]);
      let kill: (signal: string) => void = () => {};
      const asked = new Promise<string>((resolve) => {
        kill = resolve;
      });
      return { ended: program(slot, asked), kill: (name) => kill(name) };
    },
    trialTime,
    clock: { ...systemClock, after: (milliseconds, task) => systemClock.after(milliseconds / 100, task) },
    random: () => 0,
    log: silent,
    signal,
  });
  return { started, commands, code };
}

test('the slot that boots by itself is started, with the path of its image', async () => {
  const { code, commands, started } = await launched(async () => 0);
  expect({ code, started }).toEqual({ code: 0, started: ['a'] });
  expect(commands).toEqual([['run', `--image=${root}/a/image`]]);
});

test('a program that asks for another boot gets it: then the slot on trial is started', async () => {
  const { started } = await launched(async (slot) => {
    if (slot === 'b') {
      await slots('b').confirm();
      return 0;
    }
    await putOnTrial();
    return REBOOT_EXIT_CODE;
  });
  expect(started).toEqual(['a', 'b']);
});

test('a program on trial that ends is started three times, and then the one before', async () => {
  await putOnTrial();
  expect((await launched(async (slot) => (slot === 'a' ? 0 : 1))).started).toEqual(['b', 'b', 'b', 'a']);
});

test('a program on trial that hangs is stopped, each time', async () => {
  await putOnTrial();
  const asked: string[] = [];
  const { started } = await launched(async (slot, ask) => {
    if (slot === 'a') return 0;
    asked.push(await ask);
    return 'SIGTERM';
  }, 1_000);
  expect(started).toEqual(['b', 'b', 'b', 'a']);
  expect(asked).toEqual(['SIGTERM', 'SIGTERM', 'SIGTERM']);
});

test('a program on trial that has confirmed itself in time is left alone', async () => {
  await putOnTrial();
  let wasAsked = false;
  await launched(async (slot, ask) => {
    void ask.then(() => {
      wasAsked = true;
    });
    await slots('b').confirm();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return slot === 'b' ? 0 : 1;
  }, 1_000);
  expect(wasAsked).toBe(false);
});

test('a program that crashes is started again', async () => {
  let crashes = 3;
  expect((await launched(async () => (crashes-- > 0 ? 'SIGSEGV' : 0))).started).toEqual(['a', 'a', 'a', 'a']);
});

test('an image that is damaged does not boot: the other one does', async () => {
  await putOnTrial();
  writeFileSync(join(root, 'b', 'image'), 'not');
  expect((await launched(async () => 0)).started).toEqual(['a']);
});

test('where the slot that boots by itself is damaged, the other one boots by itself from then on', async () => {
  await slots('a').write(join(root, 'next'), next);
  writeFileSync(join(root, 'a', 'image'), 'not');
  expect((await launched(async () => 0)).started).toEqual(['b']);
  expect(await slots('b').status()).toMatchObject({ running: 'b', confirmed: true });
});

test('a launcher with nothing to start says so', async () => {
  writeFileSync(join(root, 'a', 'image'), 'not');
  await expect(launched(async () => 0)).rejects.toThrow('no slot');
});

test('a launcher that is told to end ends its program, and starts no other', async () => {
  const abort = new AbortController();
  const { code, started } = await launched(
    async (_slot, ask) => {
      abort.abort();
      return ask;
    },
    undefined,
    abort.signal,
  );
  expect({ code, started }).toEqual({ code: 0, started: ['a'] });
});

test('half of what a launcher tells a program is an error', () => {
  expect(launchedFrom({})).toBeUndefined();
  expect(() => launchedFrom({ FLEETWRIGHT_SLOT: 'a' })).toThrow('FLEETWRIGHT_SLOTS');
  expect(() => launchedFrom({ FLEETWRIGHT_SLOT: 'c', FLEETWRIGHT_SLOTS: '/slots' })).toThrow('must be a or b');
});
