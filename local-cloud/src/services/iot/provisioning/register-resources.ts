import { createHash } from 'node:crypto';
import type {
  DescribeCertificateResponse,
  DescribeThingResponse,
  ListThingGroupsForThingResponse,
} from '@aws-sdk/client-iot';
import { AwsError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { iotArn } from '../arns.ts';
import type { PolicyPlan, RegistrationPlan, ThingPlan } from './registration-plan.ts';
import { ProvisioningRejection } from './rejection.ts';

export interface RegisteredResources {
  readonly thingName: string | undefined;
  /** In the order of the plan. */
  readonly policyNames: readonly string[];
}

/**
 * Makes what a plan asks for, with the permissions of the principal alone: each step is a call of the API as the
 * provisioning role, or as the caller of RegisterThing (developer guide, `provision-wo-cert`; managed policy AWSIoTThingsRegistration).
 *
 * The certificate is activated last, so that a registration that fails half-way leaves no device that can connect.
 *
 * @throws ProvisioningRejection or AwsError of the step that failed
 */
export async function registerResources(
  context: CloudContext,
  principal: Principal,
  certificateId: string | undefined,
  plan: RegistrationPlan,
): Promise<RegisteredResources> {
  const api = <O>(operation: string, input: object) => context.api.call<O>(principal, 'iot', operation, input);
  if (certificateId === undefined) {
    if (plan.thing !== undefined) await registerThing(api, plan.thing);
    return { thingName: plan.thing?.name, policyNames: [] };
  }
  const certificateArn = iotArn(context.account, 'cert', certificateId);
  const { certificateDescription } = await api<DescribeCertificateResponse>('DescribeCertificate', { certificateId });
  const status = certificateDescription?.status;
  if (status === 'REVOKED') throw conflict(`Certificate ${certificateId} is revoked`);

  if (plan.thing !== undefined) await registerThing(api, plan.thing);
  const policyNames: string[] = [];
  for (const policy of plan.policies) {
    const policyName = await registerPolicy(api, policy);
    await api('AttachPolicy', { policyName, target: certificateArn });
    policyNames.push(policyName);
  }
  if (plan.thing !== undefined) {
    await api('AttachThingPrincipal', {
      thingName: plan.thing.name,
      principal: certificateArn,
      thingPrincipalType: plan.thing.principalType,
    });
  }
  // A certificate still pending is always set; OverrideSettings concern one that was given a status before.
  const certificate = plan.certificate ?? { status: 'ACTIVE', override: 'DO_NOTHING' };
  const overrides = status === 'PENDING_ACTIVATION' ? 'REPLACE' : certificate.override;
  if (overrides === 'FAIL') throw conflict(`Certificate ${certificateId} has status ${status}`);
  if (overrides === 'REPLACE') {
    await api('UpdateCertificate', { certificateId, newStatus: certificate.status });
  }
  return { thingName: plan.thing?.name, policyNames };
}

type Api = <O>(operation: string, input: object) => Promise<O>;

async function registerThing(api: Api, plan: ThingPlan): Promise<void> {
  const existing = await find(() => api<DescribeThingResponse>('DescribeThing', { thingName: plan.name }));
  if (existing === undefined) {
    await api('CreateThing', {
      thingName: plan.name,
      thingTypeName: plan.typeName,
      attributePayload: { attributes: plan.attributes ?? {} },
      billingGroupName: plan.billingGroup,
    });
    for (const group of plan.groups ?? []) await addToGroup(api, plan.name, group);
    return;
  }
  failOnConflict(plan);
  const { attributes, type, groups } = plan.overrides;
  const changes = {
    ...(plan.attributes !== undefined && attributes !== 'DO_NOTHING'
      ? { attributePayload: { attributes: plan.attributes, merge: attributes === 'MERGE' } }
      : {}),
    ...(plan.typeName !== undefined && type === 'REPLACE' ? { thingTypeName: plan.typeName } : {}),
  };
  if (Object.keys(changes).length > 0) await api('UpdateThing', { thingName: plan.name, ...changes });
  if (plan.groups !== undefined && groups !== 'DO_NOTHING') {
    await changeGroups(api, plan.name, plan.groups, groups === 'REPLACE');
  }
}

/** "FAIL: Cause the request to fail with a ResourceConflictsException" (`provision-template`, "Override settings"). */
function failOnConflict({ name, typeName, attributes, groups, overrides }: ThingPlan): void {
  const conflicts = [
    attributes !== undefined && overrides.attributes === 'FAIL' ? 'AttributePayload' : undefined,
    typeName !== undefined && overrides.type === 'FAIL' ? 'ThingTypeName' : undefined,
    groups !== undefined && overrides.groups === 'FAIL' ? 'ThingGroups' : undefined,
  ].filter((property) => property !== undefined);
  if (conflicts.length > 0) throw conflict(`Thing ${name} already exists (${conflicts.join(', ')})`);
}

async function changeGroups(api: Api, thingName: string, wanted: readonly string[], replace: boolean): Promise<void> {
  const current = new Set<string>();
  for (let nextToken: string | undefined; ; ) {
    const page = await api<ListThingGroupsForThingResponse>('ListThingGroupsForThing', { thingName, nextToken });
    for (const { groupName } of page.thingGroups ?? []) if (groupName !== undefined) current.add(groupName);
    nextToken = page.nextToken;
    if (nextToken === undefined) break;
  }
  if (replace) {
    for (const group of current) {
      if (!wanted.includes(group)) await api('RemoveThingFromThingGroup', { thingName, thingGroupName: group });
    }
  }
  for (const group of wanted) if (!current.has(group)) await addToGroup(api, thingName, group);
}

function addToGroup(api: Api, thingName: string, thingGroupName: string): Promise<unknown> {
  return api('AddThingToThingGroup', { thingName, thingGroupName });
}

/** "PolicyName … Defaults to a hash of the policy document." */
async function registerPolicy(api: Api, plan: PolicyPlan): Promise<string> {
  if ('name' in plan) {
    await api('GetPolicy', { policyName: plan.name });
    return plan.name;
  }
  const policyName = createHash('sha256').update(plan.document).digest('hex');
  const existing = await find(() => api('GetPolicy', { policyName }));
  if (existing === undefined) await api('CreatePolicy', { policyName, policyDocument: plan.document });
  return policyName;
}

async function find<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

function conflict(message: string): ProvisioningRejection {
  return new ProvisioningRejection(409, 'ResourceConflicts', message);
}
