import { AGENT_COMMANDS } from '@fleetwright/contracts';
import type { DeviceClock } from '../clock.ts';
import { type CommandHandler, commandHandler } from '../commands/command-handler.ts';
import type { Device } from '../device.ts';
import { reasonOf } from '../errors.ts';
import type { JsonLog } from './json-log.ts';

export interface AgentCommandsOptions {
  readonly device: Pick<Device, 'flush' | 'reconnect' | 'rotation'> & {
    readonly telemetry: Pick<Device['telemetry'], 'stats'>;
  };
  readonly clock: DeviceClock;
  readonly log: Pick<JsonLog, 'info' | 'warn' | 'setTemporaryLevel'>;
  /** Sends a health message; resolves when the cloud has it. */
  readonly reportHealth: () => Promise<void>;
}

/** ms in which the outcome of `reconnect` can be told over the connection that it ends; else the next one tells it */
const RECONNECT_DELAY = 500;

/** What the agent does on command, as {@link AGENT_COMMANDS} has it. */
export function agentCommands({ clock, device, log, reportHealth }: AgentCommandsOptions): readonly CommandHandler[] {
  let levelTimer: { cancel(): void } | undefined;
  return [
    commandHandler({
      name: 'report-health',
      parameters: AGENT_COMMANDS['report-health'],
      async run() {
        await reportHealth();
        return 'reported';
      },
    }),
    commandHandler({
      name: 'flush-telemetry',
      parameters: AGENT_COMMANDS['flush-telemetry'],
      async run({ signal }) {
        const before = device.telemetry.stats.acknowledgedSamples;
        const flushed = await Promise.race([device.flush().then(() => true), whenAborted(signal)]);
        const { acknowledgedSamples, waiting } = device.telemetry.stats;
        if (!flushed) throw new Error(`${waiting} samples still wait`);
        return `${acknowledgedSamples - before} samples`;
      },
    }),
    commandHandler({
      name: 'set-log-level',
      parameters: AGENT_COMMANDS['set-log-level'],
      async run({ parameters: { level, seconds } }) {
        levelTimer?.cancel();
        log.setTemporaryLevel(level);
        levelTimer = clock.after(seconds * 1_000, () => {
          log.setTemporaryLevel(undefined);
          log.info('the log is kept as configured again');
        });
        return `${level} for ${seconds} s`;
      },
    }),
    commandHandler({
      name: 'reconnect',
      parameters: AGENT_COMMANDS.reconnect,
      async run() {
        const { phase } = device.rotation;
        if (phase !== 'idle') throw new Error(`a change of certificate is under way: ${phase}`);
        // Commands are a feature of the connection: it could not end while it waits for this one.
        clock.after(RECONNECT_DELAY, () => {
          log.info('a new connection is made, as commanded');
          device.reconnect().catch((error: unknown) => log.warn('no new connection', { reason: reasonOf(error) }));
        });
        return 'reconnecting';
      },
    }),
  ];
}

function whenAborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false);
    else signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}
