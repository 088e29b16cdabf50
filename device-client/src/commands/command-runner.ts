import {
  type CommandOutcome,
  type CommandRequest,
  commandRequestSchema,
  MAX_DEADLINE_SECONDS,
} from '@fleetwright/contracts';
import * as z from 'zod';
import { type BackoffPolicy, backoffDelay } from '../backoff.ts';
import { type DeviceClock, sleep } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import type { CloudTime } from '../replay/cloud-time.ts';
import { orderDigest } from '../replay/order-digest.ts';
import type { ReplayGuard } from '../replay/replay-guard.ts';
import type { CommandHandler } from './command-handler.ts';
import type { CommandOutbox, TakenCommand } from './outbox.ts';

export interface CommandRunnerOptions {
  readonly handlers: ReadonlyMap<string, CommandHandler>;
  readonly guard: ReplayGuard;
  readonly time: CloudTime;
  readonly outbox: CommandOutbox;
  readonly thingName: string;
  readonly topic: string;
  /** Resolves when the broker has it. */
  readonly tell: (outcome: CommandOutcome) => Promise<void>;
  readonly connected: () => boolean;
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly log: DeviceLog;
  readonly onRefused: (reason: string, detail: string, commandId: string | undefined) => void;
  readonly onEnded: (command: CommandRequest, outcome: CommandOutcome) => void;
}

/** characters, as the contract has it */
const MAX_DETAIL = 2_048;
/** bytes; above it a payload is no command: parameters of 64 KiB and what surrounds them */
const MAX_PAYLOAD = 131_072;
/** ms that a command waits for the cloud to tell the time, where the device's clock cannot be right */
const TIME_PATIENCE = 5_000;
/** Commands that wait for their turn at most. */
const MAX_WAITING = 64;
/** ms that a handler gets to notice that the agent stops */
const STOP_GRACE = 700;
const RETRY: BackoffPolicy = { base: 1_000, cap: 30_000 };

/**
 * Carries commands out, one after the other in the order in which they came.
 *
 * INVARIANTS
 * - A command is on disk as taken before its handler is called, and one that is on disk is never begun again.
 * - Its outcome is on disk before it is told, and told until the broker has it.
 * - Nothing is said to a command that is not this device's, or whose nonce or id came with another.
 */
