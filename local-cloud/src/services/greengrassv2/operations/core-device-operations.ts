import type {
  DeleteCoreDeviceRequest,
  GetCoreDeviceRequest,
  GetCoreDeviceResponse,
  InstalledComponent,
  ListCoreDevicesRequest,
  ListCoreDevicesResponse,
  ListEffectiveDeploymentsRequest,
  ListEffectiveDeploymentsResponse,
  ListInstalledComponentsRequest,
  ListInstalledComponentsResponse,
} from '@aws-sdk/client-greengrassv2';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { effectiveDeployments } from '../core-devices/effective-deployments.ts';
import { readTarget } from '../deployments/read-deployment.ts';
import { conflict, validation } from '../errors.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import { DEFAULT_LISTED } from '../limits.ts';
import { page } from '../page.ts';
import type { CoreDeviceRecord, InstalledRecord } from '../records.ts';
import { resourceTags } from '../tags.ts';

/** AWS IoT Greengrass V2 API reference; service authorization reference, "Actions defined by AWS IoT Greengrass V2". */
export function coreDeviceOperations(state: GreengrassState): Operation[] {
  const permission = (action: string, thingName: string | undefined) => [
    {
      action: `greengrass:${action}`,
      resource: state.arn(`coreDevices:${thingName ?? ''}`),
      conditions: resourceTags(state.coreDevices.get(thingName ?? '')?.tags),
    },
  ];

  const get: Operation<GetCoreDeviceRequest, GetCoreDeviceResponse> = {
    name: 'GetCoreDevice',
    authorize: ({ coreDeviceThingName }) => permission('GetCoreDevice', coreDeviceThingName),
    handle({ coreDeviceThingName }) {
      const core = state.requireCoreDevice(coreDeviceThingName);
      return { ...summaryOf(core), coreVersion: core.version, tags: { ...core.tags } };
    },
  };

  const list: Operation<ListCoreDevicesRequest, ListCoreDevicesResponse> = {
    name: 'ListCoreDevices',
    authorize: () => [{ action: 'greengrass:ListCoreDevices', resource: '*' }],
    handle(input) {
      const { runtime, status, thingGroupArn } = input;
      new ConstraintViolations()
        .oneOf('status', status, ['HEALTHY', 'UNHEALTHY'])
        .oneOf('runtime', runtime, ['aws_nucleus_classic', 'aws_nucleus_lite'])
        .throwIfAny();
      const group = thingGroupArn === undefined ? undefined : readTarget(state, thingGroupArn);
      if (group?.kind === 'thing') throw validation(`${thingGroupArn} is not the ARN of a thing group`);
      // "Only core devices that have successfully deployed a deployment that targets the thing group."
      const sources = group === undefined ? undefined : state.arn(`configuration:thinggroup/${group.name}:`);
      const found = [...state.coreDevices.values()].filter(
        (core) =>
          (status === undefined || core.status === status) &&
          (runtime === undefined || core.runtime === runtime) &&
          (sources === undefined || hasSource(core, sources)),
      );
      const { items, token } = page(found, ({ thingName }) => thingName, input);
      return { coreDevices: items.map(summaryOf), ...token };
    },
  };

  const installed: Operation<ListInstalledComponentsRequest, ListInstalledComponentsResponse> = {
    name: 'ListInstalledComponents',
    authorize: ({ coreDeviceThingName }) => permission('ListInstalledComponents', coreDeviceThingName),
    handle(input) {
      const { coreDeviceThingName, topologyFilter = 'ROOT' } = input;
      new ConstraintViolations().oneOf('topologyFilter', topologyFilter, ['ALL', 'ROOT']).throwIfAny();
      const { components } = state.requireCoreDevice(coreDeviceThingName);
      const found = Object.entries(components).filter(([, { isRoot }]) => topologyFilter === 'ALL' || isRoot);
      const { items, token } = page(found, ([name]) => name, input, DEFAULT_LISTED);
      return { installedComponents: items.map(([name, component]) => installedView(state, name, component)), ...token };
    },
  };

  const effective: Operation<ListEffectiveDeploymentsRequest, ListEffectiveDeploymentsResponse> = {
    name: 'ListEffectiveDeployments',
    authorize: ({ coreDeviceThingName }) => permission('ListEffectiveDeployments', coreDeviceThingName),
    async handle(input, { principal }) {
      const { thingName } = state.requireCoreDevice(input.coreDeviceThingName);
      const found = await effectiveDeployments(state, principal, thingName);
      const { items, token } = page(found, ({ deploymentId }) => deploymentId ?? '', input);
      return { effectiveDeployments: items, ...token };
    },
  };

  const remove: Operation<DeleteCoreDeviceRequest, object> = {
    name: 'DeleteCoreDevice',
    authorize: ({ coreDeviceThingName }) => permission('DeleteCoreDevice', coreDeviceThingName),
    async handle({ coreDeviceThingName }, { principal }) {
      const { arn, thingName } = state.requireCoreDevice(coreDeviceThingName);
      const running = (await effectiveDeployments(state, principal, thingName)).find(
        ({ coreDeviceExecutionStatus }) => coreDeviceExecutionStatus === 'IN_PROGRESS',
      );
      if (running !== undefined) {
        throw conflict('coreDevice', arn, `The deployment ${running.deploymentId} is in progress on ${thingName}`);
      }
      state.coreDevices.delete(thingName);
      await state.context.store.durable();
      return {};
    },
  };

  return [get, list, installed, effective, remove];
}

function hasSource({ components }: CoreDeviceRecord, prefix: string): boolean {
  return Object.values(components).some(({ sources }) => sources.some((source) => source.startsWith(prefix)));
}

function summaryOf({ architecture, platform, runtime, status, statusAt, thingName }: CoreDeviceRecord) {
  return {
    coreDeviceThingName: thingName,
    status,
    lastStatusUpdateTimestamp: new Date(statusAt),
    platform,
    architecture,
    runtime,
  };
}

function installedView(state: GreengrassState, name: string, component: InstalledRecord): InstalledComponent {
  const { changedAt, isRoot, reportedAt, state: lifecycleState, stateReason, statusCodes, version } = component;
  return {
    componentName: name,
    componentVersion: version,
    lifecycleState,
    ...(stateReason !== undefined && { lifecycleStateDetails: stateReason }),
    isRoot,
    lastStatusChangeTimestamp: new Date(changedAt),
    lastReportedTimestamp: new Date(reportedAt),
    lastInstallationSource: sourceOf(state, component.sources),
    ...(statusCodes !== undefined && { lifecycleStatusCodes: [...statusCodes] }),
  };
}

/** "The source will be the ID of the last deployment that contained the component. For local deployments it will be LOCAL." */
function sourceOf(state: GreengrassState, sources: readonly string[]): string {
  const found = [...state.deployments.values()]
    .filter((deployment) => sources.includes(state.configurationArn(deployment)))
    .sort((a, b) => b.createdAt - a.createdAt)[0];
  return found?.id ?? 'LOCAL';
}
