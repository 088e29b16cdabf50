import {
  AddThingToThingGroupCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  type IoTClient,
  paginateListAuditFindings,
  paginateListPrincipalThings,
  paginateListThingGroupsForThing,
  paginateListThingPrincipals,
  RemoveThingFromThingGroupCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { DeleteConnectionCommand, GetConnectionCommand, type IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { errorName } from '../shared/errors.ts';
import type { FindingPorts } from './complaints.ts';
import type { DevicePorts } from './model.ts';

const GONE = 'ResourceNotFoundException';

/** The device side of the ports, on AWS IoT. A device connects with its thing name as client id; its policy allows no other. */
export function deviceAccess(iot: IoTClient, data: () => Promise<IoTDataPlaneClient>, groupName: string): DevicePorts {
  const statusOf = async (certificateId: string): Promise<string | undefined> =>
    found(async () => {
      const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
      return certificateDescription?.status;
    });
  return {
    async exists(thingName) {
      return (await found(() => iot.send(new DescribeThingCommand({ thingName })))) !== undefined;
    },
    async isMember(thingName) {
      for await (const { thingGroups } of paginateListThingGroupsForThing({ client: iot }, { thingName })) {
        if (thingGroups?.some((group) => group.groupName === groupName)) return true;
      }
      return false;
    },
    async addToGroup(thingName) {
      await iot.send(new AddThingToThingGroupCommand({ thingName, thingGroupName: groupName }));
    },
    async removeFromGroup(thingName) {
      await found(() => iot.send(new RemoveThingFromThingGroupCommand({ thingName, thingGroupName: groupName })));
    },
    async isConnected(thingName) {
      const connection = await found(async () =>
        (await data()).send(new GetConnectionCommand({ clientId: thingName })),
      );
      return connection?.connected === true;
    },
    async disconnect(thingName) {
      // The session goes too: what is queued for the device, and its subscriptions, do not outlive a quarantine.
      const end = { clientId: thingName, cleanSession: true, preventWillMessage: false };
      await found(async () => (await data()).send(new DeleteConnectionCommand(end)));
    },
    async activeCertificates(thingName) {
      const active: string[] = [];
      for await (const { principals } of paginateListThingPrincipals({ client: iot }, { thingName })) {
        for (const principal of principals ?? []) {
          const certificateId = /:cert\/([0-9a-f]{64})$/.exec(principal)?.[1];
          if (certificateId !== undefined && (await statusOf(certificateId)) === 'ACTIVE') active.push(certificateId);
        }
      }
      return active;
    },
    async deactivate(certificateId) {
      await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    },
    async activate(certificateId) {
      if ((await statusOf(certificateId)) !== 'INACTIVE') return;
      await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
    },
  };
}

/** What audits found, on AWS IoT. */
export function auditFindings(iot: IoTClient): Pick<FindingPorts, 'certificatesFound' | 'thingsOf'> {
  return {
    async certificatesFound(taskId, checkName) {
      const certificates = new Set<string>();
      const pages = paginateListAuditFindings({ client: iot }, { taskId, checkName });
      for await (const { findings } of pages) {
        for (const { isSuppressed, nonCompliantResource } of findings ?? []) {
          const id = nonCompliantResource?.resourceIdentifier?.deviceCertificateId;
          if (id !== undefined && isSuppressed !== true) certificates.add(id);
        }
      }
      return [...certificates];
    },
    async thingsOf(certificateId) {
      const things: string[] = [];
      const principal = await arnOf(iot, certificateId);
      if (principal === undefined) return things;
      for await (const page of paginateListPrincipalThings({ client: iot }, { principal })) {
        things.push(...(page.things ?? []));
      }
      return things;
    },
  };
}

async function arnOf(iot: IoTClient, certificateId: string): Promise<string | undefined> {
  const described = await found(() => iot.send(new DescribeCertificateCommand({ certificateId })));
  return described?.certificateDescription?.certificateArn;
}

async function found<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (errorName(error) === GONE) return undefined;
    throw error;
  }
}
