import {
  DeleteThingCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListThingPrincipalsCommand,
  RegisterThingCommand,
} from '@aws-sdk/client-iot';
import { serveCustomResource } from '../shared/custom-resource/serve-custom-resource.ts';
import { errorName } from '../shared/errors.ts';
import { observed } from '../shared/observability.ts';
import { type EnrollmentPorts, enrollDevice, NOTHING_ENROLLED } from './enroll-device.ts';
import { type DeviceRequest, requestSchema } from './schema.ts';

const iot = new IoTClient({});

const ports: EnrollmentPorts = {
  async register(templateBody, CertificateId) {
    await iot.send(new RegisterThingCommand({ templateBody, parameters: { CertificateId } }));
  },
  async detach(thingName, target) {
    const attached = await ifThere(() => iot.send(new ListAttachedPoliciesCommand({ target })));
    for (const { policyName } of attached?.policies ?? []) {
      await ifThere(() => iot.send(new DetachPolicyCommand({ policyName, target })));
    }
    await ifThere(() => iot.send(new DetachThingPrincipalCommand({ thingName, principal: target })));
  },
  async isInUse(thingName) {
    const attached = await ifThere(() => iot.send(new ListThingPrincipalsCommand({ thingName })));
    return (attached?.principals ?? []).length > 0;
  },
  async deleteThing(thingName) {
    await ifThere(() => iot.send(new DeleteThingCommand({ thingName })));
  },
};

export const handler = observed<unknown, void>((event, context) =>
  serveCustomResource<DeviceRequest>(event, context, {
    schema: requestSchema,
    nothingCreated: NOTHING_ENROLLED,
    handle: (request) => enrollDevice(request, ports),
  }),
);

async function ifThere<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
