import { execFile } from 'node:child_process';
import type { DeviceClock } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';

export interface ServiceManagerOptions {
  /** Of the process: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID` (`sd_notify(3)`, `sd_watchdog_enabled(3)`). */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** This process and the one that started it, which is the launcher where slots are used. */
  readonly processes: readonly number[];
  readonly clock: DeviceClock;
  readonly log: DeviceLog;
  /** Says assignments to the service manager. @default by `systemd-notify` */
  readonly notify?: (assignments: readonly string[]) => Promise<void>;
}

/** Of the watchdog's time, that passes between two signs; `sd_watchdog_enabled(3)` asks for half of it at most. */
const SIGNS = 3;
const NOTIFY_TIMEOUT = 5_000;

/**
 * The agent as a service of systemd, `Type=notify` with `WatchdogSec=`. Without systemd it does nothing.
 *
 * Node.js cannot send datagrams to a Unix socket without native code, so `systemd-notify` does, which is wherever systemd is.
 * It is a process of its own: the unit needs `NotifyAccess=all`.
 */
export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #isListening: boolean;
  /** Assignments by their names that are still to be said. */
  #pending = new Map<string, string>();
  #saying: Promise<void> | undefined;
  #status = '';
  #timer: { cancel(): void } | undefined;
  #hasFailed = false;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    this.#isListening = (options.environment.NOTIFY_SOCKET ?? '') !== '';
  }

  /** The service is up, whatever else it waits for. */
  ready(status: string): void {
    this.#status = status;
    this.#say({ READY: '1', STATUS: status });
  }

  /** What `systemctl status` shows: one line. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#say({ STATUS: text });
  }

  /** Gives the watchdog its signs, for as long as the agent is alive. */
  watch(isAlive: () => boolean): void {
    const interval = this.#watchdogInterval();
    if (interval === undefined) return;
    const { clock, log } = this.#options;
    const look = (): void => {
      if (isAlive()) this.#say({ WATCHDOG: '1' });
      else log.error('nothing was heard of the connection for too long: the watchdog gets no sign');
      this.#timer = clock.after(interval / SIGNS, look);
    };
    look();
  }

  /** The service ends. Does not wait until that is said. */
  stopping(reason: string): void {
    this.#timer?.cancel();
    this.#pending.clear();
    this.#say({ STOPPING: '1', STATUS: `stopping: ${reason}` });
  }

  /** ms; undefined without a watchdog, or with one of another process. */
  #watchdogInterval(): number | undefined {
    const { environment, processes } = this.#options;
    const { WATCHDOG_PID: process, WATCHDOG_USEC: time } = environment;
    const milliseconds = Number(time) / 1_000;
    if (!this.#isListening || !(milliseconds > 0)) return undefined;
    return process === undefined || processes.includes(Number(process)) ? milliseconds : undefined;
  }

  #say(assignments: Readonly<Record<string, string>>): void {
    if (!this.#isListening) return;
    for (const [name, value] of Object.entries(assignments)) this.#pending.set(name, value.replaceAll('\n', ' '));
    this.#saying ??= this.#sayAll().finally(() => {
      this.#saying = undefined;
    });
  }

  /** One at a time, in order; what is said twice meanwhile is said once. */
  async #sayAll(): Promise<void> {
    const { log, notify = systemdNotify(this.#options.environment) } = this.#options;
    while (this.#pending.size > 0) {
      const assignments = [...this.#pending].map(([name, value]) => `${name}=${value}`);
      this.#pending.clear();
      try {
        await notify(assignments);
      } catch (error) {
        if (!this.#hasFailed) log.error('the service manager cannot be told', { reason: reasonOf(error) });
        this.#hasFailed = true;
      }
    }
  }
}

/** `systemd-notify(1)` ends when the manager has taken the message, so that it knows whose it is. */
function systemdNotify(environment: Readonly<Record<string, string | undefined>>) {
  const { NOTIFY_SOCKET, PATH } = environment;
  const options = { env: { NOTIFY_SOCKET, PATH }, timeout: NOTIFY_TIMEOUT };
  return (assignments: readonly string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      execFile('systemd-notify', [...assignments], options, (error) => (error === null ? resolve() : reject(error)));
    });
}
