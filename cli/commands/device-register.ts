import { readFileSync } from 'node:fs';
import { deviceTypeGroupName, siteGroupName } from '@fleetwright/contracts';
import { readManufacturingList } from '../device/manufacturing-list.ts';
import { registerDevice } from '../device/register-device.ts';
import { Failure } from '../failure.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageResources, stageStacks } from '../operator/stage-stacks.ts';
import { physicalIds } from '../purge/inventory.ts';

export interface DeviceRegisterOptions extends StageOptions {
  readonly json?: boolean;
  readonly site: string;
  readonly deviceType: string;
  /** PEM file of a signing request, which AWS IoT signs; the certificate goes to standard output. */
  readonly csr?: string;
  /** PEM file of a certificate. */
  readonly certificate?: string;
  /** PEM file of the CA that signed it, where it is registered. */
  readonly caCertificate?: string;
}

/** `fleetwright device register`: registers one device by hand. Doing it again goes on where it stopped. */
export async function deviceRegister(serialNumber: string, options: DeviceRegisterOptions): Promise<void> {
  const { caCertificate, certificate, csr, deviceType, site } = options;
  const stage = openStage(options);
  await withClients(stage, async ({ cloudFormation, iot }) => {
    const stacks = await stageStacks(cloudFormation, stage);
    const outputs = stageOutputs(stacks, stage, ['Sites', 'DeviceTypes']);
    // The list of one: what is good there is good here.
    const cells = [serialNumber, site, deviceType, certificate ?? '', csr ?? ''].map(
      (cell) => `"${cell.replaceAll('"', '""')}"`,
    );
    const { bad, devices } = readManufacturingList(`serialNumber,site,deviceType,certificate,csr\n${cells.join()}\n`, {
      sites: outputs.Sites.split(','),
      deviceTypes: outputs.DeviceTypes.split(','),
      now: Date.now(),
      readFile: (path) => readFileSync(path, 'utf8'),
    });
    const [device] = devices;
    if (device === undefined) throw new Failure(`${serialNumber}: ${bad[0]?.reason ?? 'it cannot be registered'}`);
    const groups = new Set(physicalIds(await stageResources(cloudFormation, stacks), 'AWS::IoT::ThingGroup'));
    let certificatePem: string | undefined;
    const registered = await registerDevice(device, {
      iot,
      names: stage.names,
      groupsOf: () =>
        [siteGroupName(stage.prefix, site), deviceTypeGroupName(stage.prefix, deviceType)].filter((name) =>
          groups.has(name),
        ),
      keepCertificate: (_serialNumber, pem) => {
        certificatePem = pem;
      },
      ...(caCertificate !== undefined && { caPem: readFileSync(caCertificate, 'utf8') }),
    });
    const { before, certificateId, thingName } = registered;
    if (options.json === true) {
      process.stdout.write(`${JSON.stringify({ thingName, certificateId, before, certificatePem })}\n`);
    } else if (certificatePem !== undefined) {
      process.stdout.write(certificatePem.endsWith('\n') ? certificatePem : `${certificatePem}\n`);
    }
    process.stderr.write(
      `${thingName} ${before ? 'was registered before' : 'is registered'}: certificate ${certificateId}\n`,
    );
  });
}
