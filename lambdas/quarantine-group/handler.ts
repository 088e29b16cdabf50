import { AttachPolicyCommand, DetachPolicyCommand, IoTClient } from '@aws-sdk/client-iot';
import { serveCustomResource } from '../shared/custom-resource/serve-custom-resource.ts';
import { errorName } from '../shared/errors.ts';
import { observed } from '../shared/observability.ts';
import { type GroupPolicyPorts, manageGroupPolicy, NOTHING_ATTACHED } from './manage-group-policy.ts';
import { type GroupPolicyRequest, requestSchema } from './schema.ts';

const iot = new IoTClient({});

const ports: GroupPolicyPorts = {
  async attach(policyName, target) {
    await iot.send(new AttachPolicyCommand({ policyName, target }));
  },
  async detach(policyName, target) {
    try {
      await iot.send(new DetachPolicyCommand({ policyName, target }));
    } catch (error) {
      if (errorName(error) !== 'ResourceNotFoundException') throw error;
    }
  },
};

export const handler = observed<unknown, void>((event, context) =>
  serveCustomResource<GroupPolicyRequest>(event, context, {
    schema: requestSchema,
    nothingCreated: NOTHING_ATTACHED,
    handle: (request) => manageGroupPolicy(request, ports),
  }),
);
