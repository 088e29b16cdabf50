import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian's packages `softhsm2` and others put the library. */
const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];

export interface SoftToken {
  readonly library: string;
  readonly label: string;
  readonly pinFile: string;
  /** What makes SoftHSM find the token. */
  readonly environment: Readonly<Record<string, string>>;
  /** `pkcs11-tool` with that environment. */
  readonly toolScript: string;
  /** What `pkcs11-tool` prints. */
  tool(...args: string[]): string;
}

/** Undefined where SoftHSM or OpenSC's tool is not installed. */
export function softTokenLibrary(): string | undefined {
  try {
    execFileSync('sh', ['-c', 'command -v pkcs11-tool && command -v softhsm2-util'], { stdio: 'pipe' });
  } catch {
    return undefined;
  }
  return LIBRARIES.find((path) => existsSync(path));
}

/** A token of its own, below the directory. */
export function makeSoftToken(library: string, directory: string): SoftToken {
  const [pin, label] = ['482913', 'fleetwright-test'];
  const tokens = join(directory, 'tokens');
  mkdirSync(tokens, { recursive: true });
  const configuration = join(directory, 'softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`);
  const pinFile = join(directory, 'pin');
  writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 });
  const environment = { SOFTHSM2_CONF: configuration };
  const run = (program: string, args: readonly string[]): string =>
    execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, ...environment }, stdio: 'pipe' });
  run('softhsm2-util', ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', '90210765']);
  const tool = (...args: string[]): string =>
    run('pkcs11-tool', ['--module', library, '--token-label', label, '--login', '--pin', pin, ...args]);
  const toolScript = join(directory, 'pkcs11-tool');
  writeFileSync(toolScript, `#!/bin/sh\nSOFTHSM2_CONF=${configuration} exec pkcs11-tool "$@"\n`, { mode: 0o755 });
  return { library, label, pinFile, environment, toolScript, tool };
}
