import { type CloudWarning, type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';
import { CloudError, messageOf } from './core/errors.ts';
import type { MeterName } from './core/meter.ts';
import type { CloudDescription } from './description.ts';
import type { DeployStep } from './template/deploy-stack.ts';

/**
 * Child-process entry: a local cloud steered over IPC. `start` opens the listeners, `deploy` brings an assembly in,
 * `stop` ends it cleanly and keeps its state. The cloud also ends when its parent is gone.
 */
export type CloudCommand =
  | { kind: 'start'; options: Omit<LocalCloudOptions, 'clock' | 'entropy' | 'onFatal' | 'onWarning' | 'threads'> }
  | { kind: 'deploy'; assembly: string }
  | { kind: 'meters' }
  | { kind: 'stop' };

export type CloudReport =
  | { kind: 'started'; description: CloudDescription }
  | { kind: 'step'; step: DeployStep }
  | { kind: 'deployed'; description: CloudDescription; deployedStacks: readonly string[] }
  | { kind: 'meters'; meters: Partial<Record<MeterName, number>>; cpuMicroseconds: number; residentBytes: number }
  | { kind: 'failed'; code: string; message: string }
  | { kind: 'warning'; warning: CloudWarning }
  | { kind: 'stopped' };

function main(): void {
  let cloud: LocalCloud | undefined;
  let ending: Promise<void> | undefined;
  const report = (message: CloudReport): void => {
    if (process.connected) process.send?.(message);
  };
  const end = (): Promise<void> => {
    ending ??= (async () => {
      await cloud?.stop();
      report({ kind: 'stopped' });
      process.disconnect?.();
      process.exit(0);
    })();
    return ending;
  };
  const fail = (error: unknown): void => {
    const code = error instanceof CloudError ? error.code : 'UNEXPECTED';
    report({ kind: 'failed', code, message: messageOf(error) });
    if (!(error instanceof CloudError)) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  };
  const obey = async (command: CloudCommand): Promise<void> => {
    switch (command.kind) {
      case 'start':
        cloud = await startLocalCloud({
          ...command.options,
          threads: threadsOf(process.argv.slice(2)),
          onWarning: (warning) => report({ kind: 'warning', warning }),
          onFatal(error) {
            fail(error);
            // Nothing can be kept any more: what was acknowledged is on disk, the rest was not acknowledged.
            setImmediate(() => process.exit(1));
          },
        });
        return report({ kind: 'started', description: cloud.describe() });
      case 'deploy': {
        if (cloud === undefined) throw new CloudError('RESOURCE_FAILED', 'deploy before start');
        const records = await cloud.deploy(command.assembly, (step) => report({ kind: 'step', step }));
        const deployedStacks = records.map(({ stackName }) => stackName);
        return report({ kind: 'deployed', description: cloud.describe(), deployedStacks });
      }
      case 'meters':
        return report({
          kind: 'meters',
          meters: cloud?.meters() ?? {},
          cpuMicroseconds: process.cpuUsage().user + process.cpuUsage().system,
          residentBytes: process.memoryUsage.rss(),
        });
      case 'stop':
        return end();
    }
  };
  process.on('message', (command: CloudCommand) => void obey(command).catch(fail));
  process.on('disconnect', () => void end());
  // The terminal sends Ctrl-C to the whole process group; the parent decides when the cloud stops.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => void end());
}

/** Arguments `<plugin>=<module>`: services with a thread of their own. */
function threadsOf(options: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    options.map((option) => {
      const at = option.indexOf('=');
      return [option.slice(0, at), option.slice(at + 1)];
    }),
  );
}

main();
