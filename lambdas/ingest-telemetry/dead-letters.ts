import type { DeadLetter, IngestEnvelope } from '@fleetwright/contracts';
import type { Rejection } from './model.ts';

/** A rejected message on its way to the queue. */
export interface Letter {
  readonly messageId: string;
  readonly body: string;
}

/** Distinct reasons of one message that are spelled out; with the payload, a letter stays below the queue's limit. */
const MAX_REASONS = 20;
const MAX_DETAIL = 500;

/** Original of a rejected message: its envelope, or its body when there is none. */
export interface Original {
  readonly envelope?: IngestEnvelope;
  readonly body?: string;
}

/** Makes one letter for each message: what arrived, whole, and which samples of it were refused for which reason. */
export function writeLetters(
  rejections: readonly Rejection[],
  originalOf: (messageId: string) => Original,
  now: number,
): Letter[] {
  const byMessage = new Map<string, Rejection[]>();
  for (const rejection of rejections) {
    const known = byMessage.get(rejection.messageId);
    if (known === undefined) byMessage.set(rejection.messageId, [rejection]);
    else known.push(rejection);
  }
  return [...byMessage].map(([messageId, own]) => {
    const letter: DeadLetter = {
      version: 1,
      rejectedAt: now,
      messageId,
      ...originalOf(messageId),
      rejections: summarize(own),
    };
    return { messageId, body: JSON.stringify(letter) };
  });
}

function summarize(rejections: readonly Rejection[]): DeadLetter['rejections'] {
  const groups = new Map<string, DeadLetter['rejections'][number]>();
  for (const { reason, detail, sample } of rejections) {
    const text = detail.slice(0, MAX_DETAIL);
    // Beyond the bound, samples are still named, under their reason alone.
    const key = groups.size < MAX_REASONS || groups.has(`${reason} ${text}`) ? `${reason} ${text}` : reason;
    const group = groups.get(key);
    if (group === undefined) {
      const samples = sample === undefined ? undefined : { samples: [sample] };
      groups.set(key, { reason, detail: key === reason ? 'further reasons' : text, ...samples });
    } else if (sample !== undefined) {
      group.samples?.push(sample);
    }
  }
  return [...groups.values()];
}