export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #stop = new AbortController();
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #telling: Promise<void> | undefined;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
  }

  /** What an earlier life of the agent has begun and not ended is failed. */
  start(): void {
    const { log, outbox } = this.#options;
    for (const taken of outbox.list) {
      if (taken.outcome !== undefined) continue;
      log.warn('a command was interrupted by a restart', { commandId: taken.commandId, name: taken.name });
      this.#record(taken, 'failed', 'INTERRUPTED: the agent restarted while it ran; it may have been carried out');
    }
  }

  connected(): void {
    this.#tellAll();
  }

  /** Resolves when the running handler has ended, or did not notice in time: then its command counts as interrupted. */
  async stop(): Promise<void> {
    const { clock, outbox } = this.#options;
    this.#stop.abort();
    const waited = new AbortController();
    await Promise.race([this.#queue, sleep(clock, STOP_GRACE, waited.signal)]);
    waited.abort();
    outbox.close();
  }

  /** Takes a message of the command topic. */
  receive(topic: string, payload: Uint8Array): void {
    const { log, topic: own } = this.#options;
    if (this.#stop.signal.aborted) return;
    if (topic !== own) {
      this.#refuse('FOREIGN', `it came on ${topic}`, undefined);
      return;
    }
    const command = this.#read(payload);
    if (command === undefined) return;
    if (this.#waiting >= MAX_WAITING) {
      this.#refuse('TOO_MANY', `${MAX_WAITING} are waiting`, command.commandId);
      return;
    }
    this.#waiting++;
    this.#queue = this.#queue
      .then(() => this.#take(command))
      .catch((error: unknown) =>
        log.error('a command is held up', { commandId: command.commandId, reason: reasonOf(error) }),
      )
      .finally(() => {
        this.#waiting--;
      });
  }

  #read(payload: Uint8Array): CommandRequest | undefined {
    if (payload.byteLength > MAX_PAYLOAD) {
      this.#refuse('INVALID', `${payload.byteLength} bytes`, undefined);
      return undefined;
    }
    try {
      const parsed = commandRequestSchema.safeParse(
        JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)),
      );
      if (parsed.success) return parsed.data;
      this.#refuse('INVALID', z.prettifyError(parsed.error), undefined);
    } catch (error) {
      this.#refuse('INVALID', reasonOf(error), undefined);
    }
    return undefined;
  }

  async #take(command: CommandRequest): Promise<void> {
    const { guard, outbox, thingName, time } = this.#options;
    if (this.#stop.signal.aborted) return;
    const { commandId, expiresAt, issuedAt, name, nonce } = command;
    if (!guard.timeTrusted) await time.whenHeard(TIME_PATIENCE);
    if (this.#stop.signal.aborted) return;
    const known = outbox.find(commandId);
    const taken: TakenCommand = { commandId, nonce, name, expiresAt, told: false };
    const digest = orderDigest(command);
    const addressee = command.thingName ?? thingName;
    // On record as taken first: killed in between, the device says that it was interrupted rather than nothing.
    const verdict = guard.admit({ subject: commandId, nonce, digest, issuedAt, expiresAt, addressee }, () => {
      if (known?.nonce !== nonce) outbox.put(taken);
    });
    if (known !== undefined && known.nonce === nonce) {
      this.#repeat(known);
    } else if (!verdict.admitted) {
      this.#refuse(verdict.reason, verdict.detail, commandId);
      // Its issuer, who alone has the nonce, learns why; an attacker with an old message learns nothing.
      if (verdict.reason !== 'REPLAYED' && verdict.reason !== 'FOREIGN') {
        this.#record(taken, 'failed', `${verdict.reason}: ${verdict.detail}`);
      }
    } else if (verdict.again) {
      // Its record is gone: it may have been carried out.
      this.#refuse('REPLAYED', 'it was taken before', commandId);
    } else {
      await this.#run(command, taken);
    }
  }

  async #run(command: CommandRequest, taken: TakenCommand): Promise<void> {
    const { clock, handlers, log, onEnded } = this.#options;
    const { commandId, expiresAt, name } = command;
    const end = (status: 'done' | 'failed', detail: string | undefined): void => {
      const outcome = this.#record(taken, status, detail);
      log.info('a command has ended', { commandId, name, status });
      onEnded(command, outcome);
    };
    const handler = handlers.get(name);
    if (handler === undefined) return end('failed', `UNKNOWN_COMMAND: this device has no command '${name}'`);
    const parameters = handler.parameters.safeParse(command.parameters);
    if (!parameters.success) return end('failed', `PARAMETERS_INVALID: ${z.prettifyError(parameters.error)}`);
    // Not waited for: the final word stands without it.
    void this.#say(taken, 'accepted').catch(() => {});
    const deadline = new AbortController();
    const left = Math.min(Math.max(0, expiresAt - this.#options.guard.now), MAX_DEADLINE_SECONDS * 1_000);
    const timer = clock.after(left, () => deadline.abort(new Error('its time is over')));
    try {
      const signal = AbortSignal.any([this.#stop.signal, deadline.signal]);
      const detail = await handler.run({ commandId, parameters: parameters.data, expiresAt, signal });
      end('done', detail);
    } catch (error) {
      end('failed', reasonOf(error));
    } finally {
      timer.cancel();
    }
  }

  /** A message that came twice: its outcome may not have got through. */
  #repeat(known: TakenCommand): void {
    const { log, outbox } = this.#options;
    log.debug('a command came again', { commandId: known.commandId });
    if (known.outcome === undefined) return;
    outbox.put({ ...known, told: false });
    this.#tellAll();
  }

  #record(taken: TakenCommand, status: 'done' | 'failed', detail: string | undefined): CommandOutcome {
    const { commandId, nonce } = taken;
    const words = detail?.slice(0, MAX_DETAIL);
    const outcome: CommandOutcome = {
      version: 1,
      commandId,
      nonce,
      status,
      ...(words !== undefined && { detail: words }),
    };
    this.#options.outbox.put({ ...taken, outcome, told: false });
    this.#tellAll();
    return outcome;
  }

  #say({ commandId, nonce }: TakenCommand, status: 'accepted'): Promise<void> {
    return this.#options.tell({ version: 1, commandId, nonce, status });
  }

  #tellAll(): void {
    this.#telling ??= this.#tellWaiting().finally(() => {
      this.#telling = undefined;
    });
  }

  async #tellWaiting(): Promise<void> {
    const { clock, connected, log, outbox, random, tell } = this.#options;
    for (let failures = 0; !this.#stop.signal.aborted && connected(); ) {
      const next = outbox.list.find(({ outcome, told }) => outcome !== undefined && !told);
      if (next?.outcome === undefined) return;
      try {
        await tell(next.outcome);
        outbox.put({ ...next, told: true });
        failures = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        log.warn('an outcome is told again', { commandId: next.commandId, reason: reasonOf(error) });
        await sleep(clock, backoffDelay(RETRY, failures++, random()), this.#stop.signal);
      }
    }
  }

  #refuse(reason: string, detail: string, commandId: string | undefined): void {
    this.#options.log.warn('a command is refused', { reason, detail, ...(commandId !== undefined && { commandId }) });
    this.#options.onRefused(reason, detail, commandId);
  }
}
