import { EventEmitter } from 'node:events';
import { type CommandOutcome, type CommandRequest, commandTopic, outcomeTopic } from '@fleetwright/contracts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { DeviceFeature, FeatureContext } from '../feature.ts';
import { CloudTime } from '../replay/cloud-time.ts';
import { ReplayGuard } from '../replay/replay-guard.ts';
import type { CommandHandler } from './command-handler.ts';
import { CommandRunner } from './command-runner.ts';
import { CommandOutbox } from './outbox.ts';

export interface CommandsOptions {
  /** Made with `commandHandler`, one for each name. */
  readonly handlers: readonly CommandHandler[];
  /** The time as all features of the device hear it from the cloud. @default one of its own, which hears nothing */
  readonly time?: CloudTime | undefined;
}

export interface CommandsEvents {
  ended: [command: CommandRequest, outcome: CommandOutcome];
  /** Not begun: invalid, old, repeated or foreign. */
  refused: [reason: string, detail: string, commandId: string | undefined];
}

/** Commands over MQTT: each is carried out at most once, and not after its deadline. */
export class CommandsFeature extends EventEmitter<CommandsEvents> implements DeviceFeature {
  readonly name = 'commands';
  readonly #handlers: ReadonlyMap<string, CommandHandler>;
  readonly #time: CloudTime | undefined;
  #running: { runner: CommandRunner; unlink: () => void; end: () => Promise<void> } | undefined;
  #failed: string | undefined;

  /** @throws DeviceError `INPUT_INVALID` for two handlers of one name */
  constructor({ handlers, time }: CommandsOptions) {
    super();
    this.#time = time;
    const byName = new Map<string, CommandHandler>();
    for (const handler of handlers) {
      if (byName.has(handler.name)) throw new DeviceError('INPUT_INVALID', `two handlers for '${handler.name}'`);
      byName.set(handler.name, handler);
    }
    this.#handlers = byName;
  }

  async start(context: FeatureContext): Promise<void> {
    const { address, clock, identity, link, log, random, state } = context;
    const { thingName } = identity;
    const time = this.#time ?? new CloudTime({ clock });
    const topic = commandTopic(address);
    const outcomes = outcomeTopic(address);
    const runner = new CommandRunner({
      handlers: this.#handlers,
      guard: new ReplayGuard({ state, time, log, thingName, oneNonceEach: true }),
      time,
      outbox: new CommandOutbox(state, log),
      thingName,
      topic,
      tell: (outcome) => link.publish(outcomes, JSON.stringify(outcome), 1),
      connected: () => link.connected,
      clock,
      random,
      log,
      onRefused: (reason, detail, commandId) => this.emit('refused', reason, detail, commandId),
      onEnded: (command, outcome) => this.emit('ended', command, outcome),
    });
    runner.start();
    this.#failed = undefined;
    const subscription = link
      .subscribe(topic, (from, payload) => runner.receive(from, payload))
      .catch((error: unknown) => {
        this.#failed = reasonOf(error);
        log.error('commands cannot be received', { reason: this.#failed });
        return undefined;
      });
    const unlink = link.onConnected(() => runner.connected());
    this.#running = { runner, unlink, end: async () => (await subscription)?.end() };
  }

  status(): Readonly<Record<string, unknown>> {
    return this.#failed === undefined ? {} : { failed: this.#failed };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.unlink();
    await Promise.all([running.runner.stop(), running.end()]);
  }
}
