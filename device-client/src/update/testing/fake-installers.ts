import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Executables that answer as RAUC, SWUpdate and U-Boot's tools do, for a directory at the head of PATH. They keep their state in JSON beside them. */
export function writeFakeInstallers(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, program] of Object.entries({
    rauc: RAUC,
    swupdate: SWUPDATE,
    'swupdate-client': SWUPDATE_CLIENT,
    fw_setenv: SETENV,
    fw_printenv: PRINTENV,
  })) {
    const file = join(directory, name);
    writeFileSync(file, `#!${process.execPath}\n${HEAD}${program}`);
    chmodSync(file, 0o755);
  }
}

export interface FakeMachine {
  /** Argument vectors of all calls. */
  calls: string[][];
  booted: string;
  /** RAUC's. */
  primary: string;
  left: Record<string, number>;
  installed: Record<string, { timestamp: string; count: number; bytes: string }>;
  /** U-Boot's. */
  environment: Record<string, string>;
}

const FIRST: FakeMachine = {
  calls: [],
  booted: 'a',
  primary: 'a',
  left: { a: 3, b: 3 },
  installed: {},
  environment: { bootslot: 'a', upgrade_available: '0', bootcount: '0' },
};

export class FakeMachineFile {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, 'machine.json');
    writeFileSync(this.#path, JSON.stringify(FIRST));
  }

  read(): FakeMachine {
    return JSON.parse(readFileSync(this.#path, 'utf8')) as FakeMachine;
  }

  change(change: (machine: FakeMachine) => void): void {
    const machine = this.read();
    change(machine);
    writeFileSync(this.#path, JSON.stringify(machine));
  }
}

const HEAD = `
const fs = require('node:fs');
const path = require('node:path').join(__dirname, 'machine.json');
const machine = JSON.parse(fs.readFileSync(path, 'utf8'));
const [, file, ...args] = process.argv;
machine.calls.push([require('node:path').basename(file), ...args]);
const save = () => fs.writeFileSync(path, JSON.stringify(machine));
const other = () => (machine.booted === 'a' ? 'b' : 'a');
const fail = (text) => { save(); process.stderr.write(text + '\\n'); process.exit(1); };
const install = (slot, from) => {
  const bytes = fs.readFileSync(from, 'utf8');
  if (bytes.startsWith('unsigned')) fail('signature verification failed');
  const count = (machine.installed[slot]?.count ?? 0) + 1;
  machine.installed[slot] = { timestamp: '2026-06-01T00:00:0' + count + 'Z', count, bytes };
};
`;

const RAUC = `
const [verb, ...rest] = args;
if (verb === 'install') install(other(), rest[0]);
else if (verb === 'status' && rest[0]?.startsWith('mark-')) {
  const slot = rest[1] === 'booted' ? machine.booted : other();
  if (rest[0] === 'mark-active') { machine.primary = slot; machine.left[slot] = 3; }
  else machine.left[slot] = rest[0] === 'mark-good' ? 3 : 0;
} else if (verb === 'status') {
  const shown = ['a', 'b'].map((slot) => ({ ['rootfs.' + slot]: {
    class: 'rootfs', device: '/dev/' + slot, type: 'ext4', bootname: slot.toUpperCase(),
    state: slot === machine.booted ? 'booted' : 'inactive', parent: null, mountpoint: null,
    boot_status: machine.left[slot] > 0 ? 'good' : 'bad',
    slot_status: machine.installed[slot] === undefined ? { bundle: { compatible: null } }
      : { bundle: { compatible: 'pump' }, installed: machine.installed[slot], status: 'ok' },
  } }));
  const extra = { 'rescue.0': { class: 'rescue', bootname: null, state: 'inactive', boot_status: null } };
  process.stdout.write(JSON.stringify({ compatible: 'pump', booted: machine.booted.toUpperCase(),
    boot_primary: 'rootfs.' + machine.primary, slots: [...shown, extra] }));
} else fail('unknown command');
save();
`;

const SWUPDATE = `
const at = (flag) => args[args.indexOf(flag) + 1];
if (at('-e') !== 'stable,' + other()) fail('selection ' + at('-e') + ' is not for the other slot');
install(other(), at('-i'));
save();
`;

const SWUPDATE_CLIENT = `
if (args[0] !== '-e' || args.length !== 3) fail('usage: swupdate-client [OPTIONS] <image .swu to be installed>');
if (args[1] !== 'stable,' + other()) fail('selection ' + args[1] + ' is not for the other slot');
install(other(), args[2]);
save();
`;

const SETENV = `
if (args[0] !== '-s') fail('a script is expected');
for (const line of fs.readFileSync(args[1], 'utf8').trim().split('\\n')) {
  const [name, value] = line.split(' ');
  machine.environment[name] = value;
}
save();
`;

const PRINTENV = `
if (args[0] !== '-n' || !(args[1] in machine.environment)) fail('no such variable');
process.stdout.write(machine.environment[args[1]] + '\\n');
save();
`;
