import { systemClock } from '../../../../core/clock.ts';
import { systemEntropy } from '../../../../core/entropy.ts';
import { ADMINISTRATOR, createTestCloud } from '../../../../testing/context.ts';
import { createIotPlugin } from '../../plugin.ts';

/**
 * Creates jobs without end and works on them as a device does, and prints `<job> <status> <version>` for each answer,
 * until it is killed. Arguments: the data directory, and what the ids of its jobs begin with.
 */
async function main(directory: string, prefix: string): Promise<void> {
  const cloud = createTestCloud({ clock: systemClock, entropy: systemEntropy, directory });
  cloud.ports.provide('reservedTopics', { register: () => undefined, find: () => undefined });
  cloud.ports.provide('broker', {
    publish: () => Promise.resolve(),
    reply: () => undefined,
    disconnect: () => undefined,
    connectedClients: () => [],
    onPresence: () => undefined,
  });
  await cloud.use(createIotPlugin).start?.();
  const call = <O>(service: 'iot' | 'iot-jobs-data-plane', operation: string, input: object): Promise<O> =>
    cloud.dispatcher.call(ADMINISTRATOR, service, operation, input);
  const work = async (thingName: string): Promise<never> => {
    await call('iot', 'CreateThing', { thingName });
    const targets = [`arn:aws:iot:us-east-1:123456789012:thing/${thingName}`];
    for (let number = 0; ; number++) {
      const jobId = `${prefix}-${thingName}-${number}`;
      await call('iot', 'CreateJob', { jobId, targets, document: '{}' });
      process.stdout.write(`${jobId} QUEUED 1\n`);
      for (const status of ['IN_PROGRESS', 'SUCCEEDED']) {
        const { executionState } = await call<Updated>('iot-jobs-data-plane', 'UpdateJobExecution', {
          jobId,
          thingName,
          status,
          includeJobExecutionState: true,
        });
        process.stdout.write(`${jobId} ${status} ${executionState.versionNumber}\n`);
      }
    }
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(work));
}

interface Updated {
  readonly executionState: { readonly versionNumber: number };
}

void main(process.argv[2] as string, process.argv[3] as string);
