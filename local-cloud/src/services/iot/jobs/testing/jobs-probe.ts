import type { ManualClock } from '../../../../core/clock.ts';
import type { DeviceConnection, MqttMessage } from '../../../../core/mqtt.ts';
import { ADMINISTRATOR, type TestCloud } from '../../../../testing/context.ts';
import type { IotOptions } from '../../plugin.ts';
import { type IotTestCloud, startIot } from '../../testing/iot-test-cloud.ts';

export interface Published {
  readonly topic: string;
  readonly body: Record<string, unknown>;
}

/** AWS IoT with jobs on a test cloud, the messages it publishes, and devices that ask by MQTT. */
export interface JobsProbe extends IotTestCloud {
  readonly published: Published[];
  /** Messages published to topics that end so since the last call, once there are `count`. */
  take(suffix: string, count?: number): Promise<Published[]>;
  /** Lets everything that is due be published. */
  settle(): Promise<void>;
  /** A request of the thing's device; answers its reply. `verb` such as `get`, `start-next`, `job-1/update`. */
  ask(thingName: string, verb: string, payload?: object | Buffer): Promise<Published>;
  data<O = Record<string, unknown>>(operation: string, input: object): Promise<O>;
  thingArn(name: string): string;
  groupArn(name: string): string;
  /** Creates things, and with `groupName` a group that holds them. */
  things(names: readonly string[], groupName?: string): Promise<void>;
  /** Creates a job on things, by default with a small document. */
  createJob(jobId: string, targets: readonly string[], more?: object): Promise<void>;
  executionStatus(jobId: string, thingName: string): Promise<string>;
  jobStatus(jobId: string): Promise<string>;
}

export async function startJobs(
  options: IotOptions & {
    directory?: string;
    clock?: ManualClock;
    prepare?: (cloud: TestCloud<ManualClock>) => void;
  } = {},
): Promise<JobsProbe> {
  const published: Published[] = [];
  const iot = await startIot({
    ...options,
    prepare(cloud) {
      const broker = cloud.ports.get('broker');
      cloud.ports.provide('broker', {
        ...broker,
        publish: (message: MqttMessage) => {
          published.push({ topic: message.topic, body: JSON.parse(message.payload.toString('utf8')) });
          return Promise.resolve();
        },
      });
      options.prepare?.(cloud);
    },
  });
  const { cloud, call } = iot;
  const thingArn = (name: string): string => `arn:aws:iot:us-east-1:123456789012:thing/${name}`;
  const groupArn = (name: string): string => `arn:aws:iot:us-east-1:123456789012:thinggroup/${name}`;
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 5; round++) {
      await cloud.store.durable();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    ...iot,
    published,
    settle,
    thingArn,
    groupArn,
    async take(suffix, count = 1) {
      const matching = () => published.filter(({ topic }) => topic.endsWith(suffix));
      for (let round = 0; round < 200 && matching().length < count; round++) await settle();
      await settle();
      const taken = matching();
      for (const message of taken) published.splice(published.indexOf(message), 1);
      return taken;
    },
    async ask(thingName, verb, payload = {}) {
      const connection: DeviceConnection = { clientId: thingName, principalId: 'test', sourceIp: '127.0.0.1' };
      await iot.publish(connection, `$aws/things/${thingName}/jobs/${verb}`, payload);
      return iot.takeReply();
    },
    data: (operation, input) => cloud.api.call(ADMINISTRATOR, 'iot-jobs-data-plane', operation, input),
    async things(names, groupName) {
      for (const thingName of names) await call('CreateThing', { thingName });
      if (groupName === undefined) return;
      await call('CreateThingGroup', { thingGroupName: groupName });
      for (const thingName of names) await call('AddThingToThingGroup', { thingGroupName: groupName, thingName });
    },
    async createJob(jobId, targets, more = {}) {
      await call('CreateJob', { jobId, targets, document: '{"operation":"test"}', ...more });
    },
    async executionStatus(jobId, thingName) {
      const { execution } = await call<{ execution: { status: string } }>('DescribeJobExecution', { jobId, thingName });
      return execution.status;
    },
    async jobStatus(jobId) {
      return (await call<{ job: { status: string } }>('DescribeJob', { jobId })).job.status;
    },
  };
}
