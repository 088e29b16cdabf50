import { MemoryCore } from '../../bench/edge-reduction/memory-core.ts';
import { momentsOf, play } from '../../bench/edge-reduction/plant-hour.ts';
import { plantSettings } from '../../cli/edge/plant-settings.ts';
import { decisionMessageSchema, type TelemetryMessage } from '../../contracts/src/index.ts';

// The components of a core together, on a clock and a bus in memory and with their real files.

const FROM = Date.UTC(2026, 0, 10, 6);
/** s */
const BEFORE = 300;
const HOUR = 3_600;

const { components } = plantSettings({ modbus: 1, coap: 1 }) as {
  components: Record<string, { merge: { rules?: never } }>;
};
const rules = components['local-rules']?.merge.rules ?? {};

test('through an hour without the cloud decisions are made, and everything arrives afterwards, in order', async () => {
  const core = await MemoryCore.start({ from: FROM, edge: 'components', rules });
  try {
    await play(core, momentsOf(FROM, BEFORE + HOUR + BEFORE), (second) => {
      if (second === BEFORE) core.cloud.up = false;
      if (second === BEFORE + HOUR) core.cloud.up = true;
    });
    expect(await core.drained(1_800)).toBe(true);

    const { events, telemetry } = core.received;
    expect(core.spool.stats).toMatchObject({ dropped: 0, refused: 0, waiting: 0 });
    for (const messages of [telemetry, events]) expect(outOfOrder(messages)).toEqual([]);

    // Each window with values of a series that is always good, once: none is missing, none came twice.
    const windows = telemetry.flatMap(({ samples }) =>
      samples.flatMap(({ time, values }) => (Number(values.tank_level_count ?? 0) > 0 ? [time] : [])),
    );
    expect([...windows].sort((left, right) => left - right)).toEqual(
      Array.from({ length: (BEFORE + HOUR + BEFORE) / 60 }, (_, minute) => FROM + minute * 60_000),
    );

    const decided = core.bus
      .messages('fleetwright/edge/decision')
      .map((message) => decisionMessageSchema.parse(message));
    const offline = decided.filter(({ time }) => time > FROM + BEFORE * 1_000 && time < FROM + (BEFORE + HOUR) * 1_000);
    expect(offline.map(({ rule, state }) => `${rule} ${state}`)).toContain('tank-high begun');
    const told = events.flatMap(({ samples }) =>
      samples.flatMap(({ values }) =>
        values.alarm === undefined ? [] : [`${values.alarm} ${values.alarm_state === 'raised' ? 'begun' : 'ended'}`],
      ),
    );
    expect(told.sort()).toEqual(decided.map(({ rule, state }) => `${rule} ${state}`).sort());

    const anomalies = core.bus.messages('fleetwright/edge/anomaly') as { series: string; time: number }[];
    const arrived = events.flatMap(({ samples }) =>
      samples.flatMap(({ time, values }) =>
        values.anomaly_series === undefined ? [] : [`${values.anomaly_series} ${time}`],
      ),
    );
    expect(anomalies.length).toBeGreaterThan(0);
    expect(new Set(arrived)).toEqual(new Set(anomalies.map(({ series, time }) => `${series} ${time}`)));
  } finally {
    await core.stop();
  }
}, 120_000);

/** Of one channel and boot: sequence numbers that are not greater than the one before. */
function outOfOrder(messages: readonly TelemetryMessage[]): number[] {
  return messages
    .map(({ sequence }) => sequence)
    .filter((sequence, at, all) => at > 0 && sequence <= (all[at - 1] as number));
}
