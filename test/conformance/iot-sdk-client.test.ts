import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateProvisioningTemplateCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DescribeCertificateCommand,
  DescribeProvisioningTemplateCommand,
  DescribeThingCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListTagsForResourceCommand,
  ListThingPrincipalsCommand,
  paginateListThings,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
} from '@aws-sdk/client-iot';
import { createIotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { makeCsr } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// source: AWS IoT API reference; service model of the SDK client

// The wire format of AWS IoT's control plane, as the SDK's own client writes and reads it.

const ARN = 'arn:aws:iot:us-east-1:123456789012:';

let https: HttpsCloud;
let iot: IoTClient;

beforeAll(async () => {
  https = await startHttpsCloud({
    plugins: [
      (context) => {
        context.ports.provide('reservedTopics', { register: () => undefined, find: () => undefined });
        return createIotPlugin(context);
      },
    ],
  });
  iot = new IoTClient(https.client());
});

afterAll(async () => {
  iot.destroy();
  await https.close();
});

test('things are created, described and paged through', async () => {
  for (let i = 0; i < 5; i++) {
    const attributePayload = { attributes: { index: String(i) } };
    await iot.send(new CreateThingCommand({ thingName: `thing:${i}`, attributePayload }));
  }
  expect(await iot.send(new DescribeThingCommand({ thingName: 'thing:3' }))).toMatchObject({
    thingArn: `${ARN}thing/thing:3`,
    attributes: { index: '3' },
    version: 1,
  });
  const names: (string | undefined)[] = [];
  for await (const page of paginateListThings({ client: iot, pageSize: 2 }, {})) {
    names.push(...(page.things ?? []).map(({ thingName }) => thingName));
  }
  expect(names).toEqual([0, 1, 2, 3, 4].map((i) => `thing:${i}`));
});

test('exceptions arrive as the classes of the SDK, with their members', async () => {
  await expect(iot.send(new DescribeThingCommand({ thingName: 'none' }))).rejects.toBeInstanceOf(
    ResourceNotFoundException,
  );
  await iot.send(new CreateThingCommand({ thingName: 'twice' }));
  const again = new CreateThingCommand({ thingName: 'twice', attributePayload: { attributes: { a: '1' } } });
  const error = await iot.send(again).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ResourceAlreadyExistsException);
  expect(error).toMatchObject({ resourceArn: `${ARN}thing/twice`, resourceId: expect.any(String) });
});

test('certificates travel whole, and principals in their header', async () => {
  const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  expect(made.keyPair?.PrivateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n[\s\S]+-----END RSA PRIVATE KEY-----\n$/);
  const { certificateId } = await iot.send(
    new CreateCertificateFromCsrCommand({ certificateSigningRequest: (await makeCsr()).pem }),
  );
  const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
  expect(certificateDescription).toMatchObject({ status: 'INACTIVE', validity: { notBefore: expect.any(Date) } });
  expect(certificateDescription?.validity?.notAfter).toEqual(new Date('2049-12-31T23:59:59Z'));

  await iot.send(new CreateThingCommand({ thingName: 'owner' }));
  await iot.send(new AttachThingPrincipalCommand({ thingName: 'owner', principal: made.certificateArn }));
  const { principals } = await iot.send(new ListThingPrincipalsCommand({ thingName: 'owner' }));
  expect(principals).toEqual([made.certificateArn]);

  const policyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }],
  });
  await iot.send(new CreatePolicyCommand({ policyName: 'all', policyDocument }));
  await iot.send(new AttachPolicyCommand({ policyName: 'all', target: made.certificateArn }));
  const { policies } = await iot.send(new ListAttachedPoliciesCommand({ target: made.certificateArn }));
  expect(policies).toEqual([{ policyName: 'all', policyArn: `${ARN}policy/all` }]);
});

test('types, groups, templates and tags keep their shapes', async () => {
  const tags = [{ Key: 'stage', Value: 'dev' }];
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'pump', tags }));
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'pumps', tags }));
  for (const resourceArn of [`${ARN}thingtype/pump`, `${ARN}thinggroup/pumps`]) {
    expect((await iot.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual(tags);
  }
  const templateBody = JSON.stringify({
    Resources: {
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' } },
      },
    },
  });
  const provisioningRoleArn = 'arn:aws:iam::123456789012:role/provisioning';
  await iot.send(new CreateProvisioningTemplateCommand({ templateName: 'fleet', templateBody, provisioningRoleArn }));
  expect(await iot.send(new DescribeProvisioningTemplateCommand({ templateName: 'fleet' }))).toMatchObject({
    templateArn: `${ARN}provisioningtemplate/fleet`,
    type: 'FLEET_PROVISIONING',
    enabled: false,
    templateBody,
    creationDate: expect.any(Date),
  });
});
