import type {
  ComponentDeploymentSpecification,
  CreateDeploymentRequest,
  DeploymentPolicies,
} from '@aws-sdk/client-greengrassv2';
import { parseArn } from '../../../core/account.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/shadows.ts';
import { checkPublic, isPublic } from '../components/public-components.ts';
import { isObject, isVersion } from '../components/read-recipe.ts';
import { notFound, validation } from '../errors.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import {
  COMPONENT_NAME_PATTERN,
  MAX_COMPONENT_NAME,
  MAX_COMPONENT_VERSION,
  MAX_DEPLOYMENT_NAME,
  MAX_MERGE_LENGTH,
  MAX_RESET_LENGTH,
  TARGET_PATTERN,
  UPDATE_TIMEOUT,
  VALIDATION_TIMEOUT,
} from '../limits.ts';
import type { DeploymentRecord } from '../records.ts';

const MAX_TIMEOUT = 2_147_483_647;

/** @throws AwsError ValidationException */
export function readTarget(state: GreengrassState, targetArn: string | undefined): DeploymentRecord['target'] {
  new ConstraintViolations()
    .required('targetArn', targetArn)
    .pattern('targetArn', targetArn, TARGET_PATTERN)
    .throwIfAny();
  const { accountId, region, resource } = parseArn(targetArn as string) as NonNullable<ReturnType<typeof parseArn>>;
  const { account } = state.context;
  if (accountId !== account.accountId || region !== account.region) {
    throw validation(`The target ${targetArn} is not of account ${account.accountId} in ${account.region}`);
  }
  const [kind, name] = resource.split(/\/(.*)/s) as ['thing' | 'thinggroup', string];
  return { kind, name, arn: targetArn as string };
}

/**
 * The components of a deployment.
 * assumed: a component version that does not exist is refused here, and not only by the devices.
 *
 * @throws AwsError ValidationException, ResourceNotFoundException, NotImplemented
 */
export function readComponents(
  state: GreengrassState,
  components: CreateDeploymentRequest['components'] = {},
): Readonly<Record<string, ComponentDeploymentSpecification>> {
  for (const [name, { componentVersion, configurationUpdate, runWith }] of Object.entries(components)) {
    const place = `components.${name}`;
    const violations = new ConstraintViolations()
      .length(place, name, 1, MAX_COMPONENT_NAME)
      .pattern(place, name, COMPONENT_NAME_PATTERN)
      .required(`${place}.componentVersion`, componentVersion)
      .length(`${place}.componentVersion`, componentVersion, 1, MAX_COMPONENT_VERSION)
      .length(`${place}.configurationUpdate.merge`, configurationUpdate?.merge, 1, MAX_MERGE_LENGTH);
    for (const pointer of configurationUpdate?.reset ?? []) {
      violations.length(`${place}.configurationUpdate.reset`, pointer, 0, MAX_RESET_LENGTH);
    }
    violations.throwIfAny();
    if (!isVersion(componentVersion as string)) {
      throw validation(`${componentVersion} of the component ${name} is no semantic version`);
    }
    if (runWith !== undefined && Object.values(runWith).some((value) => value !== undefined)) {
      throw new NotImplementedError(`runWith of the component ${name}`);
    }
    mergeOf(name, configurationUpdate?.merge);
    if (state.components.has(state.componentArn(name, componentVersion))) continue;
    if (isPublic(name)) checkPublic(name);
    else throw notFound('componentVersion', state.componentArn(name, componentVersion));
  }
  return components;
}

/** @throws AwsError ValidationException for what is no JSON object */
export function mergeOf(name: string, merge: string | undefined): JsonObject | undefined {
  if (merge === undefined) return undefined;
  let value: JsonObject | undefined;
  try {
    value = JSON.parse(merge) as JsonObject;
  } catch {}
  if (!isObject(value)) throw validation(`The configuration to merge of the component ${name} is no JSON object`);
  return value;
}

/** With defaults. @throws AwsError ValidationException */
export function readPolicies(policies: DeploymentPolicies = {}): DeploymentPolicies {
  const {
    componentUpdatePolicy = {},
    configurationValidationPolicy = {},
    failureHandlingPolicy = 'ROLLBACK',
  } = policies;
  const { action = 'NOTIFY_COMPONENTS', timeoutInSeconds = UPDATE_TIMEOUT } = componentUpdatePolicy;
  const validationTimeout = configurationValidationPolicy.timeoutInSeconds ?? VALIDATION_TIMEOUT;
  const place = 'deploymentPolicies';
  new ConstraintViolations()
    .oneOf(`${place}.failureHandlingPolicy`, failureHandlingPolicy, ['ROLLBACK', 'DO_NOTHING'])
    .oneOf(`${place}.componentUpdatePolicy.action`, action, ['NOTIFY_COMPONENTS', 'SKIP_NOTIFY_COMPONENTS'])
    .range(`${place}.componentUpdatePolicy.timeoutInSeconds`, timeoutInSeconds, 1, MAX_TIMEOUT)
    .range(`${place}.configurationValidationPolicy.timeoutInSeconds`, validationTimeout, 1, MAX_TIMEOUT)
    .throwIfAny();
  return {
    failureHandlingPolicy,
    componentUpdatePolicy: { action, timeoutInSeconds },
    configurationValidationPolicy: { timeoutInSeconds: validationTimeout },
  };
}

/** @throws AwsError ValidationException, NotImplemented */
export function checkRest({ deploymentName, parentTargetArn }: CreateDeploymentRequest): void {
  if (parentTargetArn !== undefined) throw new NotImplementedError('parentTargetArn of CreateDeployment');
  new ConstraintViolations().length('deploymentName', deploymentName, 1, MAX_DEPLOYMENT_NAME).throwIfAny();
}
