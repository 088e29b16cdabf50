import { arn, parseArn } from '../../core/account.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { notFound, validation } from './errors.ts';
import type { ComponentVersionRecord, CoreDeviceRecord, DeploymentRecord, TargetRecord } from './records.ts';

/** Component versions, deployments and core devices of the account. */
export class GreengrassState {
  readonly context: CloudContext;
  /** By ARN. */
  readonly components: Collection<ComponentVersionRecord>;
  readonly deployments: Collection<DeploymentRecord>;
  /** By ARN of the target. */
  readonly targets: Collection<TargetRecord>;
  readonly coreDevices: Collection<CoreDeviceRecord>;

  constructor(context: CloudContext) {
    this.context = context;
    this.components = context.store.collection('greengrassv2/components');
    this.deployments = context.store.collection('greengrassv2/deployments');
    this.targets = context.store.collection('greengrassv2/targets');
    this.coreDevices = context.store.collection('greengrassv2/core-devices');
  }

  arn(resource: string): string {
    return arn(this.context.account, 'greengrass', resource);
  }

  componentArn(name: string, version?: string): string {
    return this.arn(`components:${name}${version === undefined ? '' : `:versions:${version}`}`);
  }

  /** @throws AwsError ValidationException, ResourceNotFoundException */
  requireComponent(componentArn: string | undefined): ComponentVersionRecord {
    if (!/^components:[^:]+:versions:[^:]+$/.test(parseArn(componentArn ?? '')?.resource ?? '')) {
      throw validation(`The ARN ${componentArn} is not that of a component version`);
    }
    const found = this.components.get(componentArn as string);
    if (found === undefined) throw notFound('componentVersion', componentArn as string);
    return found;
  }

  versionsOf(name: string): ComponentVersionRecord[] {
    return [...this.components.values()].filter((component) => component.name === name);
  }

  /** @throws AwsError ResourceNotFoundException */
  requireDeployment(id: string | undefined): DeploymentRecord {
    const found = this.deployments.get(id ?? '');
    if (found === undefined) throw notFound('deployment', id ?? '');
    return found;
  }

  isLatest(deployment: DeploymentRecord): boolean {
    return this.targets.get(deployment.target.arn)?.latest === deployment.id;
  }

  /** As the documents of deployments name them: `…:configuration:thinggroup/<name>:<revision>`. */
  configurationArn({ revision, target }: Pick<DeploymentRecord, 'revision' | 'target'>): string {
    return this.arn(`configuration:${target.kind}/${target.name}:${revision}`);
  }

  /** @throws AwsError ResourceNotFoundException */
  requireCoreDevice(thingName: string | undefined): CoreDeviceRecord {
    const found = this.coreDevices.get(thingName ?? '');
    if (found === undefined) throw notFound('coreDevice', thingName ?? '');
    return found;
  }
}
