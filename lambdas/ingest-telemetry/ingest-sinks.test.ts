import { type LateSlots, measureSchemasSchema, ROLLUP_SLOT } from '@fleetwright/contracts';
import { compileMeasures } from './compile-measures.ts';
import type { Letter } from './dead-letters.ts';
import { type IngestPorts, type IngestSettings, ingestBatch } from './ingest-batch.ts';
import type { SampleSink } from './sample-sink.ts';
import { fromThing, NOW, queueMessage, THING, telemetry } from './testing/queue-messages.ts';

const MINUTE = 60_000;
const settings: IngestSettings = {
  topicRoot: 'fleetwright-dev',
  memoryHours: 168,
  magneticDays: 365,
  lateAfterSeconds: 300,
  strictChannels: new Set(),
  measures: compileMeasures(
    measureSchemasSchema.parse({ 'pump-station': { measures: { temperature: { type: 'number', max: 100 } } } }),
  ),
  maxOfflineHours: 72,
};

/** A sink that takes what it is given, but for what `over` says. */
function sink(over: Partial<Awaited<ReturnType<SampleSink['write']>>> = {}): SampleSink & { readonly taken: string[] } {
  const taken: string[] = [];
  return {
    taken,
    async write(messages, isWanted) {
      let stored = 0;
      for (const received of messages) {
        received.message.samples.forEach((_sample, index) => {
          if (!isWanted(received, index)) return;
          taken.push(`${received.message.sequence}/${index}`);
          stored++;
        });
      }
      return { stored, rejections: [], unfinished: new Set(), retries: 0, ...over };
    },
  };
}

function world(over: Partial<IngestPorts>) {
  const letters: Letter[] = [];
  const noted: LateSlots[] = [];
  const ports: IngestPorts = {
    now: () => NOW,
    random: () => 0,
    pause: async () => {},
    remaining: () => 30_000,
    sinks: [sink()],
    letters: {
      async send(some) {
        letters.push(...some);
        return [];
      },
    },
    sequences: { claim: async () => [] },
    lateSlots: { note: async (slots) => void noted.push(slots) },
    ...over,
  };
  return {
    letters,
    noted,
    run: (...messages: Parameters<typeof ingestBatch>[0]) => ingestBatch(messages, settings, ports),
  };
}

const at = (...ages: number[]) => ages.map((age) => ({ time: NOW - age, values: { temperature: 20 } }));

test('a sample that is not what its device type measures is rejected with the reason, the others are stored', async () => {
  const store = sink();
  const { letters, run } = world({ sinks: [store] });
  const samples = [
    { time: NOW, values: { temperature: 20 } },
    { time: NOW, values: { temperature: 101 } },
  ];
  const report = await run(queueMessage(telemetry({ samples })));
  expect(report).toMatchObject({ samplesStored: 1, rejected: { SCHEMA_VIOLATION: 1 }, failed: [] });
  expect(store.taken).toEqual(['1/0']);
  expect(JSON.parse(letters[0]?.body ?? '').rejections).toEqual([
    { reason: 'SCHEMA_VIOLATION', samples: [1], detail: 'temperature is 101, above 100' },
  ]);
});

test('the lake gets what the hot store took, and nothing that it refused', async () => {
  const message = queueMessage(telemetry({ samples: at(1, 2) }));
  const rejections = [
    { messageId: message.messageId, sample: 0, reason: 'CONFLICTING_RECORD' as const, detail: 'other content' },
  ];
  const lake = sink();
  const { run } = world({ sinks: [sink({ stored: 1, rejections }), lake] });
  expect(await run(message)).toMatchObject({ samplesStored: 1, rejected: { CONFLICTING_RECORD: 1 } });
  expect(lake.taken).toEqual(['1/1']);
});

test('a message that the hot store did not finish waits for the lake too: it comes again whole', async () => {
  const [first, second] = [queueMessage(telemetry()), queueMessage(telemetry({ sequence: 2 }))];
  const lake = sink();
  const { run } = world({ sinks: [sink({ unfinished: new Set([first.messageId]) }), lake] });
  expect((await run(first, second)).failed).toEqual([first.messageId]);
  expect(lake.taken).toEqual(['2/0']);
});

test('a message that the lake did not take comes again, though the hot store has it', async () => {
  const message = queueMessage(telemetry());
  const { run } = world({ sinks: [sink(), sink({ unfinished: new Set([message.messageId]) })] });
  expect(await run(message)).toMatchObject({ failed: [message.messageId], samplesStored: 1 });
});

test('slots of samples that the regular roll-ups may have missed are noted, each once', async () => {
  const { noted, run } = world({});
  // NOW is noon: half past nine and ten are in slots of their own.
  const samples = at(0, 19 * MINUTE, 120 * MINUTE, 119 * MINUTE, 150 * MINUTE);
  await run(queueMessage(telemetry({ samples })), queueMessage(telemetry({ sequence: 2, samples: at(118 * MINUTE) })));
  expect(noted).toEqual([{ version: 1, slots: [NOW - 120 * MINUTE, NOW - 150 * MINUTE] }]);
  for (const slot of noted[0]?.slots ?? []) expect(slot % ROLLUP_SLOT).toBe(0);
});

test('what is older than a device may be offline, an event, and what was rejected, need no new roll-up', async () => {
  const { noted, run } = world({});
  const rejected = [{ time: NOW - 120 * MINUTE, values: { temperature: 101 } }];
  const report = await run(
    queueMessage(telemetry({ samples: at(73 * 60 * MINUTE) })),
    queueMessage(telemetry({ samples: at(120 * MINUTE) }), fromThing(THING, 'event')),
    queueMessage(telemetry({ sequence: 2, samples: rejected })),
  );
  expect(report).toMatchObject({ late: 3, lateBeyondBound: 1 });
  expect(noted).toEqual([]);
});

test('a message whose late slots cannot be noted comes again', async () => {
  const { run } = world({ lateSlots: { note: () => Promise.reject(new Error('down')) } });
  const [late, fresh] = [
    queueMessage(telemetry({ samples: at(120 * MINUTE) })),
    queueMessage(telemetry({ sequence: 2 })),
  ];
  expect((await run(late, fresh)).failed).toEqual([late.messageId]);
});
