import { readFileSync } from 'node:fs';

const UNIT = new URL('../../device-client/packaging/fleetwright-device.service', import.meta.url);

/**
 * How the agent's unit starts it. All are measured so: how much of its memory V8 or the C library has given back by then
 * would say more than what the programs keep.
 */
export interface PackagedProgram {
  readonly nodeOptions: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export function packagedProgram(): PackagedProgram {
  const unit = readFileSync(UNIT, 'utf8');
  const [, words = ''] = /^ExecStart=\S+ (.*?)\/usr\/lib/m.exec(unit) ?? [];
  const variables = [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)];
  return {
    nodeOptions: words.split(' ').filter((word) => word !== ''),
    environment: Object.fromEntries(variables.map(([, name = '', value = '']) => [name, value])),
  };
}
