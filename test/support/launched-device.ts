import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SETTINGS_VARIABLE } from './update-program.ts';

/** A device with two slots: a directory, with its factory image and settings in it, and the processes that run on it. */
export class LaunchedDevice {
  readonly thingName: string;
  readonly #home: string;
  readonly #version: string;
  #launcher: ChildProcess | undefined;

  /** @param version of the factory image */
  constructor(thingName: string, home: string, version: string) {
    this.thingName = thingName;
    this.#home = home;
    this.#version = version;
  }

  /** Starts the launcher, which starts what is to boot. */
  launch(): void {
    const home = this.#home;
    const launcher = resolve('device-client/src/update/launcher/main.ts');
    const slots = ['--slots', join(home, 'slots'), '--trial-seconds', '60'];
    const first = ['--first-image', join(home, 'factory.image'), '--first-version', this.#version];
    const program = ['--', process.execPath, '--import', 'tsx', '{image}'];
    this.#launcher = spawn(process.execPath, ['--import', 'tsx', launcher, ...slots, ...first, ...program], {
      env: { ...process.env, [SETTINGS_VARIABLE]: join(home, 'settings.json') },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own, so that it can be killed with all that it has started.
      detached: true,
    });
    this.#launcher.stderr?.pipe(createWriteStream(join(home, 'log'), { flags: 'a' }));
  }

  /** As a power cut: launcher and program at once, without a word. */
  async kill(): Promise<void> {
    const launcher = this.#running();
    if (launcher?.pid === undefined) return;
    const ended = once(launcher, 'exit');
    process.kill(-launcher.pid, 'SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    const launcher = this.#running();
    if (launcher === undefined) return;
    const ended = once(launcher, 'exit');
    launcher.kill('SIGTERM');
    await ended;
  }

  log(): string {
    return readFileSync(join(this.#home, 'log'), { encoding: 'utf8', flag: 'a+' });
  }

  /** Version and slot of each start of a program, in order. */
  boots(): string[] {
    return readFileSync(join(this.#home, 'state', 'boots'), 'utf8')
      .trim()
      .split('\n');
  }

  certificate(): X509Certificate {
    return new X509Certificate(readFileSync(join(this.#home, 'state', 'device.certificate.pem')));
  }

  #running(): ChildProcess | undefined {
    const launcher = this.#launcher;
    return launcher === undefined || launcher.exitCode !== null || launcher.signalCode !== null ? undefined : launcher;
  }
}
