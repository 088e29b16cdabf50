import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { basicIngestTopic } from '@fleetwright/contracts';
import { fetchClaim } from '../../cli/claim.ts';
import { launchPlatform } from '../../cli/launch-platform.ts';
import { Ledger } from '../../cli/ledger.ts';
import { TimestreamReader } from '../../cli/timestream.ts';
import { createDevice } from '../../device-client/src/index.ts';
import type { CloudDescription, MeterName } from '../../local-cloud/src/index.ts';
import type { LoadClient } from '../load/load-order.ts';

export interface PlatformUnderTest {
  readonly description: CloudDescription;
  readonly reader: TimestreamReader;
  readonly ledger: Ledger;
  readonly telemetryTable: string;
  readonly devices: readonly Omit<LoadClient, 'bootId'>[];
  meters(): Promise<Partial<Record<MeterName, number>>>;
  stop(): Promise<void>;
}

/** The same path as `npm start`: synthesis, deploy, provisioning by claim. Only the publish rate limit is relaxed. */
export async function startPlatform(directory: string, deviceCount: number): Promise<PlatformUnderTest> {
  const platform = await launchPlatform({
    dataDirectory: join(directory, 'data'),
    port: 0,
    mqttPort: 0,
    publishesPerSecondPerConnection: Number.MAX_SAFE_INTEGER,
  });
  const { description, outputs, settings } = platform;
  const claim = await fetchClaim(settings, outputs.ClaimSecretArn);
  const devices: Omit<LoadClient, 'bootId'>[] = [];
  for (let index = 0; index < deviceCount; index++) {
    const serial = `BENCH-${String(index).padStart(4, '0')}`;
    const device = createDevice({
      endpoint: {
        host: description.mqttHost,
        port: description.mqttPort,
        serverCaPem: readFileSync(description.caFile, 'utf8'),
      },
      claim,
      stateDirectory: join(directory, 'devices', serial),
      parameters: {
        SerialNumber: serial,
        Site: outputs.Sites.split(',')[0] as string,
        DeviceType: outputs.DeviceTypes.split(',')[0] as string,
      },
    });
    await device.start();
    const { certificatePem, configuration, privateKeyPem, thingName } = device.identity;
    await device.stop();
    devices.push({
      clientId: thingName,
      topic: basicIngestTopic({ ...configuration, thingName }, 'telemetry', configuration.telemetryRule),
      certificatePem,
      privateKeyPem,
    });
  }
  const reader = new TimestreamReader(settings);
  const ledger = new Ledger(settings, outputs);
  return {
    description,
    reader,
    ledger,
    telemetryTable: `"${outputs.DatabaseName}"."${outputs.TelemetryTableName}"`,
    devices,
    meters: platform.meters,
    async stop() {
      reader.close();
      ledger.close();
      await platform.stop();
    },
  };
}
