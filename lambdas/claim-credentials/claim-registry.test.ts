import type { IoTClient } from '@aws-sdk/client-iot';
import { claimRegistry } from './claim-registry.ts';

const ID = 'a'.repeat(64);
const ARN = `arn:aws:iot:us-east-1:123456789012:cert/${ID}`;

function failure(name: string): Error {
  return Object.assign(new Error(name), { name });
}

/** Answers commands by name, in order of the answers given; `{}` where none is. */
function client(answers: Record<string, unknown[]> = {}) {
  const sent: string[] = [];
  const pauses: number[] = [];
  const iot = {
    async send(command: { constructor: { name: string }; input: object }) {
      const name = command.constructor.name.replace('Command', '');
      sent.push(`${name} ${JSON.stringify(command.input)}`);
      const answer = answers[name]?.shift() ?? {};
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as IoTClient;
  const registry = claimRegistry(iot, async (milliseconds) => void pauses.push(milliseconds));
  return { registry, sent, pauses };
}

test('a certificate is made inactive', async () => {
  const keyPair = { PrivateKey: 'key' };
  const answer = { certificateId: ID, certificateArn: ARN, certificatePem: 'pem', keyPair };
  const { registry, sent } = client({ CreateKeysAndCertificate: [answer] });
  expect(await registry.createCertificate()).toEqual({
    certificateId: ID,
    certificateArn: ARN,
    certificatePem: 'pem',
    privateKeyPem: 'key',
  });
  expect(sent).toEqual(['CreateKeysAndCertificate {"setAsActive":false}']);
});

test('withdrawing deactivates, detaches every policy and deletes, in this order', async () => {
  const { registry, sent } = client({
    ListAttachedPolicies: [{ policies: [{ policyName: 'one' }, { policyName: 'two' }] }],
  });
  await registry.withdraw(ID, ARN);
  expect(sent).toEqual([
    `UpdateCertificate {"certificateId":"${ID}","newStatus":"INACTIVE"}`,
    `ListAttachedPolicies {"target":"${ARN}","recursive":false}`,
    `DetachPolicy {"target":"${ARN}","policyName":"one"}`,
    `DetachPolicy {"target":"${ARN}","policyName":"two"}`,
    `DeleteCertificate {"certificateId":"${ID}"}`,
  ]);
});

test('a deletion that still meets the attachment is tried again, later each time', async () => {
  const conflict = failure('DeleteConflictException');
  const { registry, pauses } = client({ DeleteCertificate: [conflict, conflict] });
  await registry.withdraw(ID, ARN);
  expect(pauses).toEqual([1_000, 2_000]);
});

test('a deletion that never succeeds is reported', async () => {
  const conflicts = Array.from({ length: 5 }, () => failure('DeleteConflictException'));
  const { registry } = client({ DeleteCertificate: conflicts });
  await expect(registry.withdraw(ID, ARN)).rejects.toThrow('DeleteConflictException');
});

test('a certificate that is gone is withdrawn already, and cannot be activated', async () => {
  const gone = failure('ResourceNotFoundException');
  const { registry } = client({ UpdateCertificate: [gone, gone] });
  await registry.withdraw(ID, ARN);
  expect(await registry.activate(ID)).toBe(false);
});

test('a missing permission is not taken for a certificate that is gone', async () => {
  const { registry } = client({ UpdateCertificate: [failure('AccessDeniedException')] });
  await expect(registry.activate(ID)).rejects.toThrow('AccessDeniedException');
});
