import { X509Certificate } from 'node:crypto';
import { systemClock } from '../../local-cloud/src/core/clock.ts';
import type { DeviceConnection } from '../../local-cloud/src/core/mqtt.ts';
import { type IotTestCloud, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { makeAuthority } from '../../local-cloud/src/services/iot/testing/test-authority.ts';
import { type DeviceGateway, startDeviceGateway } from '../support/device-gateway.ts';

// source: basic-policy-variables

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const policyDocument = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'iot:Connect',
      Resource: `${ARN}client/*`,
      Condition: { StringEquals: { 'iot:DomainName': 'localhost' } },
    },
    { Effect: 'Allow', Action: 'iot:GetThingShadow', Resource: `${ARN}thing/\${iot:ClientId}` },
  ],
});

async function attach(cloud: Pick<IotTestCloud, 'call'>, target: string): Promise<void> {
  await cloud.call('CreatePolicy', { policyName: 'p', policyDocument });
  await cloud.call('AttachPolicy', { policyName: 'p', target });
}

test('iot:DomainName is the server name that the client asked for', async () => {
  const gateway: DeviceGateway<typeof systemClock> = await startDeviceGateway({ clock: systemClock });
  const device = await makeAuthority('CN=device', systemClock.now(), false);
  const { certificateArn } = await gateway.call<{ certificateArn: string }>('RegisterCertificateWithoutCA', {
    certificatePem: device.certificatePem,
    status: 'ACTIVE',
  });
  await attach(gateway, certificateArn);
  expect((await (await gateway.open(device)).connect('a')).returnCode).toBe(0);
  const elsewhere = await gateway.open(device, { servername: 's3.localhost' });
  expect((await elsewhere.connect('b')).returnCode).not.toBe(0);
  await gateway.stop();
});

// source: http ("HTTPS … does not support a client ID")
test('iot:ClientId has no value over HTTPS, which has no client id', async () => {
  const iot = await startIot();
  const { certificatePem, certificateArn } = await iot.call<{ certificatePem: string; certificateArn: string }>(
    'CreateKeysAndCertificate',
    { setAsActive: true },
  );
  await attach(iot, certificateArn);
  const devices = iot.cloud.ports.get('devices');
  const certificate = new X509Certificate(certificatePem);
  const may = async (clientId: string) => {
    const connection = await devices.authenticate({ kind: 'certificate', certificate }, clientId, '203.0.113.7');
    return devices.mayCall(connection as DeviceConnection, 'iot:GetThingShadow', `${ARN}thing/${clientId}`);
  };
  expect([await may('pump'), await may('')]).toEqual([true, false]);
  await iot.cloud.close();
});
