import type { IngestEnvelope, TelemetryMessage } from '@fleetwright/contracts';
import type { QueueMessage } from '../model.ts';

export const NOW = Date.UTC(2026, 5, 1, 12);
export const THING = 'fleetwright-dev-pump-station-PS-0001';
export const TOPIC = `fleetwright-dev/north/pump-station/${THING}/telemetry`;

export function telemetry(over: Partial<TelemetryMessage> = {}): TelemetryMessage {
  return {
    version: 1,
    bootId: 1,
    sequence: 1,
    samples: [{ time: NOW - 1_000, values: { temperature: 20.5 } }],
    ...over,
  };
}

export function envelopeOf(payload: unknown, over: Partial<IngestEnvelope> = {}): IngestEnvelope {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  return {
    topic: TOPIC,
    payload: bytes.toString('base64'),
    clientId: THING,
    principal: 'a'.repeat(64),
    receivedAt: NOW,
    traceId: '9c4d3f0e-0000-4000-8000-000000000000',
    ...over,
  };
}

let count = 0;

/** A message of the ingest queue, as the rules send it. */
export function queueMessage(payload: unknown, over: Partial<IngestEnvelope> = {}): QueueMessage {
  return { messageId: `message-${++count}`, body: JSON.stringify(envelopeOf(payload, over)) };
}

/** The same for another thing and channel. */
export function fromThing(thingName: string, channel = 'telemetry', site = 'north'): Partial<IngestEnvelope> {
  return { topic: `fleetwright-dev/${site}/pump-station/${thingName}/${channel}`, clientId: thingName };
}
