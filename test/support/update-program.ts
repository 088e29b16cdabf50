import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClaimCredentials, ProvisioningParameters, TrustedKeySet } from '@fleetwright/contracts';
import { createDevice } from '../../device-client/src/device.ts';
import type { DeviceLog } from '../../device-client/src/feature.ts';
import { JobsFeature } from '../../device-client/src/jobs/jobs-feature.ts';
import { nodeDisk } from '../../device-client/src/update/disk/node-disk.ts';
import { launchedFrom, REBOOT_EXIT_CODE } from '../../device-client/src/update/launcher/slot-environment.ts';
import { DirectorySlots } from '../../device-client/src/update/slots/directory-slots.ts';
import { createUpdateFeature } from '../../device-client/src/update/update-feature.ts';

/** What the programs of the update tests are told; the path of its JSON is their first argument's environment variable. */
export interface UpdateProgramSettings {
  readonly stateDirectory: string;
  readonly endpoint: { readonly host: string; readonly port: number; readonly serverCaPem: string };
  readonly claim: ClaimCredentials;
  readonly parameters: ProvisioningParameters;
  readonly trustedKeys: TrustedKeySet;
  readonly prefer: 'http' | 'stream';
}

export const SETTINGS_VARIABLE = 'FLEETWRIGHT_TEST_SETTINGS';

/** What firmware of the update tests does: the agent with jobs and updates, and an application that works or does not. */
export async function runFirmware(version: string, application: 'works' | 'fails'): Promise<void> {
  const settings = JSON.parse(readFileSync(process.env[SETTINGS_VARIABLE] ?? '', 'utf8')) as UpdateProgramSettings;
  const from = launchedFrom(process.env);
  if (from === undefined) throw new Error('this firmware is started by a launcher');
  writeFileSync(join(settings.stateDirectory, 'boots'), `${version} ${from.slot}\n`, { flag: 'a' });
  const line = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    void process.stderr.write(`${JSON.stringify({ level, version, message, ...fields })}\n`);
  const log: DeviceLog = { debug: () => {}, info: line('info'), warn: line('warn'), error: line('error') };
  let code = 0;
  const end = async (): Promise<void> => {
    await device.stop();
    process.exit(code);
  };
  const update = createUpdateFeature({
    slots: new DirectorySlots({ disk: nodeDisk, root: from.root, running: from.slot }),
    reboot: {
      reboot: () => {
        code = REBOOT_EXIT_CODE;
        setImmediate(end);
      },
    },
    trustedKeys: settings.trustedKeys,
    hardwareRevision: 'rev-b',
    downloadCaPem: settings.endpoint.serverCaPem,
    prefer: settings.prefer,
    selfTestTime: 30_000,
    checks: [
      {
        name: 'pump',
        check: async (signal) => {
          if (application === 'works') return;
          // Asked as long as the test's time goes: so it ends at once.
          signal.throwIfAborted();
          throw new Error('the pump does not answer');
        },
      },
    ],
    ...(application === 'fails' && { selfTestTime: 4_000 }),
  });
  const device = createDevice({
    ...settings,
    features: [update, new JobsFeature({ handlers: [update.handler] })],
    maxReconnectDelay: 2_000,
    log,
  });
  process.once('SIGTERM', end);
  await device.start({ offline: true });
}
