import {
  GetCoreDeviceCommand,
  GreengrassV2Client,
  ListCoreDevicesCommand,
  ListEffectiveDeploymentsCommand,
  ListInstalledComponentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { Failure, messageOf } from '../failure.ts';
import { formatTable } from '../output/table.ts';
import { localClientSettings, runningCloud } from '../running-cloud.ts';

export interface EdgeStatusOptions {
  readonly dataDir: string;
  readonly json?: boolean;
}

/** `fleetwright edge status [thing]`: what the cloud knows of its cores, or of one. @throws Failure */
export async function edgeStatus(thingName: string | undefined, options: EdgeStatusOptions): Promise<void> {
  const client = new GreengrassV2Client(localClientSettings(runningCloud(options.dataDir)));
  try {
    const status = thingName === undefined ? await coresOf(client) : await coreOf(client, thingName);
    process.stdout.write(`${options.json === true ? JSON.stringify(status.json) : status.text}\n`);
  } catch (error) {
    throw new Failure(messageOf(error), 1, { cause: error });
  } finally {
    client.destroy();
  }
}

async function coresOf(client: GreengrassV2Client) {
  const { coreDevices = [] } = await client.send(new ListCoreDevicesCommand({}));
  const rows = coreDevices.map(({ architecture, coreDeviceThingName, lastStatusUpdateTimestamp, status }) => [
    coreDeviceThingName ?? '',
    status ?? '',
    architecture ?? '',
    timeOf(lastStatusUpdateTimestamp),
  ]);
  return { json: coreDevices, text: formatTable({ columns: ['core', 'status', 'architecture', 'reported'], rows }) };
}

async function coreOf(client: GreengrassV2Client, coreDeviceThingName: string) {
  const { $metadata: _metadata, ...core } = await client.send(new GetCoreDeviceCommand({ coreDeviceThingName }));
  const { installedComponents = [] } = await client.send(
    new ListInstalledComponentsCommand({ coreDeviceThingName, topologyFilter: 'ALL' }),
  );
  const { effectiveDeployments = [] } = await client.send(new ListEffectiveDeploymentsCommand({ coreDeviceThingName }));
  const components = installedComponents.map((component) => [
    component.componentName ?? '',
    component.componentVersion ?? '',
    component.lifecycleState ?? '',
    component.isRoot === true ? 'deployed' : 'dependency',
  ]);
  const deployments = effectiveDeployments.map((deployment) => [
    deployment.deploymentId ?? '',
    deployment.targetArn?.split(':').at(-1) ?? '',
    deployment.coreDeviceExecutionStatus ?? '',
    deployment.reason ?? '',
  ]);
  const text = [
    `${coreDeviceThingName}: ${core.status}, nucleus ${core.coreVersion}, reported ${timeOf(core.lastStatusUpdateTimestamp)}`,
    formatTable({ columns: ['component', 'version', 'state', 'because'], rows: components }),
    formatTable({ columns: ['deployment', 'target', 'status', 'reason'], rows: deployments }),
  ];
  return { json: { ...core, installedComponents, effectiveDeployments }, text: text.join('\n\n') };
}

function timeOf(date: Date | undefined): string {
  return date?.toISOString() ?? '';
}
