import type { ApiCall } from '../../../core/api.ts';
import type { DeviceConnection } from '../../../core/mqtt.ts';
import { type IotTestCloud, makeCsr, registerHookFunction, startIot } from './iot-test-cloud.ts';

export const HOOK_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:hook';
export const TEMPLATE_ARN = 'arn:aws:iot:us-east-1:123456789012:provisioningtemplate/fleet';
export const CREATE_FROM_CSR = '$aws/certificates/create-from-csr/json';
export const PROVISION = '$aws/provisioning-templates/fleet/provision/json';
export const PARAMETERS = { SerialNumber: 'PS-0001', Site: 'plant-a' };
export const DEVICE_POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: 'arn:aws:iot:us-east-1:123456789012:client/*' }],
};

export const TEMPLATE_BODY = {
  Parameters: {
    SerialNumber: { Type: 'String' },
    Site: { Type: 'String' },
    Batch: { Type: 'String', Default: 'none' },
    'AWS::IoT::Certificate::Id': { Type: 'String' },
  },
  Resources: {
    thing: {
      Type: 'AWS::IoT::Thing',
      Properties: {
        ThingName: { 'Fn::Join': ['-', ['pump', { Ref: 'SerialNumber' }]] },
        ThingTypeName: 'pump',
        ThingGroups: ['pumps'],
        AttributePayload: { site: { Ref: 'Site' }, batch: { Ref: 'Batch' } },
      },
      OverrideSettings: { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE', ThingGroups: 'DO_NOTHING' },
    },
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
    },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
  },
  DeviceConfiguration: { site: { Ref: 'Site' }, fallback: 'https://www.example.com/test-site' },
};

export interface MadeCertificate {
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly certificateOwnershipToken: string;
}

export interface Answer {
  readonly topic: string;
  readonly body: Record<string, unknown>;
}

/** A registry with the template `fleet`, and a device on its claim. */
export interface ProvisioningProbe {
  readonly iot: IotTestCloud;
  readonly claim: DeviceConnection;
  /** What the function of {@link HOOK_ARN} answers; may be replaced. */
  hook: (event: Record<string, unknown>) => Promise<object> | object;
  readonly hookCalls: { readonly event: Record<string, unknown>; readonly caller: ApiCall['principal'] }[];
  /** Deletes the template and makes it anew. */
  replaceTemplate(body?: object, options?: object): Promise<void>;
  /** Publishes and returns the one reply. */
  request(topic: string, payload: object | Buffer): Promise<Answer>;
  makeCertificate(): Promise<MadeCertificate>;
  register(made: MadeCertificate, parameters?: object): Promise<Answer>;
  statusOf(certificateId: string): Promise<unknown>;
}

export async function startProvisioning(): Promise<ProvisioningProbe> {
  const iot = await startIot();
  const claim = {
    clientId: 'claim-1',
    principalId: 'c'.repeat(64),
    certificateId: 'c'.repeat(64),
    sourceIp: '127.0.0.1',
  };
  const createTemplate = (body: object, options: object) =>
    iot.call('CreateProvisioningTemplate', {
      templateName: 'fleet',
      templateBody: JSON.stringify(body),
      provisioningRoleArn: 'arn:aws:iam::123456789012:role/provisioning',
      enabled: true,
      ...options,
    });
  const probe: ProvisioningProbe = {
    iot,
    claim,
    hook: () => ({ allowProvisioning: true }),
    hookCalls: [],
    async replaceTemplate(body = TEMPLATE_BODY, options = {}) {
      await iot.call('DeleteProvisioningTemplate', { templateName: 'fleet' });
      await createTemplate(body, options);
    },
    async request(topic, payload) {
      await iot.publish(claim, topic, payload);
      return iot.takeReply();
    },
    async makeCertificate() {
      const { pem } = await makeCsr();
      const { topic, body } = await probe.request(CREATE_FROM_CSR, { certificateSigningRequest: pem });
      expect(topic).toBe(`${CREATE_FROM_CSR}/accepted`);
      return body as unknown as MadeCertificate;
    },
    register: ({ certificateOwnershipToken }, parameters = PARAMETERS) =>
      probe.request(PROVISION, { certificateOwnershipToken, parameters }),
    async statusOf(certificateId) {
      const { certificateDescription } = await iot.call<{ certificateDescription: { status: string } }>(
        'DescribeCertificate',
        { certificateId },
      );
      return certificateDescription.status;
    },
  };
  registerHookFunction(iot.cloud, (event, call) => {
    probe.hookCalls.push({ event, caller: call.principal });
    return probe.hook(event);
  });
  await iot.call('CreatePolicy', { policyName: 'device', policyDocument: JSON.stringify(DEVICE_POLICY) });
  await iot.call('CreateThingType', { thingTypeName: 'pump' });
  await iot.call('CreateThingGroup', { thingGroupName: 'pumps' });
  await createTemplate(TEMPLATE_BODY, {});
  return probe;
}
