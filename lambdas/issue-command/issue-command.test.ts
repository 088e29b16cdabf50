import { commandRecordSchema, commandRequestSchema } from '@fleetwright/contracts';
import { type IssuePorts, issueCommand } from './issue-command.ts';

const settings = { topicRoot: 'fleetwright-dev', thingNamePrefix: 'fleetwright-dev-' };
const input = { thingName: 'fleetwright-dev-pump-1', name: 'restart', parameters: { after: 3 }, deadlineSeconds: 60 };

function world(publish: IssuePorts['publish'] = async () => {}) {
  const log: string[] = [];
  const saved: unknown[] = [];
  const sent: { topic: string; payload: unknown; expiry: number }[] = [];
  let drawn = 0;
  const ports: IssuePorts = {
    now: () => 1_000,
    random: () => String(++drawn).padStart(32, '0'),
    findThing: async (name) => (name === input.thingName ? { site: 'north', deviceType: 'pump' } : undefined),
    arrange: async (_key, dueAt) => void log.push(`arrange ${dueAt}`),
    async save(_key, expected, { state }) {
      log.push(`save ${expected}`);
      saved.push(commandRecordSchema.parse(state));
      return true;
    },
    async publish(topic, payload, expiry) {
      log.push('publish');
      sent.push({ topic, payload: commandRequestSchema.parse(JSON.parse(Buffer.from(payload).toString())), expiry });
      await publish(topic, payload, expiry);
    },
  };
  return { log, ports, saved, sent };
}

test('a command is on record with its deadline arranged before it is sent to its device', async () => {
  const { log, ports, saved, sent } = world();
  const result = await issueCommand(input, settings, ports);
  expect(result).toEqual({ ok: true, commandId: '1'.padStart(32, '0'), issuedAt: 1_000, expiresAt: 61_000 });
  expect(log).toEqual(['arrange 66000', 'save 0', 'publish']);
  expect(saved).toMatchObject([{ status: 'issued', thingName: input.thingName, parameters: { after: 3 } }]);
  expect(sent).toMatchObject([
    {
      topic: 'fleetwright-dev/north/pump/fleetwright-dev-pump-1/command',
      payload: {
        version: 1,
        thingName: input.thingName,
        name: 'restart',
        issuedAt: 1_000,
        expiresAt: 61_000,
        nonce: '2'.padStart(32, '0'),
      },
      expiry: 60,
    },
  ]);
});

test('a command that cannot be sent is on record as failed', async () => {
  const { ports, saved } = world(async () => {
    throw new Error('no network');
  });
  expect(await issueCommand(input, settings, ports)).toMatchObject({ ok: false, reason: 'NOT_SENT' });
  expect(saved.at(-1)).toMatchObject({ status: 'failed', detail: 'not sent: no network' });
});

test.each([
  ['a thing of another stage', { ...input, thingName: 'fleetwright-prod-pump-1' }, 'UNKNOWN_THING'],
  ['a thing that does not exist', { ...input, thingName: 'fleetwright-dev-pump-2' }, 'UNKNOWN_THING'],
  ['a name of another form', { ...input, name: 'Restart now' }, 'INVALID'],
  ['no deadline', { ...input, deadlineSeconds: 0 }, 'INVALID'],
  ['a deadline beyond what the broker keeps', { ...input, deadlineSeconds: 604_801 }, 'INVALID'],
  ['parameters that are too large', { ...input, parameters: 'x'.repeat(70_000) }, 'INVALID'],
  ['an unknown field', { ...input, force: true }, 'INVALID'],
])('%s is refused and nothing is sent', async (_name, request, reason) => {
  const { log, ports } = world();
  expect(await issueCommand(request, settings, ports)).toMatchObject({ ok: false, reason });
  expect(log).toEqual([]);
});
