import { createHash } from 'node:crypto';
import type { DecisionMessage, Sample } from '@fleetwright/contracts';
import type { LoggedDecision, LoggedWrite } from './logged-decision.ts';

const MAX_TEXT = 2_048;

/** Measures of a decision in the cloud, in the words of the device agent's alarms. */
export function decisionSample(decision: LoggedDecision, latency: number): Sample {
  const { forbidden, inputs, number, rule, severity, state, time, writes } = decision;
  const [first] = Object.entries(inputs);
  const values: Sample['values'] = {
    alarm: rule,
    alarm_state: state === 'begun' ? 'raised' : 'cleared',
    severity,
    decision: number,
    latency_us: latency,
    ...(first !== undefined && { measure: first[0], value: Number(first[1]) }),
    inputs: text(inputs),
  };
  if (writes.length > 0) values.writes = text(Object.fromEntries(writes.map(nameAndValue)));
  if (forbidden.length > 0) values.forbidden = text(Object.fromEntries(forbidden.map(({ by, point }) => [point, by])));
  return { time, values };
}

/** A write that was not done in its time. */
export function failedWriteSample({ rule }: LoggedDecision, write: LoggedWrite): Sample {
  const [point, value] = nameAndValue(write);
  return { time: write.expiresAt, values: { write_failed: point, write_value: Number(value), alarm: rule } };
}

export function failedWriteId({ uploadId }: LoggedDecision, write: LoggedWrite): string {
  return createHash('sha256')
    .update(`${uploadId} ${nameAndValue(write)[0]}`)
    .digest('hex')
    .slice(0, 32);
}

export function decisionMessage(decision: LoggedDecision, latency: number): DecisionMessage {
  const { inputs, rule, state, time, writes } = decision;
  const actions = writes.map(({ point, source, value }) => ({ source, point, value }));
  return { version: 1, rule, state, time, latency, inputs, actions };
}

function nameAndValue({ point, source, value }: LoggedWrite): [string, number | boolean] {
  return [`${source}/${point}`, value];
}

function text(value: object): string {
  return JSON.stringify(value).slice(0, MAX_TEXT);
}
