import { NotImplementedError } from '../../../core/errors.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import { MAX_GROUP_DOCUMENT_BYTES, MAX_THING_DOCUMENT_BYTES } from '../limits.ts';
import type { DeploymentRecord } from '../records.ts';
import { mergeOf } from './read-deployment.ts';

/**
 * What core devices get: as the document of a job, or as text in the deployment shadow (nucleus, `FleetConfig*.json` of its tests and
 * `DeploymentDocumentConverter.java`).
 *
 * @throws NotImplementedError for one so large that devices fetch it (`GetDeploymentConfiguration`)
 */
export function deploymentDocument(state: GreengrassState, deployment: DeploymentRecord): string {
  const { components, createdAt, id, policies, target } = deployment;
  const { componentUpdatePolicy, configurationValidationPolicy, failureHandlingPolicy } = policies;
  const document = JSON.stringify({
    deploymentId: id,
    configurationArn: state.configurationArn(deployment),
    components: Object.fromEntries(
      Object.entries(components).map(([name, { componentVersion, configurationUpdate }]) => {
        const merge = mergeOf(name, configurationUpdate?.merge);
        const update = {
          ...(merge !== undefined && { merge }),
          ...(configurationUpdate?.reset !== undefined && { reset: configurationUpdate.reset }),
        };
        const updates = Object.keys(update).length === 0 ? {} : { configurationUpdate: update };
        return [name, { version: componentVersion, ...updates }];
      }),
    ),
    creationTimestamp: createdAt,
    failureHandlingPolicy,
    componentUpdatePolicy: {
      timeout: componentUpdatePolicy?.timeoutInSeconds,
      action: componentUpdatePolicy?.action,
    },
    configurationValidationPolicy: { timeout: configurationValidationPolicy?.timeoutInSeconds },
  });
  const most = target.kind === 'thing' ? MAX_THING_DOCUMENT_BYTES : MAX_GROUP_DOCUMENT_BYTES;
  const bytes = Buffer.byteLength(document);
  if (bytes > most) {
    throw new NotImplementedError(`a deployment document of ${bytes} bytes (over ${most}: GetDeploymentConfiguration)`);
  }
  return document;
}
