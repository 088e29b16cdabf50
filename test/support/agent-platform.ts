import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateJobCommand,
  DescribeJobExecutionCommand,
  DescribeThingCommand,
  IoTClient,
  type JobExecution,
} from '@aws-sdk/client-iot';
import type { JobDocument } from '@fleetwright/contracts';
import type { DeviceFeature } from '../../device-client/src/feature.ts';
import { createDevice, type Device } from '../../device-client/src/index.ts';
import { eventually } from './eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from './platform.ts';

/** A platform with devices that run features of the agent, over real mTLS. */
export interface AgentPlatform {
  readonly platform: TestPlatform;
  readonly iot: IoTClient;
  /** Starts a device, or starts it again on the state directory of its serial number. */
  start(serialNumber: string, features: readonly DeviceFeature[], through?: { readonly port: number }): Promise<Device>;
  /** Creates a job for one thing. */
  createJob(jobId: string, thingName: string, document: object, options?: object): Promise<void>;
  execution(jobId: string, thingName: string, executionNumber?: number): Promise<JobExecution>;
  /** Waits for an execution to have a status. */
  reached(
    jobId: string,
    thingName: string,
    status: NonNullable<JobExecution['status']>,
    timeout?: number,
  ): Promise<{ execution: JobExecution; details: Record<string, string> }>;
  stop(): Promise<void>;
}

export async function startAgentPlatform(): Promise<AgentPlatform> {
  const directory = temporaryDirectory();
  const platform = await startTestPlatform({ directory });
  const iot = new IoTClient(platform.settings);
  const devices: Device[] = [];
  const { description, outputs } = platform;
  const execution = async (jobId: string, thingName: string, executionNumber?: number) => {
    const answer = await iot.send(new DescribeJobExecutionCommand({ jobId, thingName, executionNumber }));
    return answer.execution as JobExecution;
  };
  return {
    platform,
    iot,
    async start(serialNumber, features, through) {
      const device = createDevice({
        endpoint: {
          host: description.mqttHost,
          port: through?.port ?? description.mqttPort,
          serverCaPem: readFileSync(description.caFile, 'utf8'),
        },
        claim: platform.claim,
        stateDirectory: join(directory, 'devices', serialNumber),
        parameters: {
          SerialNumber: serialNumber,
          Site: outputs.Sites.split(',')[0] as string,
          DeviceType: outputs.DeviceTypes.split(',')[0] as string,
        },
        features,
        maxReconnectDelay: 1_000,
      });
      devices.push(device);
      await device.start();
      return device;
    },
    async createJob(jobId, thingName, document, options = {}) {
      const { thingArn } = await iot.send(new DescribeThingCommand({ thingName }));
      await iot.send(
        new CreateJobCommand({ jobId, targets: [thingArn as string], document: JSON.stringify(document), ...options }),
      );
    },
    execution,
    async reached(jobId, thingName, status, timeout) {
      const found = await eventually(
        `${jobId} ${status}`,
        async () => {
          const current = await execution(jobId, thingName);
          return current.status === status && current;
        },
        timeout,
      );
      return { execution: found, details: found.statusDetails?.detailsMap ?? {} };
    },
    async stop() {
      await Promise.allSettled(devices.map((device) => device.stop()));
      iot.destroy();
      await platform.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What every job document has in common, good for `lifetime` ms. */
export function issued(lifetime = 600_000): Pick<JobDocument, 'version' | 'nonce' | 'issuedAt' | 'expiresAt'> {
  const issuedAt = Date.now();
  return { version: 1, nonce: randomBytes(16).toString('hex'), issuedAt, expiresAt: issuedAt + lifetime };
}
