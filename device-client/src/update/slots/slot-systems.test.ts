import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { nodeDisk } from '../disk/node-disk.ts';
import { chooseBoot } from '../launcher/choose-boot.ts';
import { type FakeMachine, FakeMachineFile, writeFakeInstallers } from '../testing/fake-installers.ts';
import { digestOf } from '../testing/firmware-fixture.ts';
import { createFirstSlot, DirectorySlots } from './directory-slots.ts';
import { RaucSlots } from './rauc-slots.ts';
import { commandRunner, type RunCommand } from './run-command.ts';
import type { DirectorySlotName } from './slot-layout.ts';
import type { SlotImage, SlotSystem } from './slot-system.ts';
import { SwupdateSlots } from './swupdate-slots.ts';

let directory: string;
let run: RunCommand;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'slots-'));
  writeFakeInstallers(join(directory, 'bin'));
  run = commandRunner({ ...process.env, PATH: `${join(directory, 'bin')}${delimiter}${process.env.PATH}` });
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const imageOf = (bytes: string, version: string): SlotImage => ({
  version,
  minimumVersion: '1.0.0',
  sha256: digestOf(Buffer.from(bytes)),
  size: bytes.length,
});
const OLD = 'the old firmware';
const NEW = 'the new firmware';
const oldImage = imageOf(OLD, '1.0.0');
const newImage = imageOf(NEW, '2.0.0');

/** A machine with slots: what boots next, and the slots as the program that then runs sees them. */
interface Rig {
  boot(): Promise<SlotSystem>;
  readonly names: readonly [string, string];
}

const RIGS: Readonly<Record<string, () => Promise<Rig>>> = {
  async 'a directory'() {
    const root = join(directory, 'slots');
    writeFileSync(join(directory, 'factory'), OLD);
    await createFirstSlot(nodeDisk, root, join(directory, 'factory'), '1.0.0');
    return {
      names: ['a', 'b'],
      boot: async () => {
        const { slot } = await chooseBoot(nodeDisk, root);
        return new DirectorySlots({ disk: nodeDisk, root, running: slot });
      },
    };
  },
  async RAUC() {
    const machine = new FakeMachineFile(join(directory, 'bin'));
    return {
      names: ['rootfs.a', 'rootfs.b'],
      boot: async () => {
        // As RAUC's example for U-Boot: the first of the order that has attempts left, which boots one of them away.
        machine.change((now) => {
          const order = now.primary === 'a' ? ['a', 'b'] : ['b', 'a'];
          const slot = order.find((name) => (now.left[name] ?? 0) > 0) ?? 'a';
          now.left[slot] = (now.left[slot] ?? 0) - 1;
          now.booted = slot;
          now.primary = slot;
        });
        const slots: SlotSystem = new RaucSlots({
          disk: nodeDisk,
          directory: join(directory, 'notes'),
          factoryImage: oldImage,
          run,
        });
        if ((await slots.status()).confirmed) await slots.stillGood?.();
        return slots;
      },
    };
  },
  SWUpdate: () => swupdateRig('swupdate'),
  "SWUpdate's daemon": () => swupdateRig('swupdate-client'),
};

async function swupdateRig(program: 'swupdate' | 'swupdate-client'): Promise<Rig> {
  const machine = new FakeMachineFile(join(directory, 'bin'));
  return {
    names: ['a', 'b'],
    boot: async () => {
      machine.change((now) => {
        const { environment } = now;
        if (environment.upgrade_available === '1') {
          environment.bootcount = String(Number(environment.bootcount) + 1);
          if (Number(environment.bootcount) > 3) {
            environment.bootslot = environment.bootslot === 'a' ? 'b' : 'a';
            environment.upgrade_available = '0';
          }
        }
        now.booted = environment.bootslot ?? 'a';
      });
      return new SwupdateSlots({
        disk: nodeDisk,
        directory: join(directory, 'notes'),
        running: machine.read().booted as DirectorySlotName,
        selections: { a: 'stable,a', b: 'stable,b' },
        program,
        ...(program === 'swupdate' && { publicKey: '/etc/swupdate.pem' }),
        factoryImage: oldImage,
        run,
      });
    },
  };
}

