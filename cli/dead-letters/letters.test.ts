import { payloadText, type QueuedMessage, readLetter } from './read-letter.ts';
import { type HeldLetter, type LetterPorts, redriveLetters } from './walk-letters.ts';

const settings = { ingestRules: ['fleetwright_dev_telemetry'], hasSource: true };
const envelope = {
  topic: 'fleetwright-dev/north/pump/t/telemetry',
  payload: Buffer.from('{"a":1}').toString('base64'),
  clientId: 't',
  principal: 'p',
  receivedAt: 5,
  traceId: 'x',
};
const message = (body: unknown): QueuedMessage => ({
  messageId: 'm',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  sentAt: 7,
});

describe('reading', () => {
  test('what another stack could not handle goes back as it is, where there is a queue that it came from', () => {
    expect(readLetter('plain', message('{"any":1}'), settings)).toMatchObject({
      reasons: ['FAILED'],
      details: ['{"any":1}'],
      redrive: { body: '{"any":1}' },
    });
    expect(readLetter('plain', message('{}'), { ...settings, hasSource: false }).redrive).toEqual({
      refused: 'nothing takes it back: no queue gives up to this one',
    });
  });

  test('a rejected message shows its reasons and payload, and goes back as it came', () => {
    const letter = readLetter(
      'rejected',
      message({
        version: 1,
        rejectedAt: 9,
        messageId: 'i',
        envelope,
        rejections: [{ reason: 'TIME_TOO_OLD', samples: [0, 2], detail: 'too old' }],
      }),
      settings,
    );
    expect(letter).toMatchObject({
      at: 9,
      reasons: ['TIME_TOO_OLD'],
      details: ['TIME_TOO_OLD (samples 0, 2): too old'],
      payload: Buffer.from('{"a":1}'),
      redrive: { body: JSON.stringify(envelope) },
    });
  });

  const failure = (failedAction: string) => ({
    failedAction,
    failedResource: 'r',
    errorMessage: `${failedAction} failed`,
  });
  const ruleError = (ruleName: string, ...actions: string[]) => ({
    ruleName,
    topic: `$aws/rules/${ruleName}/${envelope.topic}`,
    cloudwatchTraceId: 'x',
    clientId: 't',
    base64OriginalPayload: envelope.payload,
    failures: actions.map(failure),
  });

  test('a message that a rule could not queue becomes what the rule would have queued', () => {
    const letter = readLetter('rule-errors', message(ruleError('fleetwright_dev_telemetry', 'SqsAction')), settings);
    expect(JSON.parse((letter.redrive as { body: string }).body)).toEqual({
      ...envelope,
      principal: 'redriven',
      receivedAt: 7,
    });
  });

  test('a letter whose redrive would repeat only a part of what failed stays', () => {
    const both = readLetter(
      'rule-errors',
      message(ruleError('fleetwright_dev_telemetry', 'SqsAction', 'FirehoseAction')),
      settings,
    );
    expect(both.redrive).toEqual({ refused: 'its FirehoseAction failed too, and a redrive would not repeat it' });
    const other = readLetter('rule-errors', message(ruleError('fleetwright_dev_health', 'TimestreamAction')), settings);
    expect(other.redrive).toEqual({ refused: 'the rule fleetwright_dev_health does not feed the ingest queue' });
  });

  test('what cannot be read is shown and stays', () => {
    expect(readLetter('failed', message('rubbish'), settings)).toMatchObject({
      reasons: ['UNREADABLE'],
      details: ['rubbish'],
      redrive: { refused: 'it cannot be read' },
    });
  });

  test('a payload is shown as text where it is text', () => {
    expect(payloadText(Buffer.from('{"a":1}'))).toBe('{"a":1}');
    expect(payloadText(Buffer.from([0xa1, 0x00]))).toBe('a100');
    expect(payloadText(Buffer.from('a'.repeat(300)))).toBe(`${'a'.repeat(200)}… (300 bytes)`);
  });
});

