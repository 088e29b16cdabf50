import assert from 'node:assert/strict';
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateProvisioningTemplateCommand,
  DeleteCertificateCommand,
  DeleteProvisioningTemplateCommand,
  DeleteThingCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { Behaviour } from '../behaviour.ts';
import type { Scene } from '../scene.ts';

/** The role that AWS's managed policy is made for (developer guide, provision-wo-cert). */
const REGISTRATION_POLICY = 'arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration';

async function registrationRole(scene: Scene): Promise<string> {
  const RoleName = scene.name('registration');
  const trust = { Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  const { Role } = await scene.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  scene.after(() => scene.iam.send(new DeleteRoleCommand({ RoleName })));
  const attached = { RoleName, PolicyArn: REGISTRATION_POLICY };
  await scene.iam.send(new AttachRolePolicyCommand(attached));
  scene.after(() => scene.iam.send(new DetachRolePolicyCommand(attached)));
  return Role?.Arn ?? '';
}

export const provisioning: readonly Behaviour[] = [
  {
    title: 'a claim certificate is exchanged for a certificate and a thing of the template; a token works once',
    source: 'AWS IoT developer guide, provision-wo-cert, fleet-provision-api',
    async run(scene) {
      const { iot } = scene;
      const templateName = scene.name('template').slice(0, 36);
      const devicePolicy = await scene.trustedDevice();
      const templateBody = JSON.stringify({
        Parameters: { SerialNumber: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
        Resources: {
          thing: {
            Type: 'AWS::IoT::Thing',
            Properties: { ThingName: { 'Fn::Join': ['', [`${templateName}-`, { Ref: 'SerialNumber' }]] } },
          },
          certificate: {
            Type: 'AWS::IoT::Certificate',
            Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
          },
          policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: devicePolicy.policyName } },
        },
      });
      const provisioningRoleArn = await registrationRole(scene);
      await scene.eventually(() =>
        iot.send(
          new CreateProvisioningTemplateCommand({ templateName, templateBody, provisioningRoleArn, enabled: true }),
        ),
      );
      scene.after(() => iot.send(new DeleteProvisioningTemplateCommand({ templateName })));
      const topics = ['$aws/certificates/create/*', `$aws/provisioning-templates/${templateName}/provision/*`];
      const arns = (kind: string) => topics.map((topic) => `${scene.arnPrefix}${kind}/${topic}`);
      const claim = await scene.device([
        { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
        { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: arns('topic') },
        { Effect: 'Allow', Action: 'iot:Subscribe', Resource: arns('topicfilter') },
      ]);
      const line = await scene.eventually(() => claim.connect(scene.name('claim')));
      const create = '$aws/certificates/create/json';
      const provision = `$aws/provisioning-templates/${templateName}/provision/json`;
      await line.subscribe(
        `${create}/accepted`,
        `${create}/rejected`,
        `${provision}/accepted`,
        `${provision}/rejected`,
      );
      await line.publish(create, {});
      const made = await line.takeJson(`${create}/accepted`);
      const certificateId = String(made.certificateId);
      const target = `${scene.arnPrefix}cert/${certificateId}`;
      const thingName = `${templateName}-SN1`;
      scene.after(async () => {
        await iot.send(new DetachThingPrincipalCommand({ thingName, principal: target })).catch(() => {});
        await iot.send(new DetachPolicyCommand({ policyName: devicePolicy.policyName, target })).catch(() => {});
        await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' })).catch(() => {});
        await iot.send(new DeleteCertificateCommand({ certificateId, forceDelete: true })).catch(() => {});
        await iot.send(new DeleteThingCommand({ thingName }));
      });
      const request = {
        certificateOwnershipToken: made.certificateOwnershipToken,
        parameters: { SerialNumber: 'SN1' },
      };
      await line.publish(provision, request);
      assert.equal((await line.takeJson(`${provision}/accepted`)).thingName, thingName);
      await line.publish(provision, request);
      const { errorCode } = await line.takeJson(`${provision}/rejected`);
      assert.equal(errorCode, 'InvalidCertificateOwnershipToken');
    },
  },
];