describe.each(Object.entries(RIGS))('slots of %s', (_name, make) => {
  let rig: Rig;
  let image: string;
  beforeEach(async () => {
    rig = await make();
    image = join(directory, 'image');
    writeFileSync(image, NEW);
  });

  test('a device begins with what it was made with, confirmed', async () => {
    const slots = await rig.boot();
    const [running, other] = rig.names;
    expect(await slots.status()).toMatchObject({ running, other, confirmed: true, otherTrial: 'none' });
    expect((await slots.status()).image?.version).toBe('1.0.0');
    expect(await slots.measure()).toBe(oldImage.sha256);
  });

  test('what is written is held and does not boot before it is to be tried', async () => {
    const slots = await rig.boot();
    expect(await slots.holds(newImage)).toBe(false);
    await slots.write(image, newImage);
    expect(await slots.holds(newImage)).toBe(true);
    expect((await (await rig.boot()).status()).running).toBe(rig.names[0]);
  });

  test('a slot that is confirmed boots from then on', async () => {
    const slots = await rig.boot();
    await slots.write(image, newImage);
    await slots.tryOther(newImage);
    expect((await slots.status()).otherTrial).toBe('waiting');
    const tried = await rig.boot();
    expect(await tried.status()).toMatchObject({ running: rig.names[1], confirmed: false, image: newImage });
    expect(await tried.measure()).toBe(newImage.sha256);
    await tried.confirm();
    await tried.confirm();
    expect((await tried.status()).confirmed).toBe(true);
    for (let boot = 0; boot < 5; boot++) expect((await (await rig.boot()).status()).running).toBe(rig.names[1]);
  });

  test('a slot that nobody confirms is given up after three boots, and told from one that waits', async () => {
    const slots = await rig.boot();
    await slots.write(image, newImage);
    await slots.tryOther(newImage);
    for (let boot = 0; boot < 3; boot++) {
      expect(await (await rig.boot()).status()).toMatchObject({ running: rig.names[1], confirmed: false });
    }
    expect(await (await rig.boot()).status()).toMatchObject({
      running: rig.names[0],
      confirmed: true,
      otherTrial: 'failed',
    });
  });

  test('a trial that is given up ends at the next boot', async () => {
    const slots = await rig.boot();
    await slots.write(image, newImage);
    await slots.tryOther(newImage);
    const tried = await rig.boot();
    await tried.revert();
    await tried.revert();
    const status = await (await rig.boot()).status();
    expect(status).toMatchObject({ running: rig.names[0], confirmed: true, otherTrial: 'failed' });
    expect(status.image?.version).toBe('1.0.0');
  });

  test('giving up does nothing to a slot that is confirmed', async () => {
    await (await rig.boot()).revert();
    expect(await (await rig.boot()).status()).toMatchObject({ running: rig.names[0], confirmed: true });
  });

  test('nothing is written or tried while the running slot is on trial', async () => {
    const slots = await rig.boot();
    await slots.write(image, newImage);
    await slots.tryOther(newImage);
    const tried = await rig.boot();
    await expect(tried.write(image, newImage)).rejects.toThrow('on trial');
    await expect(tried.tryOther(newImage)).rejects.toThrow('on trial');
  });

  test('a failed slot takes the next image', async () => {
    const slots = await rig.boot();
    await slots.write(image, newImage);
    await slots.tryOther(newImage);
    await (await rig.boot()).revert();
    const again = await rig.boot();
    const next = imageOf('the one after', '3.0.0');
    writeFileSync(image, 'the one after');
    await again.write(image, next);
    expect((await again.status()).otherTrial).toBe('none');
    await again.tryOther(next);
    expect(await (await rig.boot()).status()).toMatchObject({ confirmed: false, image: next });
  });
});

test.each(['RAUC', 'SWUpdate', "SWUpdate's daemon"])(
  'an image that %s itself refuses is told with its words',
  async (name) => {
    const rig = await (RIGS[name] as () => Promise<Rig>)();
    const slots = await rig.boot();
    writeFileSync(join(directory, 'image'), 'unsigned');
    await expect(slots.write(join(directory, 'image'), newImage)).rejects.toThrow('signature verification failed');
    expect(await slots.holds(newImage)).toBe(false);
  },
);

test('arguments go to the installers as they are, without a shell', async () => {
  const rig = await (RIGS.SWUpdate as () => Promise<Rig>)();
  const slots = await rig.boot();
  const file = join(directory, 'image; touch $(hacked)');
  writeFileSync(file, NEW);
  await slots.write(file, newImage);
  const { calls } = JSON.parse(readFileSync(join(directory, 'bin', 'machine.json'), 'utf8')) as FakeMachine;
  expect(calls).toContainEqual(['swupdate', '-i', file, '-e', 'stable,b', '-k', '/etc/swupdate.pem']);
});
