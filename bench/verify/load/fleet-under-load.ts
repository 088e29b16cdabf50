import { Fleet, type FleetCounts, type FleetOptions } from '../../../device-client/src/index.ts';

/**
 * Child-process entry: a fleet of simulated devices that also measures how long acknowledgements take.
 * `{ kind: 'start', options }` begins, `{ kind: 'stop' }` ends it; each is answered once with {@link LoadReport}.
 */
export type LoadCommand = { kind: 'start'; options: FleetOptions } | { kind: 'reset' } | { kind: 'stop' };
export type LoadReport =
  | { kind: 'started'; counts: FleetCounts; elapsedMs: number }
  | { kind: 'reset'; counts: FleetCounts }
  | { kind: 'failure'; serial: string; reason: string }
  | { kind: 'stopped'; counts: FleetCounts; acknowledgeMs: readonly number[] };

/** Quantiles that a report holds, of the time from the first publish to the PUBACK. */
export const QUANTILES = [0.5, 0.99, 1] as const;

function main(): void {
  let fleet: Fleet | undefined;
  let latencies: number[] = [];
  const report = (message: LoadReport): void => {
    if (process.connected) process.send?.(message);
  };
  const counts = (): FleetCounts => (fleet as Fleet).counts();
  const stop = async (): Promise<void> => {
    await fleet?.stop(60_000);
    const sorted = latencies.sort((a, b) => a - b);
    const acknowledgeMs = QUANTILES.map((quantile) => {
      return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? 0);
    });
    if (fleet !== undefined) report({ kind: 'stopped', counts: counts(), acknowledgeMs });
    process.disconnect?.();
    process.exit(0);
  };
  process.on('message', (command: LoadCommand) => {
    if (command.kind === 'stop') return void stop();
    if (command.kind === 'reset') {
      latencies = [];
      return report({ kind: 'reset', counts: counts() });
    }
    const began = performance.now();
    fleet = new Fleet(
      command.options,
      (serial, reason) => report({ kind: 'failure', serial, reason }),
      (device) => {
        const sent = new Map<string, number>();
        device.on('sent', (channel, { sequence }) => sent.set(`${channel} ${sequence}`, performance.now()));
        device.on('acknowledged', (channel, { sequence }) => {
          const key = `${channel} ${sequence}`;
          latencies.push(performance.now() - (sent.get(key) ?? Number.NaN));
          sent.delete(key);
        });
      },
    );
    void fleet.start().then(() => report({ kind: 'started', counts: counts(), elapsedMs: performance.now() - began }));
  });
  process.on('disconnect', () => process.exit(1));
  process.on('SIGINT', () => {});
}

main();
