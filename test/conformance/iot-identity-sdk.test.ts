import { generateKeyPairSync } from 'node:crypto';
import {
  AddThingToBillingGroupCommand,
  AttachPrincipalPolicyCommand,
  CreateAuthorizerCommand,
  CreateBillingGroupCommand,
  CreateDomainConfigurationCommand,
  CreatePolicyCommand,
  CreateRoleAliasCommand,
  CreateThingCommand,
  DescribeAuthorizerCommand,
  DescribeBillingGroupCommand,
  DescribeCACertificateCommand,
  DescribeDomainConfigurationCommand,
  DescribeRoleAliasCommand,
  GetRegistrationCodeCommand,
  IoTClient,
  ListCACertificatesCommand,
  ListCertificatesByCACommand,
  ListPolicyPrincipalsCommand,
  ListPrincipalPoliciesCommand,
  ListThingsInBillingGroupCommand,
  RegisterCACertificateCommand,
  RegisterCertificateCommand,
  RegisterThingCommand,
  RegistrationCodeValidationException,
  TestAuthorizationCommand,
  UpdateCACertificateCommand,
} from '@aws-sdk/client-iot';
import { iotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { makeCsr } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { makeAuthority, type TestAuthority } from '../../local-cloud/src/services/iot/testing/test-authority.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// source: API reference of the operations: requests and answers of the SDK's own client over HTTPS

let https: HttpsCloud;
let iot: IoTClient;
let authority: TestAuthority;

beforeAll(async () => {
  https = await startHttpsCloud({
    plugins: [
      (context) => {
        context.ports.provide('reservedTopics', { register: () => {}, find: () => undefined });
        return { name: 'test-ports' };
      },
      iotPlugin({ identityChangeDelay: 0 }),
    ],
  });
  iot = new IoTClient(https.client());
  authority = await makeAuthority('CN=Factory CA', https.cloud.clock.now());
});
afterAll(async () => {
  iot.destroy();
  await https.close();
});

test('a CA certificate is registered, updated and listed, and its certificates too', async () => {
  const { registrationCode } = await iot.send(new GetRegistrationCodeCommand({}));
  const wrong = await authority.issue('CN=wrong');
  const registration = { caCertificate: authority.certificatePem, setAsActive: true, allowAutoRegistration: true };
  await expect(
    iot.send(new RegisterCACertificateCommand({ ...registration, verificationCertificate: wrong.certificatePem })),
  ).rejects.toThrow(RegistrationCodeValidationException);
  const proof = await authority.issue(`CN=${registrationCode}`);
  const { certificateId } = await iot.send(
    new RegisterCACertificateCommand({ ...registration, verificationCertificate: proof.certificatePem }),
  );
  await iot.send(new UpdateCACertificateCommand({ certificateId, newAutoRegistrationStatus: 'DISABLE' }));
  const { certificateDescription } = await iot.send(new DescribeCACertificateCommand({ certificateId }));
  expect(certificateDescription).toMatchObject({
    status: 'ACTIVE',
    autoRegistrationStatus: 'DISABLE',
    creationDate: expect.any(Date),
    validity: { notBefore: expect.any(Date), notAfter: expect.any(Date) },
  });
  const listed = await iot.send(new ListCACertificatesCommand({ pageSize: 1, ascendingOrder: true }));
  expect(listed.certificates).toMatchObject([{ certificateId, creationDate: expect.any(Date) }]);
  const device = await authority.issue('CN=device');
  const made = await iot.send(
    new RegisterCertificateCommand({ certificatePem: device.certificatePem, status: 'ACTIVE' }),
  );
  const ofCa = await iot.send(new ListCertificatesByCACommand({ caCertificateId: certificateId }));
  expect(ofCa.certificates).toMatchObject([{ certificateId: made.certificateId, status: 'ACTIVE' }]);

  const Statement = { Effect: 'Allow', Action: 'iot:Publish', Resource: '*' };
  const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iot.send(new CreatePolicyCommand({ policyName: 'p', policyDocument }));
  const principal = made.certificateArn;
  await iot.send(new AttachPrincipalPolicyCommand({ policyName: 'p', principal }));
  const { policies } = await iot.send(new ListPrincipalPoliciesCommand({ principal }));
  expect(policies).toMatchObject([{ policyName: 'p' }]);
  const { principals } = await iot.send(new ListPolicyPrincipalsCommand({ policyName: 'p' }));
  expect(principals).toEqual([principal]);
  const authInfos = [{ actionType: 'PUBLISH' as const, resources: ['arn:aws:iot:us-east-1:123456789012:topic/a'] }];
  const { authResults } = await iot.send(new TestAuthorizationCommand({ principal, authInfos, clientId: 'a' }));
  expect(authResults).toMatchObject([{ authDecision: 'ALLOWED', allowed: { policies: [{ policyName: 'p' }] } }]);
});

test('authorizers, role aliases, billing groups and domain configurations come back as they were made', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
  await iot.send(
    new CreateAuthorizerCommand({
      authorizerName: 'tokens',
      authorizerFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:authorize',
      tokenKeyName: 'token',
      tokenSigningPublicKeys: { first: pem },
    }),
  );
  const { authorizerDescription } = await iot.send(new DescribeAuthorizerCommand({ authorizerName: 'tokens' }));
  expect(authorizerDescription).toMatchObject({
    tokenSigningPublicKeys: { first: pem },
    creationDate: expect.any(Date),
  });
  const roleArn = 'arn:aws:iam::123456789012:role/camera';
  await iot.send(new CreateRoleAliasCommand({ roleAlias: 'cameras', roleArn }));
  const { roleAliasDescription } = await iot.send(new DescribeRoleAliasCommand({ roleAlias: 'cameras' }));
  expect(roleAliasDescription).toMatchObject({ roleArn, lastModifiedDate: expect.any(Date) });
  await iot.send(new CreateBillingGroupCommand({ billingGroupName: 'north' }));
  await iot.send(new CreateThingCommand({ thingName: 'pump' }));
  await iot.send(new AddThingToBillingGroupCommand({ billingGroupName: 'north', thingName: 'pump' }));
  const described = await iot.send(new DescribeBillingGroupCommand({ billingGroupName: 'north' }));
  expect(described).toMatchObject({ version: 1, billingGroupMetadata: { creationDate: expect.any(Date) } });
  const { things } = await iot.send(new ListThingsInBillingGroupCommand({ billingGroupName: 'north' }));
  expect(things).toEqual(['pump']);
  const domainConfigurationName = 'fleet';
  await iot.send(new CreateDomainConfigurationCommand({ domainConfigurationName }));
  const domain = await iot.send(new DescribeDomainConfigurationCommand({ domainConfigurationName }));
  expect(domain).toMatchObject({ domainConfigurationStatus: 'ENABLED', lastStatusChangeDate: expect.any(Date) });
});

test('RegisterThing takes a template with parameters and answers with certificate and ARNs', async () => {
  const templateBody = JSON.stringify({
    Parameters: { ThingName: { Type: 'String' }, CSR: { Type: 'String' } },
    Resources: {
      thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'ThingName' } } },
      certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateSigningRequest: { Ref: 'CSR' } } },
    },
  });
  const parameters = { ThingName: 'bulb', CSR: (await makeCsr()).pem };
  const { certificatePem, resourceArns } = await iot.send(new RegisterThingCommand({ templateBody, parameters }));
  expect(certificatePem).toContain('BEGIN CERTIFICATE');
  expect(Object.keys(resourceArns ?? {}).sort()).toEqual(['certificate', 'thing']);
});
