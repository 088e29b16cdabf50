import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  type IoTClient,
  paginateListAttachedPolicies,
  paginateListPrincipalThings,
  paginateListThingPrincipals,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { DeleteConnectionCommand, type IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { ifThere } from '../operator/back-off.ts';
import type { StageClients } from '../operator/clients.ts';
import { changeState } from './change-state.ts';
import type { FoundDevice } from './find-device.ts';

export interface Decommissioned {
  readonly thingName: string;
  /** Ids of certificates that are revoked now. */
  readonly revoked: readonly string[];
  /** Certificates that other things use too: only detached. */
  readonly shared: readonly string[];
  readonly denied: boolean;
}

/**
 * Takes a device out of service for good. Its thing, its shadows and its data stay; it can neither connect nor register
 * again. Every act may be repeated, so that an interrupted one is done again as a whole:
 * its serial number is denied first (it would register anew otherwise), its certificates are revoked and detached, its
 * connection ends, and its state changes last.
 */
export async function decommission(
  clients: StageClients,
  data: IoTDataPlaneClient,
  device: FoundDevice,
  admissionsTable: string | undefined,
): Promise<Decommissioned> {
  const { iot } = clients;
  const { thingName } = device;
  const serialNumber = device.attributes.serialNumber;
  const denied = admissionsTable !== undefined && serialNumber !== undefined;
  if (denied) {
    await clients.of(DynamoDBClient).send(
      new PutItemCommand({
        TableName: admissionsTable,
        Item: { serialNumber: { S: serialNumber }, status: { S: 'denied' }, reason: { S: 'decommissioned' } },
      }),
    );
  }
  const revoked: string[] = [];
  const shared: string[] = [];
  const principals: string[] = [];
  for await (const page of paginateListThingPrincipals({ client: iot }, { thingName })) {
    principals.push(...(page.principals ?? []));
  }
  for (const principal of principals) {
    const certificateId = principal.includes(':cert/') ? principal.slice(principal.lastIndexOf('/') + 1) : undefined;
    if (certificateId !== undefined && (await isShared(iot, principal, thingName))) shared.push(certificateId);
    else if (certificateId !== undefined) {
      await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }));
      await detachPolicies(iot, principal);
      revoked.push(certificateId);
    }
    await ifThere(() => iot.send(new DetachThingPrincipalCommand({ thingName, principal })));
  }
  // Revocations take minutes to reach a live connection.
  await ifThere(() => data.send(new DeleteConnectionCommand({ clientId: thingName, cleanSession: true })));
  await changeState(iot, device, 'decommissioned');
  return { thingName, revoked, shared, denied };
}

async function isShared(iot: IoTClient, principal: string, thingName: string): Promise<boolean> {
  for await (const { things = [] } of paginateListPrincipalThings({ client: iot }, { principal })) {
    if (things.some((name) => name !== thingName)) return true;
  }
  return false;
}

async function detachPolicies(iot: IoTClient, target: string): Promise<void> {
  const names: string[] = [];
  for await (const { policies = [] } of paginateListAttachedPolicies({ client: iot }, { target })) {
    names.push(...policies.map(({ policyName = '' }) => policyName));
  }
  for (const policyName of names) await iot.send(new DetachPolicyCommand({ policyName, target }));
}
