import * as z from 'zod';
import type { Decision, KeptRule } from '../engine/rule-engine.ts';
import { pointOf } from '../rules-schema.ts';

const value = z.union([z.number(), z.boolean()]);

export const loggedWriteSchema = z.object({
  source: z.string(),
  point: z.string(),
  value,
  rule: z.string(),
  priority: z.number(),
  /** ms since the epoch */
  expiresAt: z.number(),
  retryEvery: z.number(),
});

export type LoggedWrite = z.infer<typeof loggedWriteSchema>;

export const loggedDecisionSchema = z.object({
  number: z.number(),
  /** 32 hexadecimal digits, of its upload */
  uploadId: z.string(),
  /** ms since the epoch */
  time: z.number(),
  rule: z.string(),
  state: z.enum(['begun', 'ended']),
  severity: z.enum(['warning', 'critical']),
  inputs: z.record(z.string(), value),
  writes: z.array(loggedWriteSchema),
  forbidden: z.array(z.object({ point: z.string(), by: z.string(), rule: z.string(), value })),
});

/** A decision as it stands in the log. */
export type LoggedDecision = z.infer<typeof loggedDecisionSchema>;

export function loggedDecision(decision: Decision, number: number, uploadId: string, time: number): LoggedDecision {
  const { forbidden, inputs, rule, severity, state, writes } = decision;
  return {
    number,
    uploadId,
    time,
    rule,
    state,
    severity,
    inputs,
    writes: writes.map(({ action, priority, rule: of }) => ({
      source: action.source,
      point: action.point,
      value: action.value,
      rule: of,
      priority,
      expiresAt: time + action.validFor,
      retryEvery: action.retryEvery,
    })),
    forbidden: forbidden.map(({ action, by, rule: of }) => ({
      point: pointOf(action),
      by,
      rule: of,
      value: action.value,
    })),
  };
}

export function keptOf({ forbidden, rule, state }: LoggedDecision): KeptRule {
  return { state, forbidden: forbidden.filter((each) => each.rule === rule) };
}
