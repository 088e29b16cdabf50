import {
  DeleteCertificateCommand,
  DeleteThingCommand,
  DescribeCertificateCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  type IoTClient,
  paginateListAttachedPolicies,
  paginateListPrincipalThings,
  paginateListThingPrincipals,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import {
  DeleteThingShadowCommand,
  type IoTDataPlaneClient,
  ListNamedShadowsForThingCommand,
} from '@aws-sdk/client-iot-data-plane';
import { ifThere, isNamed, withBackOff } from '../operator/back-off.ts';

/** What can still be attached for some seconds after it was detached. */
const passes = (error: unknown): boolean =>
  isNamed(error, 'DeleteConflictException', 'CertificateStateException', 'ConflictingResourceUpdateException') ||
  (error instanceof Error && error.name === 'InvalidRequestException' && /attached/i.test(error.message));

export interface DeviceDeletion {
  readonly iot: IoTClient;
  readonly data: IoTDataPlaneClient;
  /** Things of the stage: a certificate that a foreign thing uses too is not the stage's alone. */
  readonly ownThings: ReadonlySet<string>;
  readonly ownPolicies: ReadonlySet<string>;
}

/**
 * Deletes a certificate: inactive, then off its things, then off its policies, then gone. The device policy comes off
 * last, so that an interrupted purge finds the certificate again by it.
 * @returns why it stays, where a thing of somebody else uses it; it then only loses the stage's own policies and things
 */
export async function deleteCertificate(arn: string, own: DeviceDeletion): Promise<string | undefined> {
  const { iot } = own;
  const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
  const there = await ifThere(() => iot.send(new DescribeCertificateCommand({ certificateId })));
  if (there === undefined) return undefined;
  const things: string[] = [];
  for await (const page of paginateListPrincipalThings({ client: iot }, { principal: arn })) {
    things.push(...(page.things ?? []));
  }
  const policies: string[] = [];
  for await (const page of paginateListAttachedPolicies({ client: iot }, { target: arn })) {
    policies.push(...(page.policies ?? []).map(({ policyName = '' }) => policyName));
  }
  const foreign = things.filter((thing) => !own.ownThings.has(thing));
  if (foreign.length === 0) {
    await ifThere(() => iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' })));
  }
  for (const thingName of things) {
    if (foreign.includes(thingName)) continue;
    await ifThere(() => iot.send(new DetachThingPrincipalCommand({ thingName, principal: arn })));
  }
  const ours = policies.filter((name) => own.ownPolicies.has(name));
  const others = foreign.length > 0 ? [] : policies.filter((name) => !own.ownPolicies.has(name));
  for (const policyName of [...others, ...ours]) {
    await ifThere(() => iot.send(new DetachPolicyCommand({ policyName, target: arn })));
  }
  if (foreign.length > 0) return `${foreign.join(', ')} of somebody else uses it too`;
  await withBackOff(() => ifThere(() => iot.send(new DeleteCertificateCommand({ certificateId }))), passes);
  return undefined;
}

/**
 * Deletes a thing with its shadows, which AWS IoT keeps otherwise, and with the certificates attached to it.
 * Principals that are no certificates, such as Cognito identities, are detached.
 * @returns why one of its certificates stays
 */
export async function deleteThing(thingName: string, own: DeviceDeletion): Promise<string | undefined> {
  const { data, iot } = own;
  const principals: string[] = [];
  await ifThere(async () => {
    for await (const page of paginateListThingPrincipals({ client: iot }, { thingName })) {
      principals.push(...(page.principals ?? []));
    }
  });
  let stays: string | undefined;
  for (const principal of principals) {
    if (principal.includes(':cert/')) stays = (await deleteCertificate(principal, own)) ?? stays;
    else await ifThere(() => iot.send(new DetachThingPrincipalCommand({ thingName, principal })));
  }
  for (const shadowName of await shadowNames(data, thingName)) {
    await ifThere(() => data.send(new DeleteThingShadowCommand({ thingName, shadowName })));
  }
  await ifThere(() => data.send(new DeleteThingShadowCommand({ thingName })));
  await withBackOff(() => ifThere(() => iot.send(new DeleteThingCommand({ thingName }))), passes);
  return stays;
}

export async function shadowNames(data: IoTDataPlaneClient, thingName: string): Promise<string[]> {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const token = nextToken;
    const page = await ifThere(() =>
      data.send(new ListNamedShadowsForThingCommand({ thingName, nextToken: token, pageSize: 100 })),
    );
    names.push(...(page?.results ?? []));
    nextToken = page?.nextToken;
  } while (nextToken !== undefined);
  return names;
}
