import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { backoffDelay } from '../backoff.ts';
import { type DeviceClock, sleep } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import { type ClockVerdict, judgeClock, type ServerTime } from './judge-clock.ts';
import type { OffsetClock } from './offset-clock.ts';

export interface ClockGuardOptions {
  /** The system's own clock. */
  readonly system: DeviceClock;
  /** The clock of the process, which is put right. */
  readonly corrected: OffsetClock;
  readonly random: () => number;
  readonly log: DeviceLog;
  readonly tolerance: number;
  /** ms since the epoch before which no right clock is */
  readonly floor: () => number;
  readonly readServer: (signal: AbortSignal) => Promise<ServerTime>;
  /** Sets the system's clock. @throws Error when that is not allowed */
  readonly setSystem?: ((time: number) => Promise<void>) | undefined;
  /** Hears of every look at the clock, and how many ms may pass until the next one while none can be connected. */
  readonly onLook?: (within: number) => void;
  /** Hears of every time that a server has confirmed. */
  readonly onProven?: (time: number) => void;
}

const BACKOFF = { base: 2_000, cap: 300_000 };
/** ms between two looks at a system clock that somebody else may put right */
const LOOK = 1_000;
/** Jump of the system's clock, in ms, that is worth a new judgement. */
const JUMP = 60_000;

/**
 * Sees to it that no TLS connection is tried with a clock with which it cannot succeed.
 *
 * INVARIANT: with such a clock it asks for the time, with growing pauses, and looks whether the clock was put right;
 * nothing is tried over and over that needs the right time.
 */
export class ClockGuard {
  readonly #options: ClockGuardOptions;
  #verdict: ClockVerdict | undefined;

  constructor(options: ClockGuardOptions) {
    this.#options = options;
  }

  get verdict(): ClockVerdict | undefined {
    return this.#verdict;
  }

  /** Resolves when TLS may be tried, or when the signal aborts. */
  async ready(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      if (await this.check(signal)) return;
      await this.#untilChanged(backoffDelay(BACKOFF, attempt, this.#options.random()) + BACKOFF.base, signal);
    }
  }

  /** Looks at the clock once and puts right what it may. @returns whether TLS may be tried */
  async check(signal: AbortSignal): Promise<boolean> {
    const { corrected, floor, log, onProven, system, tolerance } = this.#options;
    this.#options.onLook?.(BACKOFF.cap + BACKOFF.base);
    let server: ServerTime | undefined;
    try {
      server = await this.#options.readServer(signal);
    } catch (error) {
      log.debug('the time cannot be asked for', { reason: reasonOf(error) });
    }
    const verdict = judgeClock({ now: system.now(), floor: floor(), tolerance, server });
    const news = verdict.kind !== this.#verdict?.kind;
    this.#verdict = verdict;
    if (verdict.kind === 'plausible') {
      if (verdict.proven) {
        corrected.follow();
        onProven?.(system.now());
      }
      return true;
    }
    if (verdict.kind !== 'wrong') {
      if (news) log.error('the clock is wrong', { reason: verdict.why });
      // A disputed word of a server is none: with a plausible clock TLS decides whom to trust.
      return verdict.kind === 'disputed' && system.now() >= floor();
    }
    const right = system.now() + verdict.offset;
    corrected.correct(right);
    if (news) log.error('the clock is wrong', { reason: verdict.why, offset: Math.round(verdict.offset) });
    if (await this.#set(system.now() + verdict.offset)) return true;
    onProven?.(right);
    if (news) {
      const message = verdict.blocksTls
        ? 'nothing is connected until the clock is right'
        : 'the time is corrected for this process';
      log.warn(message, { offset: corrected.offset });
    }
    return !verdict.blocksTls;
  }

  async #set(time: number): Promise<boolean> {
    const { corrected, log, onProven, setSystem, system, tolerance } = this.#options;
    if (setSystem === undefined) return false;
    try {
      await setSystem(time);
    } catch (error) {
      log.warn("the system's clock cannot be set", { reason: reasonOf(error) });
      return false;
    }
    if (Math.abs(system.now() - time) > tolerance) {
      log.warn("the system's clock is still wrong after it was set");
      return false;
    }
    corrected.follow();
    this.#verdict = { kind: 'plausible', proven: true };
    onProven?.(time);
    log.info("the system's clock is set", { to: new Date(time).toISOString() });
    return true;
  }

  /** Waits, but no longer than until the system's clock jumps: time has come to the device by another way. */
  async #untilChanged(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { system } = this.#options;
    const began = performance.now();
    const start = system.now();
    while (!signal.aborted) {
      const elapsed = performance.now() - began;
      if (elapsed >= milliseconds || Math.abs(system.now() - start - elapsed) > JUMP) return;
      await sleep(system, Math.min(LOOK, milliseconds - elapsed), signal);
    }
  }
}

const run = promisify(execFile);
const SET_TIMEOUT = 10_000;

/** @param command program and arguments; `{seconds}` becomes the time since the epoch */
export function clockSetter([program = '', ...args]: readonly string[]): (time: number) => Promise<void> {
  return async (time) => {
    const seconds = String(Math.round(time / 1_000));
    await run(
      program,
      args.map((word) => word.replaceAll('{seconds}', seconds)),
      { timeout: SET_TIMEOUT },
    );
  };
}
