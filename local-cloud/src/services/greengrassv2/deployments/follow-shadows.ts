import type { CloudContext } from '../../../core/plugin.ts';
import type { JsonObject, JsonValue } from '../../../core/shadows.ts';
import { isObject } from '../components/read-recipe.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import type { DeploymentOutcome } from '../records.ts';
import { DEPLOYMENT_SHADOW } from './deployment-status.ts';

const STATUSES = ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED', 'CANCELED'] as const;

/** Keeps what things report of their deployments in the deployment shadow (nucleus, `ShadowDeploymentListener.java`). */
export function followShadows(context: CloudContext, state: GreengrassState): void {
  context.ports.find('shadows')?.onChange((change) => {
    if (change.kind !== 'updated' || change.shadow.shadowName !== DEPLOYMENT_SHADOW) return;
    const { reported, thingName, updatedAt } = change.shadow;
    const outcome = reported === undefined ? undefined : outcomeOf(reported.state, updatedAt);
    if (reported === undefined || outcome === undefined) return;
    const configurationArn = reported.state.fleetConfigurationArnForStatus;
    for (const deployment of state.deployments.values()) {
      if (deployment.target.kind !== 'thing' || deployment.target.name !== thingName) continue;
      if (state.configurationArn(deployment) !== configurationArn || deployment.outcome?.status === outcome.status)
        continue;
      state.deployments.put(deployment.id, { ...deployment, outcome });
    }
  });
}

function outcomeOf({ status, statusDetails }: JsonObject, at: number): DeploymentOutcome | undefined {
  const known = STATUSES.find((one) => one === status);
  if (known === undefined) return undefined;
  const details = isObject(statusDetails) ? statusDetails : {};
  const { failureCause } = details;
  return {
    status: known,
    at,
    ...(typeof failureCause === 'string' && failureCause !== '' && { reason: failureCause }),
    errorStack: texts(details.errorStack),
    errorTypes: texts(details.errorTypes),
  };
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
