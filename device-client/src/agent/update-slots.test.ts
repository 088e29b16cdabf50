import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { nodeDisk } from '../update/disk/node-disk.ts';
import { commandRunner } from '../update/slots/run-command.ts';
import { FakeMachineFile, writeFakeInstallers } from '../update/testing/fake-installers.ts';
import { digestOf } from '../update/testing/firmware-fixture.ts';
import { type AgentConfig, agentConfigSchema } from './agent-config.ts';
import { missingPrograms } from './missing-programs.ts';
import { type UpdateSlots, updateSlots } from './update-slots.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'update-slots-'));
  writeFakeInstallers(join(directory, 'bin'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const SLOTS = [
  { name: 'a', selection: 'stable,a', kernelWord: 'root=/dev/mmcblk0p2' },
  { name: 'b', selection: 'stable,b', kernelWord: 'root=/dev/mmcblk0p3' },
];
const image = { version: '2.0.0', minimumVersion: '1.0.0', sha256: digestOf(Buffer.from('new')), size: 3 };

const settings = (updates: object, more: object = {}) => ({
  endpoint: { host: 'iot.example' },
  device: { serialNumber: 'SN-0001', site: 'north', deviceType: 'pump' },
  stateDirectory: join(directory, 'state'),
  updates: { trustedKeysFile: '/etc/keys.json', ...updates },
  ...more,
});
const configOf = (updates: object, more: object = {}): AgentConfig => agentConfigSchema.parse(settings(updates, more));

function chosen(updates: object, kernelWords: readonly string[] = []): UpdateSlots | undefined {
  const path = `${join(directory, 'bin')}${delimiter}${process.env.PATH}`;
  return updateSlots({
    config: configOf(updates),
    disk: nodeDisk,
    environment: {},
    kernelWords,
    run: commandRunner({ ...process.env, PATH: path }),
    end: () => {},
  });
}

/** Installs an image as an update does. @returns the calls of the programs that change anything */
async function installed(updates: object, kernelWords?: readonly string[]): Promise<string[][]> {
  const machine = new FakeMachineFile(join(directory, 'bin'));
  const { slots } = chosen(updates, kernelWords) as UpdateSlots;
  const file = join(directory, 'image');
  writeFileSync(file, 'new');
  await slots.write(file, image);
  await slots.tryOther(image);
  expect((await slots.status()).otherTrial).toBe('waiting');
  const reads = ['--detailed', '-n'];
  return machine.read().calls.filter((call) => !reads.some((word) => call.includes(word)));
}

test('a program without launcher has no slots of a directory', () => {
  expect(chosen({})).toBeUndefined();
});

// Source: RAUC's documentation, "Command Line Tool"; SWUpdate's manual pages; U-Boot's fw_setenv.
test('RAUC installs the bundle, and is told which slot to try', async () => {
  const image = join(directory, 'image');
  expect(await installed({ adapter: 'rauc' })).toEqual([
    ['rauc', 'install', image],
    ['rauc', 'status', 'mark-active', 'other'],
  ]);
});

test('RAUC without slots of the class that is configured is an error that names it', async () => {
  new FakeMachineFile(join(directory, 'bin'));
  const { slots } = chosen({ adapter: 'rauc', rauc: { slotClass: 'appfs' } }) as UpdateSlots;
  await expect(slots.status()).rejects.toThrow("two slots of class 'appfs'");
});

test("SWUpdate's daemon is handed the image for the slot that the kernel was not booted from", async () => {
  const updates = { adapter: 'swupdate', swupdate: { slots: SLOTS }, notesDirectory: join(directory, 'notes') };
  expect(await installed(updates, ['console=ttyS0', 'root=/dev/mmcblk0p2'])).toEqual([
    ['swupdate-client', '-e', 'stable,b', join(directory, 'image')],
    ['fw_setenv', '-s', join(directory, 'notes', 'environment')],
  ]);
  expect(readFileSync(join(directory, 'notes', 'environment'), 'utf8')).toContain('bootslot b\n');
});

test('SWUpdate itself verifies by the key that is configured', async () => {
  const swupdate = { slots: SLOTS, program: 'swupdate', publicKeyFile: '/etc/swupdate.pem' };
  const [install] = await installed({ adapter: 'swupdate', swupdate }, ['root=/dev/mmcblk0p2']);
  expect(install).toEqual(['swupdate', '-i', join(directory, 'image'), '-e', 'stable,b', '-k', '/etc/swupdate.pem']);
});

test('a kernel that names neither slot is an error that names what was looked for', () => {
  const updates = { adapter: 'swupdate', swupdate: { slots: SLOTS } };
  expect(() => chosen(updates, ['root=/dev/sda1'])).toThrow('root=/dev/mmcblk0p2, root=/dev/mmcblk0p3');
});

test.each<[string, object, string[]]>([
  ['an adapter without trusted keys', { trustedKeysFile: undefined, adapter: 'rauc' }, ['updates.adapter']],
  ['SWUpdate without slots', { adapter: 'swupdate' }, ['updates.adapter']],
  ['one slot', { adapter: 'swupdate', swupdate: { slots: SLOTS.slice(1) } }, ['updates.swupdate.slots']],
  [
    'two slots of one name and one word',
    { adapter: 'swupdate', swupdate: { slots: [SLOTS[0], SLOTS[0]] } },
    ['updates.swupdate.slots', 'updates.swupdate.slots'],
  ],
  [
    'a key for the daemon',
    { adapter: 'swupdate', swupdate: { slots: SLOTS, publicKeyFile: '/etc/swupdate.pem' } },
    ['updates.swupdate.publicKeyFile'],
  ],
  ['an unknown adapter', { adapter: 'mender' }, ['updates.adapter']],
])('%s is refused', (_what, updates, at) => {
  const parsed = agentConfigSchema.safeParse(settings(updates));
  expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual(at);
});

test('programs that are missing are named with the setting that needs them', () => {
  const bin = join(directory, 'bin');
  const swupdate = configOf({ adapter: 'swupdate', swupdate: { slots: SLOTS } });
  expect(missingPrograms(swupdate, bin)).toEqual([]);
  expect(missingPrograms(swupdate, '/nowhere')).toEqual([
    'updates.adapter: the program swupdate-client is missing',
    'updates.adapter: the program fw_printenv is missing',
    'updates.adapter: the program fw_setenv is missing',
  ]);
  expect(missingPrograms(configOf({ adapter: 'rauc' }), undefined)).toEqual([
    'updates.adapter: the program rauc is missing',
  ]);
  const others = configOf(
    {},
    { jobs: { rebootCommand: ['/nowhere/reboot'] }, clock: { setCommand: [join(bin, 'rauc')] } },
  );
  expect(missingPrograms(others, bin)).toEqual(['jobs.rebootCommand: the program /nowhere/reboot is missing']);
  expect(missingPrograms(configOf({}), undefined)).toEqual([]);
});