/** A queue in memory that hands out what is visible, three at a time. */
function queueOf(reasons: readonly string[], failOn: { send?: string; delete?: string } = {}) {
  const letters = new Map(
    reasons.map((reason, at) => {
      const redrive = reason === 'UNREADABLE' ? { refused: 'it cannot be read' } : { body: `body-${at}` };
      return [`m${at}`, { messageId: `m${at}`, at: 0, reasons: [reason], details: [], redrive }];
    }),
  );
  const held = new Set<string>();
  const sent: string[] = [];
  const ports: LetterPorts = {
    pause: async () => {},
    async receive() {
      const batch = [...letters.values()].filter(({ messageId }) => !held.has(messageId)).slice(0, 3);
      for (const { messageId } of batch) held.add(messageId);
      return batch.map((letter): HeldLetter => ({ letter, receipt: letter.messageId }));
    },
    async release(own) {
      for (const { receipt } of own) held.delete(receipt);
    },
    async send(body) {
      if (body === failOn.send) throw new Error('the source is away');
      sent.push(body);
    },
    async delete({ receipt }) {
      if (receipt === failOn.delete) throw new Error('throttled');
      letters.delete(receipt);
    },
  };
  return { ports, sent, left: () => [...letters.keys()], held };
}

const all = { wanted: () => true, limit: 100, rate: 1000, dryRun: false };

describe('redriving', () => {
  test('wanted letters go, others are visible again, and all are counted', async () => {
    const { held, left, ports, sent } = queueOf(['A', 'B', 'A', 'UNREADABLE', 'A']);
    const result = await redriveLetters(ports, { ...all, wanted: ({ reasons }) => reasons[0] !== 'B' });
    expect(result).toEqual({
      redriven: 3,
      twice: 0,
      passed: 1,
      returned: 0,
      refused: [{ messageId: 'm3', reason: 'it cannot be read' }],
    });
    expect(sent).toEqual(['body-0', 'body-2', 'body-4']);
    expect(left()).toEqual(['m1', 'm3']);
    expect(held.has('m1')).toBe(false);
  });

  test('a source that fails loses nothing: the letter stays, and what was held is visible again', async () => {
    const { held, left, ports } = queueOf(['A', 'A', 'A', 'A'], { send: 'body-1' });
    await expect(redriveLetters(ports, all)).rejects.toThrow('the source is away');
    expect(left()).toEqual(['m1', 'm2', 'm3']);
    expect([...held]).not.toContain('m1');
    expect([...held]).not.toContain('m2');
  });

  test('a letter that was sent but could not be removed is told of', async () => {
    const { left, ports } = queueOf(['A', 'A'], { delete: 'm0' });
    expect(await redriveLetters(ports, all)).toMatchObject({ redriven: 1, twice: 1 });
    expect(left()).toEqual(['m0']);
  });

  test('a letter that comes back while the redrive is under way is not sent again', async () => {
    const { left, ports, sent } = queueOf(['A', 'A']);
    let round = 0;
    const returning: LetterPorts = {
      ...ports,
      async receive() {
        const batch = await ports.receive();
        if (batch.length > 0 || ++round > 20) return batch;
        // The source has refused the first one again: a new letter with the same content.
        const letter = { messageId: `again-${round}`, at: 0, reasons: ['A'], details: [], redrive: { body: 'body-0' } };
        return round <= 2 ? [{ letter, receipt: letter.messageId }] : [];
      },
    };
    expect(await redriveLetters(returning, all)).toMatchObject({ redriven: 2, returned: 2 });
    expect(sent).toEqual(['body-0', 'body-1']);
    expect(left()).toEqual([]);
  });

  test('a limit is kept, and a dry run changes nothing', async () => {
    const limited = queueOf(['A', 'A', 'A', 'A', 'A']);
    expect(await redriveLetters(limited.ports, { ...all, limit: 2 })).toMatchObject({ redriven: 2 });
    expect(limited.left()).toEqual(['m2', 'm3', 'm4']);
    expect(limited.held.has('m2')).toBe(false);
    const dry = queueOf(['A', 'A']);
    expect(await redriveLetters(dry.ports, { ...all, dryRun: true })).toMatchObject({ redriven: 2 });
    expect(dry.left()).toHaveLength(2);
    expect(dry.sent).toEqual([]);
  });
});
