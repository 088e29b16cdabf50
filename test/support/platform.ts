import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type ClaimCredentials, type DeadLetter, deadLetterSchema } from '@fleetwright/contracts';
import { fetchClaim } from '../../cli/claim.ts';
import { type LaunchedPlatform, launchPlatform } from '../../cli/launch-platform.ts';
import { Ledger } from '../../cli/ledger.ts';
import { TimestreamReader } from '../../cli/timestream.ts';
import { createDevice, type Device } from '../../device-client/src/index.ts';
import { sharedAssembly } from './assembly.ts';
import { recordPermissions } from './permission-records.ts';

/** The platform as users run it, real processes and real mTLS, for tests of the whole way. */
export interface TestPlatform extends LaunchedPlatform {
  readonly directory: string;
  readonly claim: ClaimCredentials;
  readonly ledger: Ledger;
  readonly reader: TimestreamReader;
  readonly telemetryTable: string;
  /** A device with a fresh serial number and state directory; stopped with the platform. */
  device(serialNumber: string, options?: { deviceType?: string; site?: string }): Device;
  /** Takes dead letters until `count` are there. */
  deadLetters(count: number): Promise<DeadLetter[]>;
}

export interface TestPlatformOptions {
  /** State directory of an earlier platform. */
  readonly directory?: string;
  readonly assembly?: string;
  readonly keepDirectory?: boolean;
}

export async function startTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const directory = options.directory ?? temporaryDirectory();
  const platform = await launchPlatform({
    dataDirectory: join(directory, 'data'),
    port: 0,
    mqttPort: 0,
    assembly: options.assembly ?? (await sharedAssembly()),
  });
  const { description, outputs, settings } = platform;
  const claim = await fetchClaim(settings, outputs.ClaimSecretArn);
  const ledger = new Ledger(settings, outputs);
  const reader = new TimestreamReader(settings);
  const queues = new SQSClient(settings);
  const devices: Device[] = [];
  return {
    ...platform,
    directory,
    claim,
    ledger,
    reader,
    telemetryTable: `"${outputs.DatabaseName}"."${outputs.TelemetryTableName}"`,
    device(serialNumber, { deviceType, site } = {}) {
      const device = createDevice({
        endpoint: {
          host: description.mqttHost,
          port: description.mqttPort,
          serverCaPem: readFileSync(description.caFile, 'utf8'),
        },
        claim,
        stateDirectory: join(directory, 'devices', serialNumber),
        parameters: {
          SerialNumber: serialNumber,
          Site: site ?? (outputs.Sites.split(',')[0] as string),
          DeviceType: deviceType ?? (outputs.DeviceTypes.split(',')[0] as string),
        },
      });
      devices.push(device);
      return device;
    },
    async deadLetters(count) {
      const letters: DeadLetter[] = [];
      for (let attempt = 0; attempt < 60 && letters.length < count; attempt++) {
        const { Messages = [] } = await queues.send(
          new ReceiveMessageCommand({
            QueueUrl: outputs.RejectedQueueUrl,
            MaxNumberOfMessages: 10,
            WaitTimeSeconds: 1,
          }),
        );
        for (const { Body = '', ReceiptHandle } of Messages) {
          letters.push(deadLetterSchema.parse(JSON.parse(Body)));
          await queues.send(new DeleteMessageCommand({ QueueUrl: outputs.RejectedQueueUrl, ReceiptHandle }));
        }
      }
      return letters;
    },
    async stop() {
      await Promise.allSettled(devices.map((device) => device.stop()));
      ledger.close();
      reader.close();
      queues.destroy();
      await recordPermissions(description);
      await platform.stop();
      if (options.keepDirectory !== true) rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'fleetwright-e2e-'));
}
