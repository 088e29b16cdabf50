import type {
  ComponentDeploymentSpecification,
  CreateDeploymentRequest,
  DeploymentIoTJobConfiguration,
  DeploymentPolicies,
} from '@aws-sdk/client-greengrassv2';
import { administratorOf } from '../../../core/iam/administrator.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { JsonValue } from '../../../core/shadows.ts';
import { isObject } from '../components/read-recipe.ts';
import type { Deployments } from '../deployments/deployments.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import { withTags } from '../tags.ts';

interface DeploymentProperties {
  TargetArn: string;
  DeploymentName?: string;
  Components?: Record<string, JsonValue>;
  IotJobConfiguration?: JsonValue;
  DeploymentPolicies?: JsonValue;
  Tags?: Record<string, string>;
}

/** Numbers of the property types, which templates may write as text. */
const NUMBERS: ReadonlySet<string> = new Set([
  'baseRatePerMinute',
  'cpus',
  'inProgressTimeoutInMinutes',
  'incrementFactor',
  'maximumPerMinute',
  'memory',
  'minNumberOfExecutedThings',
  'numberOfNotifiedThings',
  'numberOfSucceededThings',
  'thresholdPercentage',
  'timeoutInSeconds',
]);

/** AWS::GreengrassV2::Deployment. `ParentTargetArn` is left out, and so refuses. Every change but of tags is another deployment. */
export function deploymentResource(
  state: GreengrassState,
  deployments: Deployments,
): ResourceProvider<DeploymentProperties> {
  const administrator = administratorOf(state.context.account);
  const replaceOn = ['TargetArn', 'DeploymentName', 'Components', 'IotJobConfiguration', 'DeploymentPolicies'];
  return {
    type: 'AWS::GreengrassV2::Deployment',
    replaceOn,
    properties: [...replaceOn, 'Tags'],
    async create(properties) {
      const { id } = await deployments.create(administrator, inputOf(properties));
      return stateOf(id);
    },
    async update({ Tags }, _previous, { physicalId }) {
      const deployment = state.requireDeployment(physicalId);
      state.deployments.put(physicalId, { ...deployment, tags: withTags({}, Tags) });
      await state.context.store.durable();
      return stateOf(physicalId);
    },
    async delete({ physicalId }) {
      if (!state.deployments.has(physicalId)) return;
      await deployments.cancel(administrator, physicalId);
      await deployments.delete(administrator, physicalId);
    },
  };
}

function stateOf(id: string): ResourceState {
  return { physicalId: id, attributes: { DeploymentId: id } };
}

function inputOf(properties: DeploymentProperties): CreateDeploymentRequest {
  const { Components = {}, DeploymentName, DeploymentPolicies, IotJobConfiguration, Tags, TargetArn } = properties;
  return {
    targetArn: TargetArn,
    ...(DeploymentName !== undefined && { deploymentName: DeploymentName }),
    components: Object.fromEntries(
      Object.entries(Components).map(([name, value]) => [name, asInput(value) as ComponentDeploymentSpecification]),
    ),
    ...(IotJobConfiguration !== undefined && {
      iotJobConfiguration: asInput(IotJobConfiguration) as DeploymentIoTJobConfiguration,
    }),
    ...(DeploymentPolicies !== undefined && { deploymentPolicies: asInput(DeploymentPolicies) as DeploymentPolicies }),
    ...(Tags !== undefined && { tags: Tags }),
  };
}

/** Members of the property types have the names of the API's, but for the first letter. */
function asInput(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(asInput);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const name = key.charAt(0).toLowerCase() + key.slice(1);
      return [name, NUMBERS.has(name) ? Number(member) : asInput(member)];
    }),
  );
}
