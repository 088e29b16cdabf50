import { reasonOf } from './errors.ts';
import { Fleet, type FleetCounts, type FleetOptions } from './simulation/fleet.ts';

/**
 * Child-process entry: a fleet of simulated devices, steered over IPC.
 * Every message of the parent is one of {@link FleetCommand} (`patience` in ms, for what is not acknowledged yet); every answer one of {@link FleetReport}.
 * The process ends with its fleet, or when the parent is gone.
 */
export type FleetCommand = { kind: 'start'; options: FleetOptions } | { kind: 'stop'; patience?: number };
export type FleetReport =
  | { kind: 'counts'; counts: FleetCounts }
  | { kind: 'started'; counts: FleetCounts }
  | { kind: 'failure'; serial: string; reason: string }
  | { kind: 'stopped'; counts: FleetCounts };

const REPORT_INTERVAL = 250;

function main(): void {
  let fleet: Fleet | undefined;
  let stopping = false;
  const report = (message: FleetReport): void => {
    if (process.connected) process.send?.(message);
  };
  const counts = (): FleetCounts => (fleet as Fleet).counts();
  const stop = async (patience?: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await fleet?.stop(patience);
    if (fleet !== undefined) report({ kind: 'stopped', counts: counts() });
    process.disconnect?.();
    process.exit(0);
  };
  process.on('message', (command: FleetCommand) => {
    if (command.kind === 'stop') return void stop(command.patience);
    fleet = new Fleet(command.options, (serial, reason) => report({ kind: 'failure', serial, reason }));
    setInterval(() => report({ kind: 'counts', counts: counts() }), REPORT_INTERVAL).unref();
    fleet.start().then(
      () => report({ kind: 'started', counts: counts() }),
      (error) => report({ kind: 'failure', serial: '*', reason: reasonOf(error) }),
    );
  });
  process.on('disconnect', () => void stop());
  // The terminal sends Ctrl-C to the whole process group; the parent decides when this process stops.
  process.on('SIGINT', () => {});
}

main();
