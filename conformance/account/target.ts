import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { forkCloud } from '../../cli/processes/cloud-process.ts';
import { type AwsClientSettings, awsClientSettings, localClientSettings } from '../../cli/running-cloud.ts';
import type { CloudDescription } from '../../local-cloud/src/index.ts';

/** An AWS account with AWS IoT: the local cloud's, or a real one. */
export interface Target {
  readonly name: 'local cloud' | 'AWS';
  readonly settings: AwsClientSettings;
  readonly mqttHost: string;
  readonly mqttPort: number;
  /** CA of the server's certificate; undefined: one that Node.js knows. */
  readonly serverCaPem: string | undefined;
  /** ms after which something that happens by and by must have happened */
  readonly patience: number;
  close(): Promise<void>;
}

const MQTT_OVER_TLS_PORT = 8883;
const LOCAL_PATIENCE = 15_000;
const REMOTE_PATIENCE = 120_000;

export interface LocalTarget extends Target {
  readonly description: CloudDescription;
}

/** An empty account in a temporary directory. */
export async function openLocalTarget(): Promise<LocalTarget> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'fleetwright-account-'));
  const cloud = await forkCloud();
  const started = cloud.next('started');
  cloud.send({ kind: 'start', options: { dataDirectory, port: 0, mqttPort: 0 } });
  const { description } = await started;
  return {
    name: 'local cloud',
    description,
    settings: localClientSettings(description),
    mqttHost: description.mqttHost,
    mqttPort: description.mqttPort,
    serverCaPem: readFileSync(description.caFile, 'utf8'),
    patience: LOCAL_PATIENCE,
    async close() {
      await cloud.end({ kind: 'stop' });
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** The account that the environment's credentials belong to. Everything made there is deleted again. */
export async function openRemoteTarget(): Promise<Target> {
  const settings = awsClientSettings(undefined);
  const iot = new IoTClient(settings);
  const { endpointAddress = '' } = await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
  iot.destroy();
  return {
    name: 'AWS',
    settings,
    mqttHost: endpointAddress,
    mqttPort: MQTT_OVER_TLS_PORT,
    serverCaPem: undefined,
    patience: REMOTE_PATIENCE,
    close: () => Promise.resolve(),
  };
}
