import type { IoTClient } from '@aws-sdk/client-iot';
import { jobDocumentSchema } from '@fleetwright/contracts';
import { findGroup, orderRotation } from './order-rotation.ts';

const GROUP = 'arn:aws:iot:us-east-1:123456789012:thinggroup/fleet-dev-site-north';

function account() {
  const sent: { document?: string; jobId?: string; targets?: string[] }[] = [];
  const client = {
    async send({ input }: { input: { thingGroupName?: string } }) {
      sent.push(input as never);
      if (input.thingGroupName === 'fleet-dev-nowhere') {
        throw Object.assign(new Error('none'), { name: 'ResourceNotFoundException' });
      }
      return { thingGroupArn: GROUP };
    },
  } as unknown as IoTClient;
  return { sent, client };
}

const order = { target: GROUP, prefix: 'fleet-dev', now: 1_700_000_000_000, expiresHours: 24, perMinute: 50 };

test('a job asks each device once, with a document of the contract that ends', async () => {
  const { client, sent } = account();
  const { expiresAt, jobId } = await orderRotation(client, order);
  const [job] = sent;
  const document = jobDocumentSchema.parse(JSON.parse(job?.document ?? ''));
  expect(document).toMatchObject({ operation: 'rotate-certificate', issuedAt: order.now, expiresAt });
  expect(expiresAt - order.now).toBe(86_400_000);
  expect(job).toMatchObject({
    jobId,
    targets: [GROUP],
    targetSelection: 'SNAPSHOT',
    jobExecutionsRolloutConfig: { maximumPerMinute: 50 },
  });
  expect(jobId).toMatch(/^fleet-dev-rotate-[0-9a-f]{12}$/);
});

test('two orders have nonces and jobs of their own', async () => {
  const { client, sent } = account();
  await orderRotation(client, order);
  await orderRotation(client, order);
  const [first, second] = sent.map(({ document = '' }) => JSON.parse(document).nonce);
  expect(first).not.toBe(second);
  expect(sent[0]?.jobId).not.toBe(sent[1]?.jobId);
});

test('only a group of the stage that exists is a target', async () => {
  const { client } = account();
  const stage = { prefix: 'fleet-dev' } as Parameters<typeof findGroup>[1];
  expect(await findGroup(client, stage, [], 'fleet-dev-site-north')).toBe(GROUP);
  await expect(findGroup(client, stage, [], 'other-group')).rejects.toThrow('not one of fleet-dev');
  await expect(findGroup(client, stage, ['fleet-dev-x'], 'fleet-dev-x-site')).rejects.toThrow('not one of fleet-dev');
  await expect(findGroup(client, stage, [], 'fleet-dev-nowhere')).rejects.toThrow('there is no group');
});
